#pragma once
// Bits of words. Always inlined: files with instruction-set flags must leave no copy behind that
// others could be linked to.
#include <cstdint>
#include <cstring>

#include "base/macros.h"
#include "base/view.h"

namespace udl {

/// The lowest n >= 0 bits of a word; all of them from 64 on.
UDL_HD UDL_ALWAYS_INLINE uint64_t low_bits(int64_t n) {
  return n < kWordBits ? (uint64_t{1} << n) - 1 : ~uint64_t{0};
}

/// Number of ones. Without an instruction for it: sums of 2, 4, then 8 bits side by side; the
/// multiplication adds the eight bytes into the highest.
UDL_HD UDL_ALWAYS_INLINE int32_t popcount(uint64_t word) {
#if defined(__CUDA_ARCH__)
  return __popcll(word);
#elif defined(__POPCNT__)
  return __builtin_popcountll(word);
#else
  word -= (word >> 1) & 0x5555555555555555u;
  word = (word & 0x3333333333333333u) + ((word >> 2) & 0x3333333333333333u);
  word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
  return static_cast<int32_t>((word * 0x0101010101010101u) >> 56);
#endif
}

/// Index of the lowest one of a word that is not zero.
UDL_HD UDL_ALWAYS_INLINE int lowest_bit(uint64_t word) {
#if defined(__CUDA_ARCH__)
  return __ffsll(static_cast<long long>(word)) - 1;
#elif defined(__GNUC__)
  return __builtin_ctzll(word);
#else
  return popcount((word & (~word + 1)) - 1);
#endif
}

/// Bit i of a row of words.
UDL_HD UDL_ALWAYS_INLINE bool bit_at(const uint64_t* words, int64_t i) {
  return (words[i / kWordBits] >> (i % kWordBits) & 1) != 0;
}
UDL_HD UDL_ALWAYS_INLINE void set_bit(uint64_t* words, int64_t i) {
  words[i / kWordBits] |= uint64_t{1} << (i % kWordBits);
}

/// The 16 bits of a tile of units inside a word, and nothing beside them: the words of states hold
/// four tiles, and other threads may be writing theirs.
UDL_HD UDL_ALWAYS_INLINE uint64_t tile_bits(const uint64_t* word, int64_t tile) {
  uint16_t bits;
  std::memcpy(&bits, reinterpret_cast<const char*>(word) + 2 * (tile % kTilesPerWord), sizeof bits);
  return bits;
}
UDL_HD UDL_ALWAYS_INLINE void set_tile_bits(uint64_t* word, int64_t tile, uint64_t bits) {
  const auto those = static_cast<uint16_t>(bits);
  std::memcpy(reinterpret_cast<char*>(word) + 2 * (tile % kTilesPerWord), &those, sizeof those);
}

}  // namespace udl
