#include "runtime/hamming/hash/tables.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/bits.h"
#include "base/error.h"
#include "base/view.h"
#include "runtime/hamming/rows.h"

namespace udl {
namespace {

constexpr int kDigitBits = 11;
constexpr int64_t kPiece = 1 << 16;  // codes or buckets between two checks for a stop

/// work(first, end) for pieces of 0 .. n - 1; false where the team is to stop.
template <class Work>
bool in_pieces(int64_t n, Team& team, Work&& work) {
  for (int64_t first = 0; first < n; first += kPiece) {
    if (team.check_stop()) return false;
    work(first, std::min(n, first + kPiece));
  }
  return true;
}

/// Sorts (key << 32 | position) by key; equal keys stay in order. `other` has as many entries;
/// returns where the result lies, or null where the team is to stop.
uint64_t* sort_by_key(uint64_t* entries, uint64_t* other, int64_t n, int32_t n_key_bits,
                      Team& team) {
  constexpr uint64_t kDigitMask = (1u << kDigitBits) - 1;
  for (int32_t shift = 32; shift < 32 + n_key_bits; shift += kDigitBits) {
    int64_t next[kDigitMask + 1] = {};
    const bool counted = in_pieces(n, team, [&](int64_t first, int64_t end) {
      for (int64_t i = first; i < end; ++i) ++next[entries[i] >> shift & kDigitMask];
    });
    if (!counted) return nullptr;
    int64_t start = 0;
    for (int64_t& place : next) start += std::exchange(place, start);
    const bool placed = in_pieces(n, team, [&](int64_t first, int64_t end) {
      for (int64_t i = first; i < end; ++i)
        other[next[entries[i] >> shift & kDigitMask]++] = entries[i];
    });
    if (!placed) return nullptr;
    std::swap(entries, other);
  }
  return entries;
}

/// False where the team is to stop.
bool write_entries(int32_t first_bit, int32_t n_key_bits, const HammingCodes& codes, Team& team,
                   uint64_t* entries) {
  constexpr int64_t kBlock = 1024;  // rows widened at once
  HammingRows rows(codes, kBlock);
  for (int64_t first = 0; first < codes.n_codes; first += kBlock) {
    if (team.check_stop()) return false;
    const int64_t n = std::min(kBlock, codes.n_codes - first);
    const uint64_t* words = rows.words(first, n);
    for (int64_t c = 0; c < n; ++c)
      entries[first + c] = uint64_t{hamming_key(words + c * codes.n_words, first_bit, n_key_bits)}
                               << 32 |
                           static_cast<uint64_t>(first + c);
  }
  return true;
}

int32_t first_key_bit(int32_t n_key_bits, int32_t table, int32_t n_tables) {
  return static_cast<int32_t>(int64_t{n_key_bits} * table / n_tables);
}

/// Bits up to the last that any code has.
int32_t used_bits(const HammingCodes& codes, const Run& run) {
  constexpr int64_t kBlock = 1024;  // rows widened at once
  std::vector<uint64_t> all(codes.n_words, 0);
  parallel_region(run.with_threads(1), [&](Team& team) {
    HammingRows rows(codes, kBlock);
    for (int64_t first = 0; first < codes.n_codes && !team.check_stop(); first += kBlock) {
      const int64_t n = std::min(kBlock, codes.n_codes - first);
      const uint64_t* words = rows.words(first, n);
      for (int64_t i = 0; i < n * codes.n_words; ++i) all[i % codes.n_words] |= words[i];
    }
  });
  for (int32_t bit = codes.n_bits; bit > 0; --bit) {
    if (bit_at(all.data(), bit - 1)) return bit;
  }
  return 0;
}

}  // namespace

double hamming_keys(int32_t n_key_bits, int32_t radius) {
  if (radius > n_key_bits) return 0.0;
  double keys = 1.0;
  for (int32_t i = 0; i < radius; ++i) keys = keys * (n_key_bits - i) / (i + 1);
  return std::round(keys);
}

double hamming_lines(int32_t n_key_bits, int32_t radius) {
  const int32_t n_upper_bits = std::max(0, n_key_bits - kHammingLineBits);
  double lines = 0.0;
  for (int32_t d = 0; d <= std::min({kHammingLineBits, n_key_bits, radius}); ++d)
    lines += hamming_keys(n_upper_bits, radius - d);
  return lines;
}

int32_t HammingTables::default_count(int64_t n_codes, int32_t n_bits) {
  // A code. Of fewer codes two tables answer sooner: a look finds a bucket, not one bit of many.
  constexpr double kMostKeys = 256.0;
  const double n = static_cast<double>(std::max<int64_t>(n_codes, 2));
  if (n_bits <= kHammingMaxKeyBits && std::ldexp(1.0, n_bits) <= kMostKeys * n) return 1;
  const double key_bits = std::clamp(std::log2(n), 8.0, static_cast<double>(kHammingMaxKeyBits));
  return static_cast<int32_t>(
      std::max<int64_t>(std::llround(n_bits / key_bits), divide_up(n_bits, kHammingMaxKeyBits)));
}

HammingTables::HammingTables(const HammingCodes& codes, int32_t n_tables, const Run& run)
    : n_bits_(codes.n_bits), n_codes_(codes.n_codes) {
  const int32_t n_used_bits = std::max(used_bits(codes, run), 1);
  const int32_t fewest = static_cast<int32_t>(divide_up(n_used_bits, kHammingMaxKeyBits));
  if (n_tables != 0 && (n_tables < fewest || n_tables > n_bits_))
    throw_invalid("HammingTables: n_tables must be between " + std::to_string(fewest) + " and " +
                  std::to_string(n_bits_) + " for codes whose last bit in use is " +
                  std::to_string(n_used_bits) + ", got " + std::to_string(n_tables));
  const int32_t n_key_bits = std::max(n_used_bits, n_tables);
  if (n_tables == 0) n_tables = default_count(n_codes_, n_key_bits);
  tables_.resize(n_tables);
  for (int32_t j = 0; j < n_tables; ++j) {
    tables_[j].first_bit = first_key_bit(n_key_bits, j, n_tables);
    tables_[j].n_bits = first_key_bit(n_key_bits, j + 1, n_tables) - tables_[j].first_bit;
  }
  parallel_region(run, [&](Team& team) {
    team.for_each(n_tables, [&](int64_t j) { fill(tables_[j], codes, team); });
  });
  lines_before_.assign(n_bits_ + 2, 0.0);
  codes_before_ = lines_before_;
  for (int32_t step = 0; step <= n_bits_; ++step) {
    const int32_t width = tables_[step % n_tables].n_bits;
    const int32_t radius = step / n_tables;
    lines_before_[step + 1] = lines_before_[step] + hamming_lines(width, radius);
    codes_before_[step + 1] =
        codes_before_[step] +
        hamming_keys(width, radius) * std::ldexp(static_cast<double>(n_codes_), -width);
  }
  for (const Storage& t : tables_)
    views_.push_back({t.occupied.data(), t.ranks.data(), t.entries.data(), t.lists.data(),
                      t.first_bit, t.n_bits});
}

void HammingTables::fill(Storage& table, const HammingCodes& codes, Team& team) {
  const int64_t n = codes.n_codes;
  LargeArray<uint64_t> scratch(2 * n);
  if (!write_entries(table.first_bit, table.n_bits, codes, team, scratch.data())) return;
  const uint64_t* sorted = sort_by_key(scratch.data(), scratch.data() + n, n, table.n_bits, team);
  if (sorted == nullptr) return;
  const auto bucket_end = [&](int64_t i) {
    const uint64_t key = sorted[i] >> 32;
    do ++i;
    while (i < n && sorted[i] >> 32 == key);
    return i;
  };
  int64_t n_buckets = 0, list_words = 0;
  for (int64_t i = 0, end; i < n; i = end, ++n_buckets) {
    if (n_buckets % kPiece == 0 && team.check_stop()) return;
    end = bucket_end(i);
    if (end - i > 1) list_words += 1 + end - i;
  }
  table.entries = LargeArray<uint32_t>(n_buckets);
  table.lists = LargeArray<uint32_t>(list_words);
  const int64_t n_lines = divide_up(int64_t{1} << table.n_bits, int64_t{1} << kHammingLineBits);
  table.occupied = LargeArray<uint64_t>(n_lines * kHammingLineWords);
  table.ranks = LargeArray<uint32_t>(table.occupied.size());
  std::fill_n(table.occupied.data(), table.occupied.size(), 0);
  int64_t bucket = 0, next = 0;
  for (int64_t i = 0, end; i < n; i = end, ++bucket) {
    if (bucket % kPiece == 0 && team.check_stop()) return;
    end = bucket_end(i);
    set_bit(table.occupied.data(), static_cast<int64_t>(sorted[i] >> 32));
    if (end - i == 1) {
      table.entries[bucket] = static_cast<uint32_t>(sorted[i]) + kHammingSingle;
      continue;
    }
    table.entries[bucket] = static_cast<uint32_t>(next);
    table.lists[next++] = static_cast<uint32_t>(end - i);
    for (int64_t c = i; c < end; ++c) table.lists[next++] = static_cast<uint32_t>(sorted[c]);
  }
  uint32_t rank = 0;
  for (int64_t w = 0; w < table.occupied.size(); ++w) {
    table.ranks[w] = rank;
    rank += static_cast<uint32_t>(popcount(table.occupied[w]));
  }
}

int64_t HammingTables::n_bytes() const {
  std::size_t n = 0;
  for (const Storage& t : tables_)
    n += t.occupied.n_bytes() + t.ranks.n_bytes() + t.entries.n_bytes() + t.lists.n_bytes();
  return static_cast<int64_t>(n);
}

}  // namespace udl
