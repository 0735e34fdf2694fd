#pragma once
// Transposing bit matrices: batch-major states become unit-major ones for the gradient.
#include <algorithm>
#include <cstring>

#include "base/bits.h"
#include "base/view.h"

namespace udl {
namespace {

/// Transposes a 16 x 16 bit matrix held in four words of four 16-bit rows each: three rounds of
/// swapping off-diagonal blocks inside words (Hacker's Delight, section 7-3), two across words.
inline void transpose_16x16(uint64_t (&x)[4]) {
  const auto swap_blocks = [](uint64_t& a, uint64_t& b, int shift, uint64_t mask) {
    const uint64_t t = ((a >> shift) ^ b) & mask;  // high blocks of a against low blocks of b
    b ^= t;
    a ^= t << shift;
  };
  swap_blocks(x[0], x[2], 8, 0x00FF00FF00FF00FFull);
  swap_blocks(x[1], x[3], 8, 0x00FF00FF00FF00FFull);
  swap_blocks(x[0], x[1], 4, 0x0F0F0F0F0F0F0F0Full);
  swap_blocks(x[2], x[3], 4, 0x0F0F0F0F0F0F0F0Full);
  for (uint64_t& word : x) {  // rows 0, 1 against 2, 3, then 0 against 1 and 2 against 3
    uint64_t t = ((word >> 30) ^ word) & 0x00000000CCCCCCCCull;
    word ^= t ^ (t << 30);
    t = ((word >> 15) ^ word) & 0x0000AAAA0000AAAAull;
    word ^= t ^ (t << 15);
  }
}

/// 16 rows of a tile's bits from word column `words` starting at row `first`; rows beyond `rows`
/// are zero.
inline void load_16x16(const uint64_t* words, int64_t first, int64_t rows, int64_t tile,
                       uint64_t (&x)[4]) {
  for (int k = 0; k < 4; ++k) x[k] = 0;
  const int64_t count = std::min<int64_t>(16, rows - first);
  for (int64_t r = 0; r < count; ++r)
    x[r / 4] |= tile_bits(words + first + r, tile) << (16 * (r % 4));
}

void transpose_tile(const BitMatrixView& in, int64_t tile, const BitMatrixView& out) {
  const uint64_t* words = in.word_column(tile / 4);
  const int64_t n_units = std::min<int64_t>(16, out.rows - 16 * tile);
  for (int64_t first = 0; first < in.rows; first += 16) {
    uint64_t block[4];
    load_16x16(words, first, in.rows, tile, block);
    transpose_16x16(block);
    char* column = reinterpret_cast<char*>(out.word_column(first / kWordBits) + 16 * tile) +
                   2 * ((first / 16) % 4);
    for (int64_t unit = 0; unit < n_units; ++unit) {
      const uint16_t bits = static_cast<uint16_t>(block[unit / 4] >> (16 * (unit % 4)));
      std::memcpy(column + 8 * unit, &bits, sizeof bits);
    }
  }
}

/// Word `index` of a unit, zero outside its columns.
inline uint64_t unit_word(const BitMatrixView& units, int64_t index, int64_t unit) {
  if (index < 0 || index >= units.word_columns()) return 0;
  return units.word_column(index)[unit] & low_bits(units.columns - index * kWordBits);
}

void join_units(const BitMatrixView& positive, const BitMatrixView& negative, int64_t tile,
                const BitMatrixView& out) {
  const int64_t offset = positive.columns, shift = offset % kWordBits;
  for (int64_t w = 0; w < divide_up(offset + negative.columns, kWordBits); ++w) {
    const int64_t from =
        w - offset / kWordBits;  // word of the negative phase that starts inside word w
    uint64_t* words = out.word_column(w);
    for (int64_t unit = 16 * tile; unit < 16 * (tile + 1); ++unit) {
      uint64_t word = unit_word(positive, w, unit) | unit_word(negative, from, unit) << shift;
      if (shift > 0) word |= unit_word(negative, from - 1, unit) >> (kWordBits - shift);
      words[unit] = word;
    }
  }
}

}  // namespace
}  // namespace udl
