#pragma once
// Philox for a tile: the draws of 16 units of 4 chains at a time.
#include "base/philox.h"
#include "base/sampling.h"
#include "kernels/cpu/simd/simd.h"

namespace udl {
namespace {

/// Philox rounds on eight counters whose words lie in the low words of 64-bit lanes, the form the
/// multiplier takes and gives: a round needs no shuffles, and what is left in high words never
/// matters.
UDL_ALWAYS_INLINE void philox_rounds(uint32_t key0, uint32_t key1, u64x8 (&c)[4]) {
  for (int round = 0; round < kPhiloxRounds; ++round) {
    const u64x8 product0 = multiply_low_words(c[0], kPhiloxMultiplier0);
    const u64x8 product1 = multiply_low_words(c[2], kPhiloxMultiplier1);
    c[0] = xor3(high_words(product1), c[1], key0);
    c[1] = product1;
    c[2] = xor3(high_words(product0), c[3], key1);
    c[3] = product0;
    key0 += kPhiloxWeyl0;
    key1 += kPhiloxWeyl1;
  }
}

/// One Philox call per lane.
UDL_ALWAYS_INLINE void philox(const DrawKey& key, i32x16 blocks, i32x16 chains,
                              i32x16 (&draws)[4]) {
  const i32x16 counter[4] = {blocks, chains, broadcast(static_cast<int32_t>(key.c2)),
                             broadcast(static_cast<int32_t>(key.c3))};
  u64x8 even[4], odd[4];
  for (int k = 0; k < 4; ++k) {
    even[k] = even_lanes(counter[k]);
    odd[k] = odd_lanes(counter[k]);
  }
  philox_rounds(key.key0, key.key1, even);
  philox_rounds(key.key0, key.key1, odd);
  for (int k = 0; k < 4; ++k) draws[k] = merge_lanes(even[k], odd[k]);
}

/// Lane 4 r + i is block i of the tile's group, for chain first_chain + r.
UDL_ALWAYS_INLINE void philox_lanes(const DrawKey& key, uint32_t first_chain, int64_t tile,
                                    i32x16 (&draws)[4]) {
  static constexpr int32_t kBlock[16] = {0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3};
  static constexpr int32_t kChain[16] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3};
  philox(key, load(kBlock) + broadcast(static_cast<int32_t>(4 * tile)),
         load(kChain) + broadcast(static_cast<int32_t>(first_chain)), draws);
}

/// The draws of one unit of chains first_chain .. first_chain + 15.
UDL_ALWAYS_INLINE i32x16 draws_of_unit(const DrawKey& key, uint32_t first_chain, uint32_t unit) {
  static constexpr int32_t kChain[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const DrawPosition at = draw_position(unit);
  i32x16 draws[4];
  philox(key, broadcast(static_cast<int32_t>(at.block)),
         load(kChain) + broadcast(static_cast<int32_t>(first_chain)), draws);
  return draws[at.lane];
}

/// Draws as philox_lanes gives them, one vector of sixteen units each.
UDL_ALWAYS_INLINE void in_unit_order(const i32x16 (&draws)[4], i32x16 (&rows)[4]) {
  rows[0] = interleave_low(draws[0], draws[1]);
  rows[1] = interleave_high(draws[0], draws[1]);
  rows[2] = interleave_low(draws[2], draws[3]);
  rows[3] = interleave_high(draws[2], draws[3]);
  transpose_quarters(rows);
}

/// tiles[t] = the draws of units 16 (tile + t) .. 16 (tile + t) + 15 of one chain, in unit order.
UDL_ALWAYS_INLINE void draw_tiles(const DrawKey& key, uint32_t chain, int64_t tile,
                                  i32x16 (&tiles)[4]) {
  static constexpr int32_t kBlock[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  i32x16 draws[4];
  philox(key, load(kBlock) + broadcast(static_cast<int32_t>(4 * tile)),
         broadcast(static_cast<int32_t>(chain)), draws);
  in_unit_order(draws, tiles);
}

/// rows[r] = the draws of units 16 tile .. 16 tile + 15 of chain first_chain + r, in unit order.
/// The unit map of base/sampling.h puts draws 0 and 1 of block i at units 2 i and 2 i + 1, and
/// draws 2 and 3 eight units further: interleaving and a transpose of quarters restore the order.
UDL_ALWAYS_INLINE void draw_rows(const DrawKey& key, uint32_t first_chain, int64_t tile,
                                 i32x16 (&rows)[4]) {
  i32x16 draws[4];
  philox_lanes(key, first_chain, tile, draws);
  in_unit_order(draws, rows);
}

}  // namespace
}  // namespace udl
