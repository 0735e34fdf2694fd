#pragma once
// One query's way through the tables. Step t looks into table t % n_tables at distance t / n_tables
// of its key. After step t every code within distance t has been found: were one missed, each of
// its substrings would differ from the query's in more bits than were looked up, together in more
// than t.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/bits.h"
#include "base/view.h"
#include "runtime/dispatch/target.h"
#include "runtime/hamming/codes.h"
#include "runtime/hamming/hash/tables.h"
#include "runtime/hamming/rows.h"

namespace udl {

class HammingProber {
 public:
  HammingProber(const HammingTables& tables, const HammingCodes& codes, const HammingPrices& prices)
      : tables_(tables),
        codes_(codes),
        prices_(prices),
        rows_(codes, 1),
        kernels_(hamming_hash_kernels()) {}

  /// `spent` counts from here.
  void start(const uint64_t* query) {
    query_ = query;
    spent_ = prices_.query;
    codes_per_step_ = 0.0;
    n_measured_ = 0;
    keys_.resize(tables_.count());
    for (int32_t j = 0; j < tables_.count(); ++j) keys_[j] = key_of(query, j);
  }
  double spent() const { return spent_; }
  int64_t n_measured() const { return n_measured_; }

  /// Seconds that steps first .. last - 1 will take if they meet as many codes as the fullest steps
  /// so far, besides those that bits spread evenly give.
  double outlook(int32_t first, int32_t last) const {
    const double n_lines = tables_.lines_before(last) - tables_.lines_before(first);
    const double n_codes = tables_.codes_before(last) - tables_.codes_before(first) +
                           codes_per_step_ * static_cast<double>(last - first);
    return n_lines * prices_.line + n_codes * prices_.code;
  }

  /// Steps first .. last - 1, all in one round of the tables. Calls found(position, distance) once
  /// for every allowed code that these steps find first, if its distance is at most `limit`. False,
  /// with nothing called, where all that is spent would exceed the budget.
  template <class Found>
  bool steps(int32_t first, int32_t last, int32_t limit, double budget, Found&& found) {
    const int32_t n = tables_.count(), radius = first / n, first_table = first % n,
                  last_table = first_table + (last - first);
    const HammingTable* tables = tables_.tables();
    double n_lines = 0.0, most_buckets = 0.0;
    for (int32_t j = first_table; j < last_table; ++j) {
      n_lines += hamming_lines(tables[j].n_bits, radius);
      most_buckets +=
          std::min(hamming_keys(tables[j].n_bits, radius), static_cast<double>(tables_.n_codes()));
    }
    if (!pay(n_lines * prices_.line, budget)) return false;
    reserve(buckets_, static_cast<int64_t>(most_buckets));
    const int64_t n_buckets = kernels_.find_buckets(tables, first_table, last_table, keys_.data(),
                                                    radius, buckets_.data());
    int64_t n_codes = 0;
    for (int64_t b = 0; b < n_buckets; ++b) n_codes += buckets_[b].end - buckets_[b].begin;
    if (!pay(static_cast<double>(n_codes) * prices_.code, budget)) return false;
    codes_per_step_ =
        std::max(codes_per_step_, static_cast<double>(n_codes) / static_cast<double>(last - first));
    n_measured_ += n_codes;
    reserve(found_, n_codes);
    const int64_t n_found =
        kernels_.measure_buckets(tables, buckets_.data(), n_buckets, query_, codes_.bytes,
                                 codes_.n_bytes, limit, found_.data());
    for (int64_t i = 0; i < n_found; ++i) {
      const int64_t position = found_[i].position;
      if (!is_allowed(position)) continue;
      const int32_t step = radius * n + static_cast<int32_t>(found_[i].table);
      if (!found_before(step, rows_.words(position, 1))) found(position, found_[i].distance);
    }
    return true;
  }

 private:
  bool pay(double seconds, double budget) {
    if (spent_ + seconds > budget) return false;
    spent_ += seconds;
    return true;
  }

  bool is_allowed(int64_t position) const {
    return codes_.allowed == nullptr || bit_at(codes_.allowed, position);
  }

  template <class T>
  static void reserve(std::vector<T>& room, int64_t n) {
    if (static_cast<int64_t>(room.size()) < n) room.resize(n);
  }

  uint32_t key_of(const uint64_t* code, int32_t j) const {
    const HammingTable& table = tables_.tables()[j];
    return hamming_key(code, table.first_bit, table.n_bits);
  }

  /// True if a step before `step` finds the code too. Most codes that lie in several buckets are
  /// told by the first tables.
  bool found_before(int32_t step, const uint64_t* code) const {
    const int32_t n = tables_.count();
    for (int32_t j = 0; j < n; ++j) {
      if (n * count_ones(keys_[j] ^ key_of(code, j)) + j < step) return true;
    }
    return false;
  }

  static int32_t count_ones(uint32_t x) {
    x -= x >> 1 & 0x55555555u;
    x = (x & 0x33333333u) + (x >> 2 & 0x33333333u);
    return static_cast<int32_t>(((x + (x >> 4)) & 0x0F0F0F0Fu) * 0x01010101u >> 24);
  }

  const HammingTables& tables_;
  const HammingCodes& codes_;
  const HammingPrices& prices_;
  HammingRows rows_;
  const HammingHashKernels& kernels_;
  double spent_ = 0.0, codes_per_step_ = 0.0;
  int64_t n_measured_ = 0;
  const uint64_t* query_ = nullptr;
  std::vector<uint32_t> keys_;
  std::vector<HammingBucket> buckets_;
  std::vector<HammingCandidate> found_;
};

}  // namespace udl
