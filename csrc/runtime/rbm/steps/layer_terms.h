#pragma once
// What the units of a whole layer add to minus the free energies of some rows: written tile by
// tile, by whichever thread, then added up in the order of the tiles.
#include <cstdint>

#include "base/view.h"
#include "kernels/rbm.h"
#include "runtime/memory/buffer.h"

namespace udl {

class LayerTerms {
 public:
  /// Rows are added up in blocks of so many.
  static constexpr int64_t kBlockRows = kTileUnits;
  /// Products of tiles are at most 2^16: so many of them stay below the 2^1024 of a double and
  /// share one logarithm.
  static constexpr int64_t kTilesPerLog = 60;

  LayerTerms(int64_t n_tiles, int64_t max_rows)
      : n_tiles_(n_tiles),
        stride_(round_up(max_rows, kBlockRows)),
        sums_(n_tiles * stride_),
        products_(n_tiles * stride_) {}

  /// Where the terms of a tile go.
  UnitTerms tile(int64_t tile) {
    return {sums_.data() + tile * stride_, products_.data() + tile * stride_};
  }
  /// out[r] = the terms of row kBlockRows * block + r over all tiles; kBlockRows values.
  void block_totals(int64_t block, double* out) const;

 private:
  int64_t n_tiles_, stride_;
  Buffer<float> sums_, products_;  ///< [tile][row]
};

}  // namespace udl
