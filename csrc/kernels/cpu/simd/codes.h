#pragma once
// Bit counts of row-major codes. With planes.h the only files with vector intrinsics for Hamming
// kernels.
//
// kWords > 0 fixes the number of words at compile time; 0 takes it from `n_words`.
#include <cstdint>

#include "base/bits.h"
#include "base/macros.h"
#include "kernels/cpu/simd/prefetch.h"

#if defined(UDL_TARGET_AVX2) || defined(UDL_TARGET_AVX512)
#include <immintrin.h>
#endif

namespace udl {
namespace {

template <int kWords>
UDL_ALWAYS_INLINE int32_t scalar_distance(const uint64_t* a, const uint64_t* b, int64_t n_words) {
  const int64_t n = kWords > 0 ? kWords : n_words;
  int32_t sum = 0;
  for (int64_t w = 0; w < n; ++w) sum += popcount(a[w] ^ b[w]);
  return sum;
}

#if defined(UDL_TARGET_AVX512)

template <int kWords>
UDL_ALWAYS_INLINE int32_t row_distance(const uint64_t* a, const uint64_t* b, int64_t n_words) {
  if (kWords > 0 && kWords < 8) return scalar_distance<kWords>(a, b, n_words);
  const int64_t n = kWords > 0 ? kWords : n_words;
  __m512i sum = _mm512_setzero_si512();
  int64_t w = 0;
  for (; w + 8 <= n; w += 8)
    sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(_mm512_xor_si512(_mm512_loadu_si512(a + w),
                                                                     _mm512_loadu_si512(b + w))));
  if (w < n) {
    const __mmask8 rest = static_cast<__mmask8>(low_bits(n - w));
    sum = _mm512_add_epi64(
        sum, _mm512_popcnt_epi64(_mm512_xor_si512(_mm512_maskz_loadu_epi64(rest, a + w),
                                                  _mm512_maskz_loadu_epi64(rest, b + w))));
  }
  return static_cast<int32_t>(_mm512_reduce_add_epi64(sum));
}

/// Words of 8 consecutive row-major codes of kWords = 1, 2 or 4: counted, then added across lanes.
template <int kWords>
UDL_ALWAYS_INLINE __m512i rows_sums(const uint64_t* query, const uint64_t* rows) {
  __m512i pattern;
  if (kWords == 1)
    pattern = _mm512_set1_epi64(static_cast<int64_t>(query[0]));
  else if (kWords == 2)
    pattern = _mm512_broadcast_i64x2(_mm_loadu_si128(reinterpret_cast<const __m128i*>(query)));
  else
    pattern = _mm512_broadcast_i64x4(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(query)));
  __m512i counts[kWords];
  for (int i = 0; i < kWords; ++i)
    counts[i] = _mm512_popcnt_epi64(_mm512_xor_si512(_mm512_loadu_si512(rows + 8 * i), pattern));
  const __m512i even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14),
                odd = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
  for (int n = kWords; n > 1; n /= 2) {
    for (int i = 0; i < n / 2; ++i)
      counts[i] =
          _mm512_add_epi64(_mm512_permutex2var_epi64(counts[2 * i], even, counts[2 * i + 1]),
                           _mm512_permutex2var_epi64(counts[2 * i], odd, counts[2 * i + 1]));
  }
  return counts[0];
}

#else

template <int kWords>
UDL_ALWAYS_INLINE int32_t row_distance(const uint64_t* a, const uint64_t* b, int64_t n_words) {
  return scalar_distance<kWords>(a, b, n_words);
}

#if defined(UDL_TARGET_AVX2)

/// Ones of 256 bits, as four sums of 8 bytes. Halves of bytes are looked up, one as 4 + ones, the
/// other as 4 - ones: the sum of absolute differences counts both halves in one instruction.
UDL_ALWAYS_INLINE __m256i byte_sums(__m256i x) {
  const __m256i more =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(4, 5, 5, 6, 5, 6, 6, 7, 5, 6, 6, 7, 6, 7, 7, 8));
  const __m256i less =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(4, 3, 3, 2, 3, 2, 2, 1, 3, 2, 2, 1, 2, 1, 1, 0));
  const __m256i half = _mm256_set1_epi8(15);
  return _mm256_sad_epu8(
      _mm256_shuffle_epi8(more, _mm256_and_si256(x, half)),
      _mm256_shuffle_epi8(less, _mm256_and_si256(_mm256_srli_epi16(x, 4), half)));
}

template <int kWords>
UDL_ALWAYS_INLINE __m256i row_sums(const uint64_t* query, const uint64_t* row) {
  __m256i sum = _mm256_setzero_si256();
  for (int w = 0; w < kWords; w += 4) {
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(query + w));
    const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + w));
    sum = _mm256_add_epi64(sum, byte_sums(_mm256_xor_si256(a, b)));
  }
  return sum;
}

/// Distances of 4 row-major codes; kWords is a multiple of 4. The sums of the four lie side by side
/// in 16-bit lanes.
template <int kWords>
UDL_ALWAYS_INLINE __m128i four_row_distances(const uint64_t* query, const uint64_t* rows) {
  static_assert(64 * kWords < 1 << 16, "a distance fits 16 bits");
  __m256i sums = row_sums<kWords>(query, rows);
  sums = _mm256_or_si256(sums, _mm256_slli_epi64(row_sums<kWords>(query, rows + kWords), 16));
  sums = _mm256_or_si256(sums, _mm256_slli_epi64(row_sums<kWords>(query, rows + 2 * kWords), 32));
  sums = _mm256_or_si256(sums, _mm256_slli_epi64(row_sums<kWords>(query, rows + 3 * kWords), 48));
  const __m128i half =
      _mm_add_epi16(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  return _mm_cvtepu16_epi32(_mm_add_epi16(half, _mm_unpackhi_epi64(half, half)));
}

#endif
#endif

constexpr int64_t kRowGroup = 8;

/// Distances of 8 row-major codes.
template <int kWords>
UDL_ALWAYS_INLINE void eight_row_distances(const uint64_t* query, const uint64_t* rows,
                                           int64_t n_words, int32_t* out) {
#if defined(UDL_TARGET_AVX512)
  if constexpr (kWords == 1 || kWords == 2 || kWords == 4) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                        _mm512_cvtepi64_epi32(rows_sums<kWords>(query, rows)));
    return;
  }
#elif defined(UDL_TARGET_AVX2)
  if constexpr (kWords > 0 && kWords % 4 == 0) {
    for (int k = 0; k < kRowGroup; k += 4)
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + k),
                       four_row_distances<kWords>(query, rows + k * kWords));
    return;
  }
#endif
  const int64_t n = kWords > 0 ? kWords : n_words;
  for (int k = 0; k < kRowGroup; ++k) out[k] = row_distance<kWords>(query, rows + k * n, n);
}

/// Bit k: distances[k] <= threshold, for 64 distances.
UDL_ALWAYS_INLINE uint64_t at_most_64(const int32_t* distances, int32_t threshold) {
  uint64_t mask = 0;
#if defined(UDL_TARGET_AVX512)
  const __m512i limit = _mm512_set1_epi32(threshold);
  for (int i = 0; i < 4; ++i)
    mask |= static_cast<uint64_t>(
                _mm512_cmple_epi32_mask(_mm512_loadu_si512(distances + 16 * i), limit))
            << (16 * i);
#elif defined(UDL_TARGET_AVX2)
  const __m256i limit = _mm256_set1_epi32(threshold);
  for (int i = 0; i < 8; ++i) {
    const __m256i above = _mm256_cmpgt_epi32(
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(distances + 8 * i)), limit);
    mask |= static_cast<uint64_t>(~_mm256_movemask_ps(_mm256_castsi256_ps(above)) & 0xFF)
            << (8 * i);
  }
#else
  for (int i = 0; i < 64; ++i) mask |= static_cast<uint64_t>(distances[i] <= threshold) << i;
#endif
  return mask;
}

}  // namespace
}  // namespace udl
