#pragma once
#include "runtime/data/rows.h"
#include "runtime/rbm/model/state.h"
#include "runtime/threads/run.h"

namespace udl {

/// Adds to out[r] the log-probabilities of the groups of row r that are activated in groups
/// (model/joint_groups.h), each given all other units: of those that have a value against their
/// other values, of a group of one against its flip.
void add_group_scores(const RbmState& state, const Rows& visible, double* out, const Run& run);

}  // namespace udl
