#pragma once
// Prices that decide between looking up buckets and scanning. They never change a result, only how
// long it takes; the constants were measured on one machine (docs/hamming_kernels.md) and need to
// be right within a factor of two or so.
#include <cstdint>

namespace udl {

/// Seconds of one thread for one query against all codes, in a call of n_queries on n_threads.
double hamming_scan_seconds(int64_t n_codes, int64_t n_words, int64_t n_queries, int n_threads);

constexpr double kHammingKeySeconds = 5e-9;    ///< looking up a key
constexpr double kHammingCodeSeconds = 10e-9;  ///< measuring a code of a bucket

/// Keys at a distance of exactly `radius`.
double hamming_keys(int32_t n_key_bits, int32_t radius);

/// Seconds of one thread to find all codes within `radius` of a query, where bits are spread
/// evenly.
double hamming_hash_seconds(int64_t n_codes, int32_t n_bits, int32_t n_tables, int32_t radius);

}  // namespace udl
