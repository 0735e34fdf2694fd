#pragma once
// Visible units that keep given values while the chains of a block run.
#include <cstdint>
#include <vector>

#include "runtime/memory/bit_matrix.h"
#include "runtime/rbm/engine.h"

namespace udl {

/// The part of a clamp that the rows of a block need, as bits. Without a clamp every unit is free.
class BlockClamp {
 public:
  /// Of rows first .. first + count - 1; `clamp` may be null.
  BlockClamp(const Clamp* clamp, int64_t first, int64_t count);

  /// Whether all units of a tile are held in every row: what it would be otherwise need not be
  /// known.
  bool holds(int64_t tile) const;
  /// Puts the values of held units back into a tile of states. Writes the tile's own 16 bits only.
  void put_back(int64_t tile, const BitMatrixView& states) const;
  /// The same for a tile of means, [rows][16].
  void put_back(int64_t tile, float* means) const;

 private:
  bool is_free() const { return held_.rows() == 0; }

  BitMatrix held_, values_;                  ///< values of units that are not held are 0
  std::vector<uint64_t> held_in_every_row_;  ///< by word; of padding units too
};

}  // namespace udl
