// The multi-index hashing kernels of one CPU target. Compiled once per target with UDL_TARGET=<name>.
//
// Every look-up is a chain of cache misses: slot, start, positions, code. Blocks of keys and of codes go through the
// chain in step, so that the misses of a block overlap.
#include "kernels/hamming_hash.h"

#include "kernels/cpu/simd_hamming.h"

#define UDL_JOIN_(a, b) a##b
#define UDL_JOIN(a, b) UDL_JOIN_(a, b)
#define UDL_TEXT_(a) #a
#define UDL_TEXT(a) UDL_TEXT_(a)

namespace udl {
namespace {

constexpr int kKeysInFlight = 32;
constexpr int kCodesInFlight = 16;

UDL_ALWAYS_INLINE void prefetch(const void* p) {
#if defined(__GNUC__)
  __builtin_prefetch(p);
#else
  (void)p;
#endif
}

/// The next larger number with as many ones (Hacker's Delight, section 2-1); x != 0.
UDL_ALWAYS_INLINE uint64_t next_with_same_ones(uint64_t x) {
  const uint64_t filled = x | (x - 1);
  return (filled + 1) | (((~filled & (filled + 1)) - 1) >> (lowest_bit(x) + 1));
}

int64_t look_up(const HammingTable& table, const uint32_t* keys, int n_keys, HammingBucket* buckets) {
  uint64_t ranks[kKeysInFlight];
  int n_found = 0;
  for (int i = 0; i < n_keys; ++i) {
    const HammingSlot& slot = table.slots[keys[i] / 64];
    const uint64_t bit = uint64_t{1} << (keys[i] % 64);
    if ((slot.occupied & bit) == 0) continue;
    ranks[n_found] = slot.rank + static_cast<uint64_t>(popcount(slot.occupied & (bit - 1)));
    prefetch(table.starts + ranks[n_found]);
    ++n_found;
  }
  for (int i = 0; i < n_found; ++i) {
    buckets[i] = {table.starts[ranks[i]], table.starts[ranks[i] + 1]};
    prefetch(table.positions + buckets[i].begin);
  }
  return n_found;
}

int64_t find_buckets(const HammingTable& table, uint32_t key, int32_t radius, HammingBucket* buckets) {
  if (radius > table.n_bits) return 0;
  const uint64_t end = uint64_t{1} << table.n_bits;
  uint64_t change = (uint64_t{1} << radius) - 1;
  int64_t n_found = 0;
  for (bool more = true; more;) {
    uint32_t keys[kKeysInFlight];
    int n_keys = 0;
    for (; more && n_keys < kKeysInFlight; ++n_keys) {
      keys[n_keys] = key ^ static_cast<uint32_t>(change);
      prefetch(table.slots + keys[n_keys] / 64);
      change = change == 0 ? end : next_with_same_ones(change);
      more = change < end;
    }
    n_found += look_up(table, keys, n_keys, buckets + n_found);
  }
  return n_found;
}

template <int kWords>
int64_t measure_codes(const uint32_t* candidates, int n_candidates, const uint64_t* query, const uint64_t* codes, int64_t n_words, int32_t limit,
                      uint32_t* positions, int32_t* distances) {
  const int64_t n = kWords > 0 ? kWords : n_words;
  int64_t n_found = 0;
  for (int i = 0; i < n_candidates; ++i) {
    positions[n_found] = candidates[i];
    distances[n_found] = row_distance<kWords>(query, codes + candidates[i] * n, n);
    n_found += distances[n_found] <= limit;
  }
  return n_found;
}

template <int kWords>
int64_t measure_buckets_of(const HammingTable& table, const HammingBucket* buckets, int64_t n_buckets, const uint64_t* query, const uint64_t* codes,
                           int64_t n_words, int32_t limit, uint32_t* positions, int32_t* distances) {
  const int64_t n = kWords > 0 ? kWords : n_words;
  int64_t n_found = 0;
  uint32_t waiting[kCodesInFlight];
  int n_waiting = 0;
  for (int64_t b = 0; b < n_buckets; ++b) {
    for (uint32_t i = buckets[b].begin; i < buckets[b].end; ++i) {
      waiting[n_waiting] = table.positions[i];
      prefetch(codes + waiting[n_waiting] * n);
      if (++n_waiting < kCodesInFlight) continue;
      n_found += measure_codes<kWords>(waiting, n_waiting, query, codes, n, limit, positions + n_found, distances + n_found);
      n_waiting = 0;
    }
  }
  return n_found + measure_codes<kWords>(waiting, n_waiting, query, codes, n, limit, positions + n_found, distances + n_found);
}

int64_t measure_buckets(const HammingTable& table, const HammingBucket* buckets, int64_t n_buckets, const uint64_t* query, const uint64_t* codes,
                        int64_t n_words, int32_t limit, uint32_t* positions, int32_t* distances) {
  switch (n_words) {
    case 1: return measure_buckets_of<1>(table, buckets, n_buckets, query, codes, n_words, limit, positions, distances);
    case 2: return measure_buckets_of<2>(table, buckets, n_buckets, query, codes, n_words, limit, positions, distances);
    case 4: return measure_buckets_of<4>(table, buckets, n_buckets, query, codes, n_words, limit, positions, distances);
    default: return measure_buckets_of<0>(table, buckets, n_buckets, query, codes, n_words, limit, positions, distances);
  }
}

}  // namespace

const HammingHashKernels UDL_JOIN(hamming_hash_kernels_, UDL_TARGET) = {UDL_TEXT(UDL_TARGET), find_buckets, measure_buckets};

}  // namespace udl
