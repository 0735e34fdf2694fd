// The multi-index hashing kernels of one CPU target. Compiled once per target with
// UDL_TARGET=<name>.
//
// Every look-up is a chain of cache misses: line, rank, entry, list, code. Blocks of keys and of
// codes go through the chain in step, so that the misses of a block overlap.
#include "kernels/hamming_hash.h"

#include <cstring>

#include "base/bits.h"
#include "kernels/cpu/simd/codes.h"
#include "kernels/cpu/target_name.h"

namespace udl {
namespace {

constexpr int kLinesInFlight = 64;
constexpr int kKeysInFlight = 256;
constexpr int kCodesInFlight = 32;
constexpr int kTablesInFlight = 16;

/// The next larger number with as many ones (Hacker's Delight, section 2-1); x != 0.
UDL_ALWAYS_INLINE uint64_t next_with_same_ones(uint64_t x) {
  const uint64_t filled = x | (x - 1);
  return (filled + 1) | (((~filled & (filled + 1)) - 1) >> (lowest_bit(x) + 1));
}

/// Which keys of a line are wanted.
struct LineMask {
  uint64_t words[kHammingLineWords];
};

/// A line that has been asked for.
struct Lookup {
  uint32_t table, line;
  const LineMask* wanted;
};

/// An occupied key whose rank has been asked for.
struct Occupied {
  uint32_t table, word;
  uint64_t below;  ///< keys of its word that occur, and are smaller
};

/// The buckets of occupied keys.
int64_t read_entries(const HammingTable* tables, const Occupied* keys, int n_keys,
                     HammingBucket* buckets) {
  uint64_t ranks[kKeysInFlight];
  for (int i = 0; i < n_keys; ++i) {
    const HammingTable& table = tables[keys[i].table];
    ranks[i] = table.ranks[keys[i].word] + static_cast<uint64_t>(popcount(keys[i].below));
    prefetch(table.entries + ranks[i]);
  }
  for (int i = 0; i < n_keys; ++i) {
    const HammingTable& table = tables[keys[i].table];
    const uint32_t entry = table.entries[ranks[i]];
    if ((entry & kHammingSingle) != 0) {
      buckets[i] = {entry - kHammingSingle, entry - kHammingSingle + 1,
                    keys[i].table | kHammingSingle};
      continue;
    }
    buckets[i] = {entry + 1, 0, keys[i].table};
    prefetch(table.lists + entry);
  }
  for (int i = 0; i < n_keys; ++i) {
    if ((buckets[i].table & kHammingSingle) == 0)
      buckets[i].end = buckets[i].begin + tables[buckets[i].table].lists[buckets[i].begin - 1];
  }
  return n_keys;
}

bool has_wanted(const uint64_t* line, const LineMask& wanted) {
  uint64_t any = 0;
  for (int w = 0; w < kHammingLineWords; ++w) any |= line[w] & wanted.words[w];
  return any != 0;
}

/// The buckets of the wanted keys of lines, which have been asked for.
int64_t look_up(const HammingTable* tables, const Lookup* lookups, int n_lookups,
                HammingBucket* buckets) {
  Occupied keys[kKeysInFlight];
  int n_keys = 0;
  int64_t n_found = 0;
  for (int i = 0; i < n_lookups; ++i) {
    const HammingTable& table = tables[lookups[i].table];
    const uint32_t first_word = kHammingLineWords * lookups[i].line;
    const uint64_t* line = table.occupied + first_word;
    if (!has_wanted(line, *lookups[i].wanted)) continue;
    for (uint32_t w = 0; w < kHammingLineWords; ++w) {
      for (uint64_t left = line[w] & lookups[i].wanted->words[w]; left != 0; left &= left - 1) {
        const uint64_t lower = (left & (~left + 1)) - 1;
        keys[n_keys] = {lookups[i].table, first_word + w, line[w] & lower};
        prefetch(table.ranks + first_word + w);
        if (++n_keys < kKeysInFlight) continue;
        n_found += read_entries(tables, keys, n_keys, buckets + n_found);
        n_keys = 0;
      }
    }
  }
  return n_found + read_entries(tables, keys, n_keys, buckets + n_found);
}

constexpr int kWordKeyBits = 6;  // of a key: its place in a word

/// Bit i of the result is bit i ^ place of `bits`.
uint64_t at_changed_places(uint64_t bits, uint32_t place) {
  constexpr uint64_t kLower[kWordKeyBits] = {0x5555555555555555, 0x3333333333333333,
                                             0x0F0F0F0F0F0F0F0F, 0x00FF00FF00FF00FF,
                                             0x0000FFFF0000FFFF, 0x00000000FFFFFFFF};
  for (int b = 0; b < kWordKeyBits; ++b) {
    if ((place >> b & 1) == 0) continue;
    const int shift = 1 << b;
    bits = (bits & kLower[b]) << shift | (bits >> shift & kLower[b]);
  }
  return bits;
}

/// masks[d], d <= min(radius, kHammingLineBits): the keys of a line whose lowest bits differ from
/// those of `key` in exactly d bits.
void fill_masks(uint32_t key, int32_t radius, LineMask* masks) {
  // Bit i of kOnes[d]: number i has d ones.
  constexpr uint64_t kOnes[kWordKeyBits + 1] = {
      0x0000000000000001, 0x0000000100010116, 0x0001011601161668, 0x0116166816686880,
      0x1668688068808000, 0x6880800080000000, 0x8000000000000000};
  uint64_t in_word[kWordKeyBits + 1];
  for (int d = 0; d <= kWordKeyBits; ++d) in_word[d] = at_changed_places(kOnes[d], key % 64);
  for (int32_t d = 0; d <= kHammingLineBits && d <= radius; ++d) {
    for (uint32_t w = 0; w < kHammingLineWords; ++w) {
      const int32_t rest = d - popcount(w ^ (key / 64 % kHammingLineWords));
      masks[d].words[w] = rest < 0 || rest > kWordKeyBits ? 0 : in_word[rest];
    }
  }
}

/// Keys that share all but their lowest bits share a line: one look answers for all of them.
int64_t find_in_some(const HammingTable* tables, int32_t first, int32_t last, const uint32_t* keys,
                     int32_t radius, HammingBucket* buckets) {
  LineMask masks[kTablesInFlight][kHammingLineBits + 1];
  Lookup lookups[kLinesInFlight];
  int n_lookups = 0;
  int64_t n_found = 0;
  for (int32_t t = first; t < last; ++t) {
    fill_masks(keys[t], radius, masks[t - first]);
    const int32_t n_upper_bits =
        tables[t].n_bits > kHammingLineBits ? tables[t].n_bits - kHammingLineBits : 0;
    const uint64_t end = uint64_t{1} << n_upper_bits;
    for (int32_t d = 0; d <= kHammingLineBits && d <= radius; ++d) {
      uint64_t change = low_bits(radius - d);
      while (change < end) {
        const uint32_t line = (keys[t] >> kHammingLineBits) ^ static_cast<uint32_t>(change);
        lookups[n_lookups] = {static_cast<uint32_t>(t), line, &masks[t - first][d]};
        prefetch(tables[t].occupied + kHammingLineWords * line);
        if (++n_lookups == kLinesInFlight) {
          n_found += look_up(tables, lookups, n_lookups, buckets + n_found);
          n_lookups = 0;
        }
        change = change == 0 ? end : next_with_same_ones(change);
      }
    }
  }
  return n_found + look_up(tables, lookups, n_lookups, buckets + n_found);
}

int64_t find_buckets(const HammingTable* tables, int32_t first, int32_t last, const uint32_t* keys,
                     int32_t radius, HammingBucket* buckets) {
  int64_t n_found = 0;
  for (int32_t t = first; t < last; t += kTablesInFlight) {
    const int32_t end = last - t < kTablesInFlight ? last : t + kTablesInFlight;
    n_found += find_in_some(tables, t, end, keys, radius, buckets + n_found);
  }
  return n_found;
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
