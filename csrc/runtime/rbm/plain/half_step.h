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

/// Inverse temperatures of rows: one for each, or one for all. Above 0 where units are normal
/// numbers.
struct RowBetas {
  double of_all = 1;
  const double* of_rows = nullptr;

  double operator[](int64_t row) const { return of_rows != nullptr ? of_rows[row] : of_all; }
};

// ---- what units make of their inputs, in place; `lengths` are of the rows, or empty ----
//
// At beta a unit has the distribution of beta times its energy: inputs count beta times; where the
// energy has a square, a normal unit keeps its mean, and its variance is 1 / beta of the model's.

void hidden_means_of(const PlainState& model, PlainMatrix& inputs, const Run& run,
                     const RowBetas& betas = {});
void visible_means_of(const PlainState& model, PlainMatrix& inputs, const PlainMatrix& lengths,
                      const Run& run, const RowBetas& betas = {});
/// Draws of unit j of row r are those of chain first_chain + r. A group of softmax units takes one
/// draw, that of its first unit; replicated softmax units one a word, that of the unit of its
/// number.
void draw_hidden(const PlainState& model, PlainMatrix& inputs, const DrawKey& draws,
                 uint32_t first_chain, const Run& run, const RowBetas& betas = {});
void draw_visible(const PlainState& model, PlainMatrix& inputs, const PlainMatrix& lengths,
                  const DrawKey& draws, uint32_t first_chain, const Run& run,
                  const RowBetas& betas = {});

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
