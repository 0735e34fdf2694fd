#pragma once
#include <cstdint>
#include <vector>

#include "runtime/rbm/model/arrays.h"
#include "runtime/rbm/model/units/units.h"
#include "runtime/threads/run.h"

namespace udl {

/// Units of the smaller side whose 2^n states log_partition_exact agrees to enumerate.
constexpr int64_t kMaxEnumeratedUnits = 30;

struct PartitionShape {
  const Units& units;
  int64_t n_visible, n_hidden;
  /// Words of a row of replicated softmax units, of which each number has a Z; {1} of others.
  std::vector<int64_t> lengths;
};

/// log Z of an RBM by enumerating the states of a layer of Bernoulli units, the smaller one where
/// both are; the sum or integral over the other layer has a closed form. float64, sums in an order
/// that does not depend on threads. O(2^n_enumerated * n_others). Throws if there is no such layer,
/// or if it is too large.
///
/// Of softmax units Z is the sum over states in which every group has a value; of replicated
/// softmax units it is that over all sequences of as many words, all lengths in one enumeration.
std::vector<double> log_partition_exact(const ParameterArrays<const double*>& parameters,
                                        const PartitionShape& shape, const Run& run);

}  // namespace udl
