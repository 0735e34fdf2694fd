#pragma once
// What units beside Bernoulli's want in a training step: missing values, steps that do not
// overshoot, and how variances learn.
#include <algorithm>
#include <cstdint>

#include "runtime/rbm/plain/state.h"
#include "runtime/threads/run.h"

namespace udl {

/// A group of several softmax units that has no value in a row of the data gets none in that row of
/// `states`.
void hide_missing_groups(const PlainState& model, const PlainMatrix& data, PlainMatrix& states);

/// Factors of the statistics of one minibatch: 1, but for units whose values have no bound.
///
/// Weights and visible biases of Gaussian visible units move by the rate times the difference of
/// <v h'> and <v>, which is sigma^2 times the gradient: the plain gradient of the model of v /
/// sigma, so that a rate means the same in any units of the data. Such units answer their
/// parameters linearly: a step of rate r moves the mean of a row by r (1 + sum of h^2) times the
/// row's error, and from 2 on errors grow from step to step without end. So the rate is at most 1
/// over that sum, with the hidden activity of the data; rates below that, as Hinton 2010 (section
/// 13) advises, are taken as they are. Real hidden units, whose h has no bound, have the same bound
/// below units of any kind, and one by the squares of their own inputs; so have hidden units that
/// count words.
struct StepSizes {
  double visible_bias = 1, weights = 1, hidden_bias = 1;
};

StepSizes step_sizes(const PlainState& model, double learning_rate, const PlainMatrix& visible,
                     const PlainMatrix& hidden, const PlainMatrix& lengths);

/// Mean over the rows of -dE / d log sigma_i^2 = ((v - b)^2 / 2 - v sum_j h_j W_ji) / sigma_i^2.
PlainMatrix variance_forces(const PlainState& model, const PlainMatrix& visible,
                            const PlainMatrix& hidden, int64_t rows, const Run& run);

}  // namespace udl
