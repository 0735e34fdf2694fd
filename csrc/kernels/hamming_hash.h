#pragma once
// Contract of the multi-index hashing kernels of one CPU target (Norouzi, Punjani, Fleet, "Fast
// exact search in Hamming space with multi-index hashing", PAMI 2014): looking up buckets and
// measuring what lies in them.
//
// A table holds the positions of all codes, grouped by `n_bits` of their bits, the key. Which keys
// occur is a bitmap of 2^n_bits bits with the number of earlier ones beside each word, so that
// empty buckets cost two bits of memory and one look at a small table.
#include <cstdint>

namespace udl {

constexpr int kHammingMaxKeyBits = 28;

/// 512 keys, a line of the cache, are looked at together.
constexpr int kHammingLineBits = 9, kHammingLineWords = 8;

struct HammingTable {
  /// Bit i: key i occurs. Whole lines, aligned to 64 bytes; bits behind the last key are 0.
  const uint64_t* occupied;
  const uint32_t* ranks;  ///< of a word of `occupied`: keys below its own that occur
  /// By rank of the key: the position of its only code with kHammingSingle added, or where its list
  /// starts in `lists`: a number of positions, then these, ascending.
  const uint32_t* entries;
  const uint32_t* lists;
  int32_t first_bit;  ///< of the key in a code
  int32_t n_bits;     ///< at most kHammingMaxKeyBits
};

constexpr uint32_t kHammingSingle = uint32_t{1} << 31;

/// end - begin codes: the positions lists[begin] .. lists[end - 1] of the table, or, if
/// kHammingSingle is added to `table`, the position `begin` itself.
struct HammingBucket {
  uint32_t begin, end;
  uint32_t table;
};

struct HammingCandidate {
  uint32_t position;
  uint32_t table;  ///< of the bucket
  int32_t distance;
};

struct HammingHashKernels {
  const char* target;

  /// For tables first .. last - 1: the buckets of keys that differ from keys[table] in exactly
  /// `radius` bits, without the empty ones, in any order within a table. `buckets` has room for all
  /// of them: at most binomial(n_bits, radius), and at most the occupied keys, of each table.
  /// Returns their number.
  int64_t (*find_buckets)(const HammingTable* tables, int32_t first, int32_t last,
                          const uint32_t* keys, int32_t radius, HammingBucket* buckets);

  /// Codes (packed rows of n_bytes bytes) of the buckets at a distance <= limit of the query
  /// (words, zero behind the code's bytes), in the order of the buckets. `found` has room for all
  /// codes of the buckets. Returns the number found.
  int64_t (*measure_buckets)(const HammingTable* tables, const HammingBucket* buckets,
                             int64_t n_buckets, const uint64_t* query, const uint8_t* codes,
                             int64_t n_bytes, int32_t limit, HammingCandidate* found);
};

extern const HammingHashKernels hamming_hash_kernels_baseline;
extern const HammingHashKernels hamming_hash_kernels_avx2;
extern const HammingHashKernels hamming_hash_kernels_avx512;

}  // namespace udl
