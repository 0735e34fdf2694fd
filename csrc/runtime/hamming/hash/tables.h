#pragma once
// Multi-index hashing (Norouzi, Punjani, Fleet 2014): codes cut into substrings, one table of
// buckets for each. Two codes at distance t agree in some substring to within t / n_tables bits, so
// codes near a query are found by looking up few keys. A single table whose key is the whole code
// is Hinton's semantic hashing: codes as addresses.
#include <atomic>
#include <cstdint>
#include <vector>

#include "base/bits.h"
#include "kernels/hamming_hash.h"
#include "runtime/hamming/codes.h"
#include "runtime/memory/large_array.h"
#include "runtime/threads/parallel.h"

namespace udl {

class HammingTables {
 public:
  /// Substrings of about log2(n_codes) bits: a bucket then holds about one code.
  static int32_t default_count(int64_t n_codes, int32_t n_bits);

  /// Tables of all codes, which number less than 2^30. 1 <= n_tables <= n_bits; substrings have at
  /// most kHammingMaxKeyBits bits. Tables are built side by side and take 16 bytes a code of
  /// scratch each. Once run.stopped() they are not fit for use.
  HammingTables(const HammingCodes& codes, int32_t n_tables, const Run& run);
  HammingTables(const HammingTables&) = delete;
  HammingTables& operator=(const HammingTables&) = delete;

  int32_t count() const { return static_cast<int32_t>(tables_.size()); }
  int32_t n_bits() const { return n_bits_; }
  int64_t n_codes() const { return n_codes_; }
  int64_t n_bytes() const;
  const HammingTable* tables() const { return views_.data(); }

  /// Seconds that looking up may yet lose against scanning. What it wins is added, what it loses is
  /// taken away, so that codes that are too far apart for tables cost little more than their scans.
  double credit() const { return credit_.load(std::memory_order_relaxed); }
  void add_credit(double seconds) const;

 private:
  struct Storage {
    int32_t first_bit, n_bits;
    LargeArray<HammingSlot> slots;
    LargeArray<uint32_t> entries, lists;
  };
  static void fill(Storage& table, const HammingCodes& codes, Team& team);

  int32_t n_bits_;
  int64_t n_codes_;
  std::vector<Storage> tables_;
  std::vector<HammingTable> views_;
  mutable std::atomic<double> credit_{kFirstCredit};
  static constexpr double kFirstCredit = 0.02, kMaxCredit = 0.05;
};

/// `n_bits` <= 32 bits of a code from `first_bit` on.
inline uint32_t hamming_key(const uint64_t* code, int32_t first_bit, int32_t n_bits) {
  const int32_t word = first_bit / 64, shift = first_bit % 64;
  uint64_t bits = code[word] >> shift;
  if (shift + n_bits > 64) bits |= code[word + 1] << (64 - shift);
  return static_cast<uint32_t>(bits & low_bits(n_bits));
}

}  // namespace udl
