#pragma once
// Half steps in double, and states as matrices. Rows are shared among threads; sums are in the
// order of units.
#include <cstdint>

#include "base/sampling.h"
#include "runtime/data/rows.h"
#include "runtime/rbm/plain/state.h"
#include "runtime/threads/run.h"

namespace udl {

/// Input of hidden unit j given a row.
double hidden_input(const PlainState& model, int64_t j, const Rows& visible, int64_t row);

PlainMatrix plain_rows(const Rows& rows, const Run& run);
/// States of units of this kind: bits, where 0 is off and all else on, or values.
Rows rows_of(const PlainMatrix& states, int64_t rows, int64_t n_units, UnitKind kind,
             const Run& run);

/// One layer's means given `rows` states of the other; at inverse temperature betas[r] where they
/// are given.
PlainMatrix hidden_means(const PlainState& model, const Rows& visible, const Run& run);
PlainMatrix hidden_means(const PlainState& model, const PlainMatrix& visible, int64_t rows,
                         const Run& run, const double* betas = nullptr);
PlainMatrix visible_means(const PlainState& model, const PlainMatrix& hidden, int64_t rows,
                          const Run& run, const double* betas = nullptr);

/// Makes states of means: u < p, with the same u as the packed-bit engine.
void draw_states(PlainMatrix& means, int64_t rows, const DrawKey& draws, uint32_t first_chain,
                 const Run& run);

}  // namespace udl
