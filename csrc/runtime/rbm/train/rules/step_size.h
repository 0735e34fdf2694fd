#pragma once
// How far a minibatch may move parameters of units whose values have no bound.
//
// Gaussian visible units answer their parameters linearly: a step of rate r moves the mean of a row
// by r (1 + sum of h^2) times the row's error, and from 2 on errors grow from step to step. The
// rate is at most 1 over that sum, with the hidden activity of the data; rates below that are taken
// as they are. Hidden units that count words have one by the squares of their inputs, times four,
// as the mean of a Bernoulli unit moves by a quarter of its input; their biases by the squares of
// the lengths. Hidden units that are real numbers have the same bound below units of any kind, and
// that of their weights one more, by the squares of their own inputs: 1 over the sum of
// (v / sigma)^2.
#include <cstdint>

#include "base/view.h"
#include "runtime/memory/buffer.h"
#include "runtime/rbm/model/layer_states.h"
#include "runtime/rbm/model/state.h"
#include "runtime/rbm/settings.h"

namespace udl {

class StepSize {
 public:
  StepSize(const RbmState& state, const TrainSettings& settings);

  bool is_bounded() const { return activities_.size() > 0 || inputs_.size() > 0; }

  /// E[h | data] of a hidden tile, [rows][16], with zeros for missing units.
  void begin_hidden(int64_t tile, const float* means, int64_t rows);
  /// A visible tile of the data as hidden units are given them; of sparse rows tile 0 stands for
  /// all.
  void begin_visible(int64_t tile, const StatesView& data);

  /// Factors of the statistics of a minibatch of so many rows: of visible biases and weights, once
  /// all hidden tiles have begun, and one more of weights, once all visible ones have.
  float by_activity(int64_t rows) const;
  float by_inputs(int64_t rows) const;
  /// That of hidden biases, which count as often as rows have words; null: 1.
  float by_lengths(const float* lengths, int64_t rows) const;

 private:
  float factor_below(double largest) const;

  const Layer &visible_, &hidden_;
  const double learning_rate_, largest_by_inputs_;
  Buffer<double> activities_;  ///< of hidden tiles, summed over the rows: E[h^2]
  Buffer<double> inputs_;      ///< of visible tiles, summed over the rows: (v / sigma)^2
};

}  // namespace udl
