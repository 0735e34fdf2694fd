#pragma once
// Rows of a part in blocks, and what of a layer's values a task has.
#include "runtime/dense/fast/values/listed_inputs.h"
#include "runtime/dense/fast/values/pairs.h"

namespace udl {

constexpr int64_t kBlockRows = RowLists::kBlockRows;

inline int64_t n_blocks(const NetPart& part) { return divide_up(part.count, kBlockRows); }

inline PanelRange all_panels(const UnitMatrix& units, int64_t first_row, int64_t n_rows) {
  return {0, units.n_panels(), first_row, n_rows};
}

/// That of a DenseProduct or a LossCall.
template <class Call>
PanelRange range_of(const Call& call) {
  return {call.first_panel, call.n_panels, call.first_row, call.n_rows};
}

}  // namespace udl
