// The multi-index hashing kernels of one CPU target. Compiled once per target with
// UDL_TARGET=<name>.
//
// Every look-up is a chain of cache misses: slot, entry, list, code. Blocks of keys and of codes go
// through the chain in step, so that the misses of a block overlap.
#include "kernels/hamming_hash.h"

#include <cstring>

#include "base/bits.h"
#include "kernels/cpu/simd/codes.h"
#include "kernels/cpu/target_name.h"

namespace udl {
namespace {

constexpr int kKeysInFlight = 256;
constexpr int kCodesInFlight = 32;

/// The next larger number with as many ones (Hacker's Delight, section 2-1); x != 0.
UDL_ALWAYS_INLINE uint64_t next_with_same_ones(uint64_t x) {
  const uint64_t filled = x | (x - 1);
  return (filled + 1) | (((~filled & (filled + 1)) - 1) >> (lowest_bit(x) + 1));
}

/// A key on its way through a table.
struct Lookup {
  uint32_t table, key;
  uint64_t rank;
};

/// The buckets of the keys of `lookups`, whose slots have been asked for.
int64_t look_up(const HammingTable* tables, Lookup* lookups, int n_lookups,
                HammingBucket* buckets) {
  int n_found = 0;
  for (int i = 0; i < n_lookups; ++i) {
    const Lookup lookup = lookups[i];
    const HammingTable& table = tables[lookup.table];
    const HammingSlot& slot = table.slots[lookup.key / 64];
    const uint64_t bit = uint64_t{1} << (lookup.key % 64);
    if ((slot.occupied & bit) == 0) continue;
    lookups[n_found] = {lookup.table, lookup.key,
                        slot.rank + static_cast<uint64_t>(popcount(slot.occupied & (bit - 1)))};
    prefetch(table.entries + lookups[n_found].rank);
    ++n_found;
  }
  for (int i = 0; i < n_found; ++i) {
    const HammingTable& table = tables[lookups[i].table];
    const uint32_t entry = table.entries[lookups[i].rank];
    if ((entry & kHammingSingle) != 0) {
      buckets[i] = {entry - kHammingSingle, entry - kHammingSingle + 1,
                    lookups[i].table | kHammingSingle};
      continue;
    }
    buckets[i] = {entry + 1, 0, lookups[i].table};
    prefetch(table.lists + entry);
  }
  for (int i = 0; i < n_found; ++i) {
    if ((buckets[i].table & kHammingSingle) == 0)
      buckets[i].end = buckets[i].begin + tables[buckets[i].table].lists[buckets[i].begin - 1];
  }
  return n_found;
}

int64_t find_buckets(const HammingTable* tables, int32_t first, int32_t last, const uint32_t* keys,
                     int32_t radius, HammingBucket* buckets) {
  Lookup lookups[kKeysInFlight];
  int n_lookups = 0;
  int64_t n_found = 0;
  for (int32_t t = first; t < last; ++t) {
    const uint64_t end = uint64_t{1} << tables[t].n_bits;
    uint64_t change = low_bits(radius);
    while (change < end) {
      lookups[n_lookups] = {static_cast<uint32_t>(t), keys[t] ^ static_cast<uint32_t>(change), 0};
      prefetch(tables[t].slots + lookups[n_lookups].key / 64);
      if (++n_lookups == kKeysInFlight) {
        n_found += look_up(tables, lookups, n_lookups, buckets + n_found);
        n_lookups = 0;
      }
      change = change == 0 ? end : next_with_same_ones(change);
    }
  }
  return n_found + look_up(tables, lookups, n_lookups, buckets + n_found);
}

/// Codes of the buckets that wait for their words to arrive.
struct Waiting {
  uint32_t position, table;
};

/// The word at `bytes`, of which `n_bytes` <= 8 count.
UDL_ALWAYS_INLINE uint64_t partial_word(const uint8_t* bytes, int64_t n_bytes) {
  uint64_t word = 0;
  for (int64_t i = 0; i < n_bytes; ++i) word |= uint64_t{bytes[i]} << (8 * i);
  return word;
}

UDL_ALWAYS_INLINE uint64_t whole_word(const uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

/// The distance of a code of any number of bytes, at any address.
int32_t unpadded_distance(const uint64_t* query, const uint8_t* code, int64_t n_bytes) {
  if (n_bytes < 8) return popcount(query[0] ^ partial_word(code, n_bytes));
  int32_t sum = 0;
  int64_t w = 0;
  for (; 8 * w + 8 <= n_bytes; ++w) sum += popcount(query[w] ^ whole_word(code + 8 * w));
  const int64_t rest = n_bytes - 8 * w;
  if (rest > 0) sum += popcount(query[w] ^ whole_word(code + n_bytes - 8) >> (8 * (8 - rest)));
  return sum;
}

constexpr int kUnpadded = -1;  // in place of a number of words: rows are no whole words

template <int kWords>
UDL_ALWAYS_INLINE int32_t code_distance(const uint64_t* query, const uint8_t* code,
                                        int64_t n_bytes) {
  if (kWords == kUnpadded) return unpadded_distance(query, code, n_bytes);
  return row_distance<kWords == kUnpadded ? 0 : kWords>(
      query, reinterpret_cast<const uint64_t*>(code), n_bytes / 8);
}

/// Codes are asked for kCodesInFlight before they are measured: a ring of those that wait.
template <int kWords>
int64_t measure_buckets_of(const HammingTable* tables, const HammingBucket* buckets,
                           int64_t n_buckets, const uint64_t* query, const uint8_t* codes,
                           int64_t n_bytes, int32_t limit, HammingCandidate* found) {
  const int64_t n = kWords > 0 ? 8 * kWords : n_bytes;
  Waiting waiting[kCodesInFlight];
  int64_t n_asked = 0, n_found = 0;
  const auto measure = [&](const Waiting& w) {
    found[n_found] = {w.position, w.table, code_distance<kWords>(query, codes + w.position * n, n)};
    n_found += found[n_found].distance <= limit;
  };
  for (int64_t b = 0; b < n_buckets; ++b) {
    const uint32_t table = buckets[b].table & ~kHammingSingle;
    const uint32_t* list = buckets[b].table == table ? tables[table].lists : nullptr;
    for (uint32_t i = buckets[b].begin; i < buckets[b].end; ++i, ++n_asked) {
      Waiting& place = waiting[n_asked % kCodesInFlight];
      if (n_asked >= kCodesInFlight) measure(place);
      place = {list != nullptr ? list[i] : i, table};
      prefetch(codes + place.position * n);
    }
  }
  for (int64_t i = n_asked < kCodesInFlight ? 0 : n_asked - kCodesInFlight; i < n_asked; ++i)
    measure(waiting[i % kCodesInFlight]);
  return n_found;
}

int64_t measure_buckets(const HammingTable* tables, const HammingBucket* buckets, int64_t n_buckets,
                        const uint64_t* query, const uint8_t* codes, int64_t n_bytes, int32_t limit,
                        HammingCandidate* found) {
  const bool in_words = n_bytes % 8 == 0 && reinterpret_cast<std::uintptr_t>(codes) % 8 == 0;
  if (!in_words)
    return measure_buckets_of<kUnpadded>(tables, buckets, n_buckets, query, codes, n_bytes, limit,
                                         found);
  switch (n_bytes / 8) {
    case 1:
      return measure_buckets_of<1>(tables, buckets, n_buckets, query, codes, n_bytes, limit, found);
    case 2:
      return measure_buckets_of<2>(tables, buckets, n_buckets, query, codes, n_bytes, limit, found);
    case 4:
      return measure_buckets_of<4>(tables, buckets, n_buckets, query, codes, n_bytes, limit, found);
    default:
      return measure_buckets_of<0>(tables, buckets, n_buckets, query, codes, n_bytes, limit, found);
  }
}

constexpr HammingHashKernels all_kernels() {
  HammingHashKernels kernels{};
  kernels.target = UDL_TEXT(UDL_TARGET);
  kernels.find_buckets = find_buckets;
  kernels.measure_buckets = measure_buckets;
  return kernels;
}

}  // namespace

const HammingHashKernels UDL_JOIN(hamming_hash_kernels_, UDL_TARGET) = all_kernels();

}  // namespace udl
