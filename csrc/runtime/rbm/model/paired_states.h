#pragma once
// Real-valued states of visible units as products of bfloat16 numbers read them
// (kernels/rbm/bfloat16.h).
#include <cstdint>

#include "kernels/rbm.h"
#include "runtime/memory/buffer.h"

namespace udl {

class PairedStates {
 public:
  /// Room for up to max_rows rows. Its kernels are those of the CPU target in use now, whichever
  /// comes into use meanwhile; throws NotAvailable where that has none.
  void allocate(int64_t max_rows, int64_t n_units);

  /// What a tile's weights take in pairs.
  static int64_t weight_pairs(int64_t n_units) {
    return divide_up(n_units, kTileUnits) * kTilePairs * kTileUnits;
  }

  const RbmBfloat16Kernels& kernels() const { return *kernels_; }
  /// The first `count` rows, which all tiles were packed with.
  PairedRows rows(int64_t count) { return {by_unit_.data(), by_row_.data(), count, n_tiles_}; }
  void pack(int64_t tile, const float* values, int64_t row_stride, int64_t count) {
    kernels_->pack(values, row_stride, tile, rows(count));
  }
  void hidden_sums(const WeightPanelsView& weights, int64_t tile, int64_t count,
                   float* weight_pairs, float* sums) {
    kernels_->hidden_sums(weights, tile, rows(count), weight_pairs, sums);
  }

 private:
  const RbmBfloat16Kernels* kernels_ = nullptr;
  int64_t n_tiles_ = 0;
  Buffer<float> by_unit_, by_row_;
};

}  // namespace udl
