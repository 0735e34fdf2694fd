#pragma once
// Products of bits with integers by look-up tables (the method of the four Russians).
//
// Four bits of the reduction choose one of 16 pre-added rows of 16 lanes, so one vector addition does
// the work of 64 multiply-adds. A word of 64 bits uses 16 tables of 1 KB: 16 KB, which stay in the L1
// cache while all rows of the minibatch pass over them. An entry is one cache line.
//
// Bound: one 64-byte load and one addition per (row, 4 bits, 16 lanes); two 32-byte loads or one
// 64-byte load a clock give 64 multiply-adds a clock, four times what fma reaches.
#include <algorithm>

#include "base/view.h"
#include "kernels/cpu/simd.h"
#include "kernels/rbm.h"

#if defined(__GNUC__) && defined(__x86_64__) && !defined(UDL_NO_ASSEMBLY)
#define UDL_TABLE_ASSEMBLY 1
#endif

namespace udl {
namespace {

constexpr int kGroupBits = 4;
constexpr int kGroupsPerWord = kWordBits / kGroupBits;
constexpr int kEntries = 1 << kGroupBits;
constexpr int kTableInts = kEntries * kTileUnits;
constexpr int kRowsAtOnce = 4;

/// All 16 sums of the four rows a, b, c, d; entry bits 0..3 stand for a..d. Entry 0, the empty sum, is
/// zero in every table: scratch is handed over zeroed and nothing ever writes it.
UDL_ALWAYS_INLINE void build_table(int32_t* table, i32x16 a, i32x16 b, i32x16 c, i32x16 d) {
  const i32x16 low[4] = {broadcast(0), a, b, a + b};
  const i32x16 high[4] = {broadcast(0), c, d, c + d};
  for (int i = 1; i < 4; ++i) store(table + i * kTileUnits, low[i]);
  for (int j = 1; j < 4; ++j) {
    store(table + 4 * j * kTileUnits, high[j]);
    for (int i = 1; i < 4; ++i) store(table + (4 * j + i) * kTileUnits, low[i] + high[j]);
  }
}

/// sum += table entry of bits 4 kGroup .. 4 kGroup + 3 of `word`.
///
/// The assembly keeps the three or four instructions a step needs: rotate the four bits to bits 3..6,
/// mask, add from memory with scale 8 (an entry is 64 bytes). Left to itself the compiler computes
/// the indices of all 16 groups first and spills them: half the speed.
template <int kGroup>
UDL_ALWAYS_INLINE void add_entry(const int32_t* tables, uint64_t word, i32x16& sum) {
  constexpr int kTableBytes = kTableInts * static_cast<int>(sizeof(int32_t));
#if defined(UDL_TABLE_ASSEMBLY) && defined(UDL_TARGET_AVX512)
  uint64_t index;
  asm volatile(
      "rorx %[rotate], %[word], %[index]\n\t"
      "and $120, %k[index]\n\t"
      "vpaddd %c[offset](%[tables], %[index], 8), %[sum], %[sum]"
      : [index] "=&r"(index), [sum] "+v"(sum.v)
      : [word] "r"(word), [tables] "r"(tables), [rotate] "i"((kGroup * kGroupBits + 61) % 64),
        [offset] "i"(kGroup * kTableBytes)
      : "cc");
#elif defined(UDL_TABLE_ASSEMBLY) && defined(UDL_TARGET_AVX2)
  uint64_t index;
  asm volatile(
      "rorx %[rotate], %[word], %[index]\n\t"
      "and $120, %k[index]\n\t"
      "vpaddd %c[offset](%[tables], %[index], 8), %[low], %[low]\n\t"
      "vpaddd %c[offset]+32(%[tables], %[index], 8), %[high], %[high]"
      : [index] "=&r"(index), [low] "+x"(sum.a), [high] "+x"(sum.b)
      : [word] "r"(word), [tables] "r"(tables), [rotate] "i"((kGroup * kGroupBits + 61) % 64),
        [offset] "i"(kGroup * kTableBytes)
      : "cc");
#else
  const int index = static_cast<int>(word >> (kGroup * kGroupBits)) & (kEntries - 1);
  sum = sum + load(tables + kGroup * kTableBytes / static_cast<int>(sizeof(int32_t)) + index * kTileUnits);
#endif
}

/// Groups kFirst .. kEnd - 1 for four rows; the rows alternate so that no addition waits for the last.
template <int kFirst, int kEnd>
UDL_ALWAYS_INLINE void add_groups(const int32_t* tables, const uint64_t (&words)[kRowsAtOnce], i32x16 (&sums)[kRowsAtOnce]) {
  if constexpr (kFirst < kEnd) {
    for (int r = 0; r < kRowsAtOnce; ++r) add_entry<kFirst>(tables, words[r], sums[r]);
    add_groups<kFirst + 1, kEnd>(tables, words, sums);
  }
}

/// One word column against its tables, all rows. kGroups is fixed at compile time to unroll.
template <int kGroups, bool kOverwrite>
void add_word(const int32_t* tables, const uint64_t* words, int64_t rows, int32_t* sums) {
  for (int64_t r = 0; r < rows; r += kRowsAtOnce) {
    int32_t* out = sums + r * kTileUnits;
    i32x16 acc[kRowsAtOnce];
    for (int k = 0; k < kRowsAtOnce; ++k) acc[k] = kOverwrite ? broadcast(0) : load(out + k * kTileUnits);
    const uint64_t word[kRowsAtOnce] = {words[r], words[r + 1], words[r + 2], words[r + 3]};
    add_groups<0, kGroups>(tables, word, acc);
    for (int k = 0; k < kRowsAtOnce; ++k) store(out + k * kTileUnits, acc[k]);
  }
}

using AddWord = void (*)(const int32_t*, const uint64_t*, int64_t, int32_t*);
template <bool kOverwrite>
AddWord add_word_for(int64_t n_groups) {
  static constexpr AddWord table[kGroupsPerWord + 1] = {
      nullptr, add_word<1, kOverwrite>, add_word<2, kOverwrite>, add_word<3, kOverwrite>,
      add_word<4, kOverwrite>, add_word<5, kOverwrite>, add_word<6, kOverwrite>, add_word<7, kOverwrite>,
      add_word<8, kOverwrite>, add_word<9, kOverwrite>, add_word<10, kOverwrite>, add_word<11, kOverwrite>,
      add_word<12, kOverwrite>, add_word<13, kOverwrite>, add_word<14, kOverwrite>, add_word<15, kOverwrite>,
      add_word<16, kOverwrite>};
  return table[n_groups];
}

/// sums[row] (+)= sum over set bits of the integer rows that `build_group(group, table)` tabulates.
/// `bits` rows are padded to a multiple of 4 with readable memory; reduction length is bits.columns.
template <class BuildGroup>
void table_product(const BitMatrixView& bits, bool accumulate, int32_t* tables, int32_t* sums, BuildGroup&& build_group) {
  const int64_t n_groups = divide_up(bits.columns, kGroupBits);
  for (int64_t first = 0; first < n_groups; first += kGroupsPerWord) {
    const int64_t count = std::min<int64_t>(kGroupsPerWord, n_groups - first);
    for (int64_t g = 0; g < count; ++g) build_group(first + g, tables + g * kTableInts);
    const uint64_t* words = bits.word_column(first / kGroupsPerWord);
    const bool overwrite = first == 0 && !accumulate;
    (overwrite ? add_word_for<true>(count) : add_word_for<false>(count))(tables, words, bits.rows, sums);
  }
}

}  // namespace
}  // namespace udl
