#pragma once
#include <cstdint>

#include "runtime/rbm/model/arrays.h"
#include "runtime/threads/run.h"

namespace udl {

/// Units of the smaller side whose 2^n states log_partition_exact agrees to enumerate.
constexpr int64_t kMaxEnumeratedUnits = 30;

/// log Z of a Bernoulli RBM by enumerating the states of its smaller side; float64, sums in an
/// order that does not depend on threads. O(2^min(n_hidden, n_visible) * max(n_hidden,
/// n_visible)). Throws if the smaller side is too large.
double log_partition_exact(const ParameterArrays<const double*>& parameters, int64_t n_hidden,
                           int64_t n_visible, const Run& run);

}  // namespace udl
