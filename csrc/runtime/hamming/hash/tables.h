#pragma once
// Multi-index hashing (Norouzi, Punjani, Fleet 2014): codes cut into substrings, one table of
// buckets for each. Two codes at distance t agree in some substring to within t / n_tables bits, so
// codes near a query are found by looking up few keys. A single table whose key is the whole code
// is Hinton's semantic hashing: codes as addresses.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include "base/bits.h"
#include "kernels/hamming_hash.h"
#include "runtime/hamming/codes.h"
#include "runtime/hamming/hash/history.h"
#include "runtime/hamming/hash/prices.h"
#include "runtime/memory/large_array.h"
#include "runtime/threads/parallel.h"

namespace udl {

/// Keys at a distance of exactly `radius`.
double hamming_keys(int32_t n_key_bits, int32_t radius);
/// Lines they lie in.
double hamming_lines(int32_t n_key_bits, int32_t radius);

/// What became of the queries that tables were asked for.
struct HashTally {
  std::atomic<int64_t> n_asked{0}, n_answered{0};
  std::atomic<double> largest_loss{0.0};  ///< of a query given up: its price, in scans

  void clear() {
    n_asked = n_answered = 0;
    largest_loss = 0.0;
  }
};

class HammingTables {
 public:
  /// Substrings of about log2(n_codes) bits: a bucket then holds about one code. One table of whole
  /// codes where these are short and many.
  static int32_t default_count(int64_t n_codes, int32_t n_bits);

  /// Tables of all codes, which number less than 2^30. 1 <= n_tables <= n_bits, or 0 for the
  /// default. Substrings are of the bits up to the last that any code has: codes of 28 bits in rows
  /// of 4 bytes are addresses of one table. Throws std::invalid_argument where they would have more
  /// than kHammingMaxKeyBits bits. Tables are built side by side and take 16 bytes a code of
  /// scratch each. Once run.stopped() they are not fit for use.
  HammingTables(const HammingCodes& codes, int32_t n_tables, const Run& run);
  HammingTables(const HammingTables&) = delete;
  HammingTables& operator=(const HammingTables&) = delete;

  int32_t count() const { return static_cast<int32_t>(tables_.size()); }
  int32_t n_bits() const { return n_bits_; }
  int64_t n_codes() const { return n_codes_; }
  int64_t n_bytes() const;
  const HammingTable* tables() const { return views_.data(); }

  /// Lines that the steps before `step` look at (prober.h), and codes they meet where bits are
  /// spread evenly.
  double lines_before(int32_t step) const { return lines_before_[std::min(step, n_bits_ + 1)]; }
  double codes_before(int32_t step) const { return codes_before_[std::min(step, n_bits_ + 1)]; }

  const HammingPrices& prices() const { return prices_; }
  void set_prices(const HammingPrices& prices) { prices_ = prices; }

  /// Of queries for about k codes, and of those within about `radius`.
  HashHistory& history_of_nearest(int64_t k) const {
    int32_t slot = 0;
    for (; k > 1 && slot < kHistories - 1; k >>= 1) ++slot;
    return nearest_[slot];
  }
  HashHistory& history_within(int32_t radius) const {
    return within_[std::min(std::max(radius, 0) / count(), kHistories - 1)];
  }
  HashTally& tally() const { return tally_; }

 private:
  struct Storage {
    int32_t first_bit, n_bits;
    LargeArray<uint64_t> occupied;
    LargeArray<uint32_t> ranks, entries, lists;
  };
  static void fill(Storage& table, const HammingCodes& codes, Team& team);

  int32_t n_bits_;
  int64_t n_codes_;
  std::vector<Storage> tables_;
  std::vector<HammingTable> views_;
  std::vector<double> lines_before_, codes_before_;
  HammingPrices prices_;
  static constexpr int32_t kHistories = 32;
  mutable HashHistory nearest_[kHistories], within_[kHistories];
  mutable HashTally tally_;
};

/// `n_bits` <= 32 bits of a code from `first_bit` on.
inline uint32_t hamming_key(const uint64_t* code, int32_t first_bit, int32_t n_bits) {
  const int32_t word = first_bit / 64, shift = first_bit % 64;
  uint64_t bits = code[word] >> shift;
  if (shift + n_bits > 64) bits |= code[word + 1] << (64 - shift);
  return static_cast<uint32_t>(bits & low_bits(n_bits));
}

}  // namespace udl
