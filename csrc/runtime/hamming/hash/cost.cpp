#include "runtime/hamming/hash/cost.h"

#include <algorithm>
#include <cmath>

#include "runtime/dispatch/target.h"

namespace udl {
namespace {

constexpr double kRowWordSeconds = 2.5e-10;   // a word of a code in a scan of rows
constexpr double kTileWordSeconds = 3.5e-11;  // the same in a scan of sliced tiles of 512 codes
constexpr int64_t kSlicedQueries = 8;
constexpr double kQuerySeconds = 1e-6;  // whatever else a query costs

}  // namespace

double hamming_scan_seconds(int64_t n_codes, int64_t n_words, int64_t n_queries, int n_threads) {
  const double words = static_cast<double>(n_codes) * static_cast<double>(n_words);
  const double tile = kTileWordSeconds * 512.0 / static_cast<double>(hamming_kernels().tile_codes);
  const double idle = std::max(
      1.0, static_cast<double>(n_threads) / static_cast<double>(std::max<int64_t>(n_queries, 1)));
  return kQuerySeconds + words * (n_queries < kSlicedQueries ? kRowWordSeconds : tile) / idle;
}

double hamming_keys(int32_t n_key_bits, int32_t radius) {
  if (radius > n_key_bits) return 0.0;
  double keys = 1.0;
  for (int32_t i = 0; i < radius; ++i) keys = keys * (n_key_bits - i) / (i + 1);
  return std::round(keys);
}

double hamming_hash_seconds(int64_t n_codes, int32_t n_bits, int32_t n_tables, int32_t radius) {
  double seconds = kQuerySeconds;
  for (int32_t step = 0; step <= radius; ++step) {
    const int32_t j = step % n_tables;
    const int32_t width =
        static_cast<int32_t>(int64_t{n_bits} * (j + 1) / n_tables - int64_t{n_bits} * j / n_tables);
    const double codes_per_key = std::ldexp(static_cast<double>(n_codes), -width);
    seconds += hamming_keys(width, step / n_tables) *
               (kHammingKeySeconds + codes_per_key * kHammingCodeSeconds);
  }
  return seconds;
}

}  // namespace udl
