#pragma once
// Half steps in double, and states as matrices. Rows are shared among threads; sums are in the
// order of units.
#include <cstdint>

#include "base/sampling.h"
#include "runtime/data/rows.h"
#include "runtime/rbm/plain/state.h"
#include "runtime/threads/run.h"

namespace udl {

/// A bias and the weights' sum over the values of a row: the input of hidden unit j of units
/// without variances, in a row of this length (row_length).
double hidden_input(const PlainState& model, int64_t j, const Rows& visible, int64_t row,
                    double length = 1);

PlainMatrix plain_rows(const Rows& rows, const Run& run);
/// States of units of this kind: bits, where 0 is off and all else on, or values.
Rows rows_of(const PlainMatrix& states, int64_t rows, int64_t n_units, UnitKind kind,
             const Run& run);

/// How often the hidden biases count in each row: the number of words of replicated softmax units.
/// Empty where it is 1.
PlainMatrix row_lengths(const PlainState& model, const Rows& visible, const Run& run);
PlainMatrix row_lengths(const PlainState& model, const PlainMatrix& visible, int64_t rows);

// ---- inputs of the units of one layer given `rows` states of the other ----

PlainMatrix hidden_inputs(const PlainState& model, const Rows& visible, const Run& run);
PlainMatrix hidden_inputs(const PlainState& model, const PlainMatrix& visible, int64_t rows,
                          const Run& run);
PlainMatrix visible_inputs(const PlainState& model, const PlainMatrix& hidden, int64_t rows,
                           const Run& run);

/// Inputs of row r at inverse temperature betas[r]; null: all at 1. Of Bernoulli units.
void temper(PlainMatrix& inputs, int64_t n_units, const double* betas);

// ---- what units make of their inputs, in place; `lengths` are of the rows, or empty ----

void hidden_means_of(const PlainState& model, PlainMatrix& inputs, const Run& run);
void visible_means_of(const PlainState& model, PlainMatrix& inputs, const PlainMatrix& lengths,
                      const Run& run);
/// Draws of unit j of row r are those of chain first_chain + r. A group of softmax units takes one
/// draw, that of its first unit; replicated softmax units one a word, that of the unit of its
/// number.
void draw_hidden(const PlainState& model, PlainMatrix& inputs, const DrawKey& draws,
                 uint32_t first_chain, const Run& run);
void draw_visible(const PlainState& model, PlainMatrix& inputs, const PlainMatrix& lengths,
                  const DrawKey& draws, uint32_t first_chain, const Run& run);

// ---- both at once ----

PlainMatrix hidden_means(const PlainState& model, const Rows& visible, const Run& run);
PlainMatrix hidden_means(const PlainState& model, const PlainMatrix& visible, int64_t rows,
                         const Run& run);
PlainMatrix visible_means(const PlainState& model, const PlainMatrix& hidden, int64_t rows,
                          const Run& run);

/// Makes bits of probabilities: u < p, with the same u as the packed-bit engine.
void draw_states(PlainMatrix& means, int64_t rows, const DrawKey& draws, uint32_t first_chain,
                 const Run& run);

}  // namespace udl
