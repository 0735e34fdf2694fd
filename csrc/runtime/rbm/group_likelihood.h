#pragma once
#include "runtime/data/rows.h"
#include "runtime/rbm/model/state.h"
#include "runtime/threads/run.h"

namespace udl {

/// Pseudo-likelihoods of softmax units: out[r] = the sum over the groups that have a value in row r
/// of its log-probability, given all other groups, against the other values of the group.
void score_groups(const RbmState& state, const Rows& visible, double* out, const Run& run);

}  // namespace udl
