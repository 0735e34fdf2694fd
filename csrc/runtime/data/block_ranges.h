#pragma once
// The range of all values of rows that are worked on block by block, by any thread.
#include <cstdint>
#include <vector>

#include "runtime/data/rows.h"

namespace udl {

/// Does nothing where no range is wanted.
class BlockRanges {
 public:
  BlockRanges(const Rows& rows, int64_t n_blocks, ValueRange* wanted)
      : rows_(rows), wanted_(wanted), ranges_(wanted != nullptr ? n_blocks : 0) {}

  /// Rows first .. first + count - 1, which a caller reads next and finds in a core's caches.
  void look(int64_t block, int64_t first, int64_t count) {
    if (wanted_ != nullptr) ranges_[block] = rows_.range_of_rows(first, count);
  }
  /// After the last block.
  void gather() const {
    for (const ValueRange& range : ranges_) wanted_->add(range);
  }

 private:
  const Rows& rows_;
  ValueRange* wanted_;
  std::vector<ValueRange> ranges_;
};

}  // namespace udl
