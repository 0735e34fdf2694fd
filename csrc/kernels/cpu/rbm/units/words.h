#pragma once
// Words of one row, drawn independently from the softmax over all units: e^x are cumulated within
// tiles and over them, then each draw finds its tile by halving and its unit by one comparison.
#include <algorithm>

#include "base/bits.h"
#include "kernels/cpu/rbm/units/draws.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

/// The largest of n_units inputs of one row, whose tiles are `stride` apart.
UDL_ALWAYS_INLINE float largest_input(const float* row, int64_t stride, int64_t n_units) {
  alignas(64) float lanes[kTileUnits];
  f32x16 largest = load(row);
  for (int64_t tile = 1; tile * kTileUnits < n_units; ++tile)
    largest = max(largest, load(row + tile * stride));  // missing units have -1e30
  store(lanes, largest);
  return *std::max_element(lanes, lanes + kTileUnits);
}

/// cumulated[16 t + k] = sum of e^x of units 16 t .. 16 t + k over that of the largest, and
/// before[t] = that of the tiles before, in order. Units that are not there add nothing.
void cumulate_words(const float* row, int64_t stride, int64_t n_units, float* cumulated,
                    float* before) {
  const int64_t n_tiles = divide_up(n_units, kTileUnits);
  const f32x16 largest = broadcast(largest_input(row, stride, n_units));
  for (int64_t tile = 0; tile < n_tiles; ++tile)
    store(cumulated + tile * kTileUnits, exp_negative(largest - load(row + tile * stride)));
  std::fill(cumulated + n_units, cumulated + n_tiles * kTileUnits, 0.0f);
  before[0] = 0;
  for (int64_t tile = 0; tile < n_tiles; ++tile) {
    float* part = cumulated + tile * kTileUnits;
    for (int k = 1; k < kTileUnits; ++k) part[k] += part[k - 1];
    before[tile + 1] = before[tile] + part[kTileUnits - 1];
  }
}

/// The tile in which cumulated sums pass `bound`, which is below before[n_tiles].
UDL_ALWAYS_INLINE int64_t tile_of_word(const float* before, int64_t n_tiles, float bound) {
  int64_t first = 0;
  for (int64_t n = n_tiles; n > 1;) {
    const int64_t half = n / 2;
    first = before[first + half] <= bound ? first + half : first;
    n -= half;
  }
  return first;
}

constexpr uint64_t kLastOfTile = uint64_t{1} << (kTileUnits - 1);

void draw_words(const GroupInput& in, int64_t row, const GroupDraws& draws, int64_t n_words,
                float* scratch, int32_t* words) {
  const int64_t n_units = in.groups[0].end, n_tiles = in.n_tiles;
  float *cumulated = scratch, *before = scratch + n_tiles * kTileUnits;
  cumulate_words(in.inputs + row * kTileUnits, in.tile_stride, n_units, cumulated, before);
  const float total = before[n_tiles];
  const uint32_t chain = draws.first_chain + static_cast<uint32_t>(row);
  for (int64_t first = 0; first < n_words; first += kWordBits) {
    i32x16 drawn[kTilesPerWord];
    draw_tiles(draws.key, chain, first / kTileUnits, drawn);
    alignas(64) int32_t bits[kWordBits];
    for (int k = 0; k < kTilesPerWord; ++k) store(bits + k * kTileUnits, drawn[k]);
    for (int64_t n = first; n < std::min(n_words, first + kWordBits); ++n) {
      const float bound = udl::uniform_from_bits(static_cast<uint32_t>(bits[n - first])) * total;
      const int64_t tile = tile_of_word(before, n_tiles, bound);
      const f32x16 sums = broadcast(before[tile]) + load(cumulated + tile * kTileUnits);
      const uint64_t above = less(broadcast(bound), sums) | kLastOfTile;  // inputs may be NaN
      const int64_t unit = tile * kTileUnits + lowest_bit(above);
      words[n] = static_cast<int32_t>(std::min(unit, n_units - 1));
    }
  }
}

}  // namespace
}  // namespace udl
