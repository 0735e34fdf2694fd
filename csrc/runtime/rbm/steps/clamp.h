#pragma once
// Visible units that keep given values while the chains of a block run.
#include <cstdint>
#include <vector>

#include "runtime/memory/bit_matrix.h"
#include "runtime/rbm/engine.h"
#include "runtime/rbm/model/layer.h"
#include "runtime/rbm/model/layer_states.h"

namespace udl {

/// The part of a clamp that the rows of a block need: a mask as bits, and values as states of the
/// layer are, bits or real values. Without a clamp every unit is free.
class BlockClamp {
 public:
  /// Of rows first .. first + count - 1 of states of the layer; `clamp` may be null.
  BlockClamp(const Clamp* clamp, const Layer& layer, int64_t first, int64_t count);

  bool is_free() const { return held_.rows() == 0; }
  /// Whether all units of a tile are held in every row: what it would be otherwise need not be
  /// known.
  bool holds(int64_t tile) const;
  /// Puts the values of held units back into a tile of states. Of bits, writes the tile's own 16.
  void put_back(int64_t tile, const StatesRoom& states) const;
  /// The same for a tile of means, [rows][16].
  void put_back(int64_t tile, float* means) const;
  /// The same for a tile of a matrix of means.
  void put_back(int64_t tile, const MeanRows& means) const;

 private:
  void put_bits_back(int64_t tile, const BitMatrixView& states) const;
  /// Calls put(row, unit of the tile, value) for every held unit of a tile.
  template <class Put>
  void visit_held(int64_t tile, Put&& put) const;

  BitMatrix held_, bits_;        ///< bits of units that are not held are 0
  Buffer<float> reals_;          ///< in place of bits, row-major; one row stands for all
  int64_t real_row_stride_ = 0;  ///< 0 for one row
  std::vector<uint64_t> held_in_every_row_;  ///< by word; of padding units too
};

}  // namespace udl
