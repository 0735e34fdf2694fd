#pragma once
// Positions of the ones of a word, appended to a list.
#include <cstdint>

#include "base/bits.h"
#include "base/macros.h"

#if defined(UDL_TARGET_AVX512)
#include <immintrin.h>
#endif

namespace udl {
namespace {

#if defined(UDL_TARGET_AVX512)
/// Appends the ones of a word; may write up to 32 entries beyond them.
UDL_ALWAYS_INLINE uint16_t* append_ones(uint64_t word, int64_t first_column, uint16_t* end) {
  alignas(64) static constexpr uint16_t kColumns[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                                        11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                                        22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
  for (int half = 0; half < 64; half += 32) {
    const auto mask = static_cast<uint32_t>(word >> half);
    const __m512i columns = _mm512_add_epi16(
        _mm512_load_si512(kColumns), _mm512_set1_epi16(static_cast<int16_t>(first_column + half)));
    _mm512_storeu_si512(end, _mm512_maskz_compress_epi16(mask, columns));
    end += popcount(mask);
  }
  return end;
}
#else
/// Appends the ones of a word, four at a time; may write up to 3 entries beyond them.
UDL_ALWAYS_INLINE uint16_t* append_ones(uint64_t word, int64_t first_column, uint16_t* end) {
  const int64_t ones = popcount(word);
  for (int64_t n = 0; n < ones; n += 4) {
    for (int k = 0; k < 4; ++k) {
      end[n + k] = static_cast<uint16_t>(first_column + (word ? lowest_bit(word) : 0));
      word &= word - 1;
    }
  }
  return end + ones;
}
#endif

}  // namespace
}  // namespace udl
