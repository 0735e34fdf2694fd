#pragma once
// Philox for a tile: the draws of 16 units of 4 chains at a time.
#include "base/philox.h"
#include "base/sampling.h"
#include "kernels/cpu/simd/simd.h"

namespace udl {
namespace {

/// Philox rounds kFirst .. on eight counters whose words lie in the low words of 64-bit lanes, the
/// form the multiplier takes and gives: a round needs no shuffles, and what is left in high words
/// never matters. Keys are those of round 0.
template <int kFirst = 0>
UDL_ALWAYS_INLINE void philox_rounds(uint32_t key0, uint32_t key1, u64x8 (&c)[4]) {
  for (int round = kFirst; round < kPhiloxRounds; ++round) {
    const u64x8 product0 = multiply_low_words(c[0], kPhiloxMultiplier0);
    const u64x8 product1 = multiply_low_words(c[2], kPhiloxMultiplier1);
    const auto n = static_cast<uint32_t>(round);
    c[0] = xor3(high_words(product1), c[1], key0 + n * kPhiloxWeyl0);
    c[1] = product1;
    c[2] = xor3(high_words(product0), c[3], key1 + n * kPhiloxWeyl1);
    c[3] = product0;
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

/// Draws of units 16 tile .. 16 tile + 15 of any chains.
///
/// Lane 4 r + i is block i of the tile, of chain r. Blocks enter a round by one word and chains by
/// another, and meet in one word of the second round and in the third: what depends on blocks alone
/// is worked out once for all chains, and of three rounds a third is left.
///
/// The unit map of base/sampling.h puts draws 0 and 1 of block i at units 2 i and 2 i + 1, and
/// draws 2 and 3 eight units further: interleaving and a transpose of quarters restore the order.
class TileDraws {
 public:
  UDL_ALWAYS_INLINE TileDraws(const DrawKey& key, int64_t tile) : key0_(key.key0), key1_(key.key1) {
    static constexpr int32_t kBlock[16] = {0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3};
    const i32x16 blocks = load(kBlock) + broadcast(static_cast<int32_t>(4 * tile));
    const uint64_t product1 = uint64_t{kPhiloxMultiplier1} * key.c2;
    with_chain_ = static_cast<uint32_t>(product1 >> 32) ^ key.key0;
    even_.set(even_lanes(blocks), key, static_cast<uint32_t>(product1));
    odd_.set(odd_lanes(blocks), key, static_cast<uint32_t>(product1));
  }

  /// rows[r] = those of chain first_chain + r, in unit order.
  UDL_ALWAYS_INLINE void rows(uint32_t first_chain, i32x16 (&rows)[4]) const {
    static constexpr int32_t kChain[16] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3};
    const i32x16 chains = load(kChain) + broadcast(static_cast<int32_t>(first_chain));
    const u64x8 of_chains = multiply_low_words(
        even_lanes(chains ^ broadcast(static_cast<int32_t>(with_chain_))), kPhiloxMultiplier0);
    u64x8 even[4], odd[4];
    even_.meet(of_chains, even);
    odd_.meet(of_chains, odd);
    philox_rounds<3>(key0_, key1_, even);
    philox_rounds<3>(key0_, key1_, odd);
    i32x16 draws[4];
    for (int k = 0; k < 4; ++k) draws[k] = merge_lanes(even[k], odd[k]);
    in_unit_order(draws, rows);
  }

 private:
  /// What blocks alone decide, of every other lane.
  struct Blocks {
    u64x8 second2;                 ///< of word 2 after the second round, less its product
    u64x8 third0, third2, third3;  ///< of words after the third, likewise; word 3 is whole

    UDL_ALWAYS_INLINE void set(u64x8 blocks, const DrawKey& key, uint32_t first1) {
      const u64x8 zero = broadcast_word(0);
      const u64x8 first3 = multiply_low_words(blocks, kPhiloxMultiplier0);
      const u64x8 first2 = xor3(high_words(first3), zero, key.c3 ^ key.key1);
      const u64x8 second1 = multiply_low_words(first2, kPhiloxMultiplier1);
      const u64x8 second0 = xor3(high_words(second1), zero, first1 ^ (key.key0 + kPhiloxWeyl0));
      second2 = xor3(first3, zero, key.key1 + kPhiloxWeyl1);
      third3 = multiply_low_words(second0, kPhiloxMultiplier0);
      third0 = xor3(second1, zero, key.key0 + 2 * kPhiloxWeyl0);
      third2 = xor3(high_words(third3), zero, key.key1 + 2 * kPhiloxWeyl1);
    }

    /// All words after the third round.
    UDL_ALWAYS_INLINE void meet(u64x8 of_chains, u64x8 (&words)[4]) const {
      const u64x8 product1 =
          multiply_low_words(high_words(of_chains) ^ second2, kPhiloxMultiplier1);
      words[0] = high_words(product1) ^ third0;
      words[1] = product1;
      words[2] = third2 ^ of_chains;
      words[3] = third3;
    }
  };

  uint32_t key0_, key1_;
  uint32_t with_chain_;  ///< what a chain's number is combined with in the first round
  Blocks even_, odd_;
};

}  // namespace
}  // namespace udl
