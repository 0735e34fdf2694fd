#pragma once
// What half steps share: the product of a block's tile, and where the sums of one thread are.
#include <cstdint>

#include "base/sampling.h"
#include "kernels/cuda/tensor/sampling/bit_product.h"

namespace udl::cuda {

/// The tile of 16 units, and of rows from `row` on, that a warp has sums of; g and t are of its
/// thread, which has four units of each of its rows: they take the four draws of one Philox block.
struct WarpTile {
  int row, tile, g, t;

  UDL_DEVICE int row_of(int m, int h) const { return row + 16 * m + 8 * h + g; }
  UDL_DEVICE int unit_of(int k) const { return tile * kTileUnits + accumulator_unit(t, k); }

  UDL_DEVICE PhiloxCounter draws_of(const DrawKey& key, uint32_t chain) const {
    return philox4x32({{static_cast<uint32_t>(4 * tile + t), chain, key.c2, key.c3}}, key.key0,
                      key.key1);
  }

  /// Bits of row g, above them of row g + 8, each at its place among the tile's units: the lanes of
  /// a quad have the units of the same rows. `to` is row by row, state_stride(n_units) words each,
  /// or null.
  UDL_DEVICE void store_bits(int m, uint32_t bits, uint32_t* to, int n_rows, int n_units) const {
    bits = join_lanes(bits, 1, 4);
    const int of_lane = row_of(m, t % 2);
    if (to != nullptr && t < 2 && of_lane < n_rows)
      reinterpret_cast<uint16_t*>(to + of_lane * state_stride(n_units))[tile] =
          static_cast<uint16_t>(bits >> (16 * (t % 2)));
  }
};

/// States times images, those of a half step's arguments, for n_rows rows: a reference, as a copy
/// in a register would make others spill. Whether this warp has whole sums of any rows and units,
/// those of `tile`.
template <class Shape, int kSlices, class Arguments>
UDL_DEVICE bool multiply_tile(const Arguments& s, const int& n_rows,
                              typename BitProduct<Shape, kSlices>::Sums& sums, WarpTile& tile) {
  extern __shared__ __align__(128) uint8_t shared[];
  const int first_row = blockIdx.x * Shape::kRows, first_tile = blockIdx.y * Shape::kUnitWarps;
  const WarpPlace<Shape> place;
  const int n_tiles = (s.n_units + kTileUnits - 1) / kTileUnits;
  BitProduct<Shape, kSlices> product(
      {s.states, static_cast<int>(state_stride(s.n_summed)), s.images,
       (s.n_summed + kStateBits - 1) / kStateBits, n_rows, n_tiles},
      first_row, first_tile, shared);
  product.run(place, sums);
  tile = {first_row + place.of_rows * Shape::kWarpRows, first_tile + place.of_units, place.g,
          place.t};
  return place.of_sum == 0 && tile.tile < n_tiles && tile.row < n_rows;
}

}  // namespace udl::cuda
