#pragma once
// Sampled statistics: how often two binary units are on together. Bits meet bits, so a count is the
// population of an AND of words; sixteen hidden units lie side by side in two vectors of words.
#include "base/bits.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

/// Counts meet those the caller holds.
UDL_ALWAYS_INLINE void combine_sums(Combine combine, i32x16 found, int32_t* sums) {
  if (combine == Combine::subtract) found = load(sums) - found;
  store(sums, found);
}

constexpr int kVisibleAtOnce = 4;  // share the loads of the hidden units' words

/// Counts of kVisible visible units, first .. first + kVisible - 1, with the sixteen hidden units
/// of a tile.
template <int kVisible>
UDL_ALWAYS_INLINE void count_pairs(const BitMatrixView& visible, const BitMatrixView& hidden,
                                   int64_t tile, int64_t first, i32x16 (&out)[kVisible]) {
  u64x8 low[kVisible], high[kVisible];
  for (int k = 0; k < kVisible; ++k) low[k] = high[k] = broadcast_word(0);
  for (int64_t w = 0; w < visible.word_columns(); ++w) {
    // What lies beyond the batch may be left from a longer one.
    const uint64_t mask = low_bits(visible.columns - w * kWordBits);
    const uint64_t* units = hidden.word_column(w) + tile * kTileUnits;
    const u64x8 hidden_low = load_words(units), hidden_high = load_words(units + 8);
    for (int k = 0; k < kVisible; ++k) {
      const u64x8 on = broadcast_word(visible.word_column(w)[first + k] & mask);
      low[k] = low[k] + count_bits(on & hidden_low);
      high[k] = high[k] + count_bits(on & hidden_high);
    }
  }
  for (int k = 0; k < kVisible; ++k) out[k] = low_halves(low[k], high[k]);
}

template <int kVisible>
UDL_ALWAYS_INLINE void combine_counts(const BitMatrixView& visible, const BitMatrixView& hidden,
                                      int64_t tile, int64_t first, Combine combine, int32_t* sums) {
  i32x16 counts[kVisible];
  count_pairs(visible, hidden, tile, first, counts);
  for (int k = 0; k < kVisible; ++k)
    combine_sums(combine, counts[k], sums + (first + k) * kTileUnits);
}

void pair_counts(const BitMatrixView& visible_units, const BitMatrixView& hidden_units,
                 int64_t tile, Combine combine, int32_t* sums) {
  int64_t i = 0;
  for (; i + kVisibleAtOnce <= visible_units.rows; i += kVisibleAtOnce)
    combine_counts<kVisibleAtOnce>(visible_units, hidden_units, tile, i, combine, sums);
  for (; i < visible_units.rows; ++i)
    combine_counts<1>(visible_units, hidden_units, tile, i, combine, sums);
}

}  // namespace
}  // namespace udl
