#pragma once
// Products of bits with integers by look-up tables (the method of the four Russians).
//
// A few bits of the reduction choose one of the pre-added rows of 16 lanes, so one vector addition does
// the work of 64 or 80 multiply-adds. An entry is one cache line. Two ways to cut a word of 64 bits:
//
//   fours   16 groups of 4 bits: 16 tables of 1 KB, 15 additions to build each
//   fives   12 groups of 5 bits and one of 4: 12 tables of 2 KB and one of 1 KB, 31 additions each
//
// Both fit the L1 cache, where the tables stay while all rows pass over them. Fives need 13 steps a word
// instead of 16 but twice the building, which pays from kFivesFromRows rows on (docs/kernels.md).
//
// Bound: one 64-byte load and one addition per (row, group, 16 lanes); two 32-byte loads or one 64-byte
// load a clock give 64 to 79 multiply-adds a clock, four to five times what fma reaches.
#include <algorithm>

#include "base/view.h"
#include "kernels/cpu/simd.h"
#include "kernels/rbm.h"

#if defined(__GNUC__) && defined(__x86_64__) && !defined(UDL_NO_ASSEMBLY)
#define UDL_TABLE_ASSEMBLY 1
#endif

namespace udl {
namespace {

constexpr int64_t kFivesFromRows = 256;
constexpr int kRowsAtOnce = 4;
constexpr int kEntryBytes = kTileUnits * static_cast<int>(sizeof(int32_t));

/// Tables of a word: group g covers bits g * kBits .. and its table starts at entry g << kBits.
template <int kGroupBits>
struct Cut {
  static constexpr int kBits = kGroupBits;
  static constexpr int kGroups = (kWordBits + kGroupBits - 1) / kGroupBits;
};
using Fours = Cut<4>;
using Fives = Cut<5>;

constexpr int64_t kFoursTables = 0;  ///< where each cut's tables start in the scratch, in integers
constexpr int64_t kFivesTables = (Fours::kGroups << Fours::kBits) * kTileUnits;
constexpr int64_t kStagedRows = kFivesTables + (Fives::kGroups << Fives::kBits) * kTileUnits;
static_assert(kStagedRows + kWordBits * kTileUnits == kTableScratch, "kernels/rbm.h states the size of the scratch");

/// All sums of kBits rows; bit b of an entry's number stands for rows[b]. Entry 0, the empty sum, is zero
/// in every table: scratch is handed over zeroed and nothing ever writes it.
template <int kBits>
UDL_ALWAYS_INLINE void build_table(int32_t* table, const i32x16 (&rows)[kBits]) {
  constexpr int kHalf = 1 << (kBits - 1);
  i32x16 sums[kHalf];  // of all rows but the last
  sums[0] = broadcast(0);
  for (int b = 0; b < kBits - 1; ++b)
    for (int i = 0; i < 1 << b; ++i) sums[(1 << b) + i] = sums[i] + rows[b];
  for (int i = 1; i < kHalf; ++i) store(table + i * kTileUnits, sums[i]);
  for (int i = 0; i < kHalf; ++i) store(table + (kHalf + i) * kTileUnits, sums[i] + rows[kBits - 1]);
}

/// sum += the entry that the bits of group kGroup choose.
///
/// The assembly keeps the three or four instructions a step needs: rotate the group to bit 3, mask, add
/// from memory with scale 8 (an entry is 64 bytes). Left to itself the compiler computes the indices of
/// all groups first and spills them: half the speed. Tables are written before and read here, which the
/// compiler learns from the memory barrier in add_word.
template <class Cut, int kGroup>
UDL_ALWAYS_INLINE void add_entry(const int32_t* tables, uint64_t word, i32x16& sum) {
  constexpr int kFirstBit = kGroup * Cut::kBits;
  constexpr int kMask = (1 << std::min(Cut::kBits, kWordBits - kFirstBit)) - 1;
  [[maybe_unused]] constexpr int kOffset = (kGroup << Cut::kBits) * kEntryBytes;
#if defined(UDL_TABLE_ASSEMBLY) && defined(UDL_TARGET_AVX512)
  uint64_t index;
  asm volatile(
      "rorx %[rotate], %[word], %[index]\n\t"
      "and %[mask], %k[index]\n\t"
      "vpaddd %c[offset](%[tables], %[index], 8), %[sum], %[sum]"
      : [index] "=&r"(index), [sum] "+v"(sum.v)
      : [word] "r"(word), [tables] "r"(tables), [rotate] "i"((kFirstBit + 61) % 64), [mask] "i"(8 * kMask), [offset] "i"(kOffset)
      : "cc");
#elif defined(UDL_TABLE_ASSEMBLY) && defined(UDL_TARGET_AVX2)
  uint64_t index;
  asm volatile(
      "rorx %[rotate], %[word], %[index]\n\t"
      "and %[mask], %k[index]\n\t"
      "vpaddd %c[offset](%[tables], %[index], 8), %[low], %[low]\n\t"
      "vpaddd %c[offset]+32(%[tables], %[index], 8), %[high], %[high]"
      : [index] "=&r"(index), [low] "+x"(sum.a), [high] "+x"(sum.b)
      : [word] "r"(word), [tables] "r"(tables), [rotate] "i"((kFirstBit + 61) % 64), [mask] "i"(8 * kMask), [offset] "i"(kOffset)
      : "cc");
#else
  const int index = static_cast<int>(word >> kFirstBit) & kMask;
  sum = sum + load(tables + ((kGroup << Cut::kBits) + index) * kTileUnits);
#endif
}

/// Groups kFirst .. kEnd - 1 for four rows; the rows alternate so that no addition waits for the last.
template <class Cut, int kFirst, int kEnd>
UDL_ALWAYS_INLINE void add_groups(const int32_t* tables, const uint64_t (&words)[kRowsAtOnce], i32x16 (&sums)[kRowsAtOnce]) {
  if constexpr (kFirst < kEnd) {
    for (int r = 0; r < kRowsAtOnce; ++r) add_entry<Cut, kFirst>(tables, words[r], sums[r]);
    add_groups<Cut, kFirst + 1, kEnd>(tables, words, sums);
  }
}

/// The first kGroups groups of one word column against their tables, all rows.
template <class Cut, int kGroups, bool kOverwrite>
void add_word(const int32_t* tables, const uint64_t* words, int64_t rows, int32_t* sums) {
#if defined(UDL_TABLE_ASSEMBLY)
  asm volatile("" : : "r"(tables) : "memory");  // the assembly of add_entry reads what was stored before
#endif
  for (int64_t r = 0; r < rows; r += kRowsAtOnce) {
    int32_t* out = sums + r * kTileUnits;
    i32x16 acc[kRowsAtOnce];
    for (int k = 0; k < kRowsAtOnce; ++k) acc[k] = kOverwrite ? broadcast(0) : load(out + k * kTileUnits);
    const uint64_t word[kRowsAtOnce] = {words[r], words[r + 1], words[r + 2], words[r + 3]};
    add_groups<Cut, 0, kGroups>(tables, word, acc);
    for (int k = 0; k < kRowsAtOnce; ++k) store(out + k * kTileUnits, acc[k]);
  }
}

using AddWord = void (*)(const int32_t*, const uint64_t*, int64_t, int32_t*);
template <bool kOverwrite>
AddWord add_fours(int64_t n_groups) {
  static constexpr AddWord table[Fours::kGroups + 1] = {
      nullptr,
      add_word<Fours, 1, kOverwrite>,  add_word<Fours, 2, kOverwrite>,  add_word<Fours, 3, kOverwrite>,  add_word<Fours, 4, kOverwrite>,
      add_word<Fours, 5, kOverwrite>,  add_word<Fours, 6, kOverwrite>,  add_word<Fours, 7, kOverwrite>,  add_word<Fours, 8, kOverwrite>,
      add_word<Fours, 9, kOverwrite>,  add_word<Fours, 10, kOverwrite>, add_word<Fours, 11, kOverwrite>, add_word<Fours, 12, kOverwrite>,
      add_word<Fours, 13, kOverwrite>, add_word<Fours, 14, kOverwrite>, add_word<Fours, 15, kOverwrite>, add_word<Fours, 16, kOverwrite>};
  return table[n_groups];
}
template <bool kOverwrite>
constexpr AddWord kAddFives = add_word<Fives, Fives::kGroups, kOverwrite>;

template <class WordRows>
UDL_ALWAYS_INLINE void build_fours(int64_t n_groups, int32_t* tables, const WordRows& source) {
  for (int64_t g = 0; g < n_groups; ++g) {
    i32x16 rows[4];
    source.four(4 * g, rows);
    build_table<4>(tables + (g << 4) * kTileUnits, rows);
  }
}

template <class WordRows>
UDL_ALWAYS_INLINE void build_fives(int32_t* tables, const WordRows& source) {
  constexpr int kWhole = kWordBits / 5;
  for (int64_t g = 0; g < kWhole; ++g) {
    i32x16 rows[5];
    for (int b = 0; b < 5; ++b) rows[b] = source.row(5 * g + b);
    build_table<5>(tables + (g << 5) * kTileUnits, rows);
  }
  i32x16 rest[4];
  source.four(5 * kWhole, rest);
  build_table<4>(tables + (kWhole << 5) * kTileUnits, rest);
}

/// sums[r] (+)= sum over set bits n of row r of integer row n.
///
/// word_rows(first, staging) gives the source of integer rows first .. first + 63 (rows beyond the
/// reduction, up to a multiple of 4, are zero): four(k, out) yields rows first + k .. first + k + 3 for k
/// a multiple of 4; stage() is called once before row(k) yields single rows, and may use the 64 rows of
/// `staging`. The rows of `bits` are readable up to the next multiple of 4.
template <class WordRows>
void table_product(const BitMatrixView& bits, bool accumulate, int32_t* scratch, int32_t* sums, WordRows&& word_rows) {
  const int64_t n_bits = round_up(bits.columns, 4);
  for (int64_t first = 0; first < n_bits; first += kWordBits) {
    const int64_t count = std::min<int64_t>(kWordBits, n_bits - first);
    const auto source = word_rows(first, scratch + kStagedRows);
    const uint64_t* words = bits.word_column(first / kWordBits);
    const bool overwrite = first == 0 && !accumulate;
    if (count == kWordBits && bits.rows >= kFivesFromRows) {
      source.stage();
      build_fives(scratch + kFivesTables, source);
      (overwrite ? kAddFives<true> : kAddFives<false>)(scratch + kFivesTables, words, bits.rows, sums);
    } else {
      build_fours(count / 4, scratch + kFoursTables, source);
      (overwrite ? add_fours<true> : add_fours<false>)(count / 4)(scratch + kFoursTables, words, bits.rows, sums);
    }
  }
}

}  // namespace
}  // namespace udl
