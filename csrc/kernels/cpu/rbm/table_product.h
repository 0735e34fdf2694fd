#pragma once
// Products of bits with integers by look-up tables (the method of the four Russians).
//
// A few bits of the reduction choose one of the pre-added rows of 16 lanes, so one vector addition
// does the work of 64 or 80 multiply-adds. Two ways to cut a word of 64 bits:
//
//   fours   16 groups of 4 bits: 16 tables of 16 entries, 15 additions to build each
//   fives   12 groups of 5 bits and one of 4: 12 tables of 32 entries and one of 16
//
// Fives need 13 steps a row instead of 16 but more building, which pays from kFivesFromRows rows on
// (docs/kernels.md). The tables of one word stay in the L1 cache while all rows pass over them: an
// entry of 32-bit lanes is a cache line, one of 16-bit lanes half a line.
//
// Why no sum overflows: the scale of the weights bounds the positive and the negative part of every
// row and column by 31 bits (base/fixed.h), and for 16-bit entries those of every 64 aligned units
// by 15 bits; any partial sum lies between the two parts. Sums of 16 bits live for one word, then
// are widened.
//
// Bound: one load and one addition per (row, group); a core loads one 64-byte or two 32-byte
// entries a clock, four to ten times the multiply-adds of fma.
#include <algorithm>

#include "base/view.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/cpu/simd/table_entry.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

constexpr int kRowsAtOnce = 4;

/// Tables of a word: group g covers bits g * kBits .. and its table starts at entry g << kBits. The
/// last group has what is left of 64 bits.
template <int kGroupBits>
struct Cut {
  static constexpr int kBits = kGroupBits;
  static constexpr int kGroups = (kWordBits + kGroupBits - 1) / kGroupBits;
  static constexpr int kWholeGroups = kWordBits / kGroupBits;
  static constexpr int kEntries = (kWholeGroups << kGroupBits) + (kWholeGroups < kGroups ? 16 : 0);
};
/// Where the tables of a cut hold what the bits of one group choose (simd/table_entry.h).
template <class Cut, int kGroup>
struct Group {
  static constexpr int kFirstBit = kGroup * Cut::kBits;
  static constexpr int kBits = std::min(Cut::kBits, kWordBits - kFirstBit);
  static constexpr int kFirstEntry = kGroup << Cut::kBits;
  static constexpr int kEntries = Cut::kEntries;
};
using Fours = Cut<4>;
using Fives = Cut<5>;

/// Sixteen 32-bit lanes: exact for any sum of a row.
struct WideEntries {
  using Vector = i32x16;
  using Element = int32_t;
  static constexpr int64_t kFirst = 0;  // where its tables start in the scratch, in integers
  static Vector zero() { return broadcast(0); }
  static UDL_ALWAYS_INLINE Vector from(i32x16 row) { return row; }
};

/// Sixteen 16-bit lanes; kSigned tells how a word's sum is widened, which wraps until then.
template <bool kSigned>
struct NarrowEntries {
  using Vector = i16x16;
  using Element = int16_t;
  static constexpr int64_t kFirst = (Fours::kEntries + Fives::kEntries) * kTileUnits;
  static Vector zero() { return zero_i16x16(); }
  static UDL_ALWAYS_INLINE Vector from(i32x16 row) { return narrow(row); }
  static UDL_ALWAYS_INLINE Vector from(i16x16 row) { return row; }
};

/// A word's sum in 32 bits; it lies in -largest_negative .. 2^16 - 1 - largest_negative where
/// entries are not signed: 16 bits hold it once it is counted from there.
UDL_ALWAYS_INLINE i32x16 widen(const WideEntries&, i32x16 sum, int32_t) { return sum; }
UDL_ALWAYS_INLINE i32x16 widen(const NarrowEntries<true>&, i16x16 sum, int32_t) {
  return widen_signed(sum);
}
UDL_ALWAYS_INLINE i32x16 widen(const NarrowEntries<false>&, i16x16 sum, int32_t largest_negative) {
  const auto wrapped = static_cast<int16_t>(static_cast<uint16_t>(largest_negative));
  return widen_unsigned(sum + narrow(broadcast(int32_t{wrapped}))) - broadcast(largest_negative);
}

constexpr int64_t kStagedRows =
    NarrowEntries<true>::kFirst + (Fours::kEntries + Fives::kEntries) / 2 * kTileUnits;
static_assert(kStagedRows + kWordBits * kTileUnits == kTableScratch,
              "kernels/rbm/products.h states the size of the scratch");

/// Where the tables of a cut start. Each cut has a place of its own: entry 0 of every table, the
/// empty sum, is never written and stays zero.
template <class Entries, class Cut>
UDL_ALWAYS_INLINE typename Entries::Element* tables_of(int32_t* scratch) {
  auto* first = reinterpret_cast<typename Entries::Element*>(scratch + Entries::kFirst);
  return first + (Cut::kBits == 4 ? 0 : Fours::kEntries) * kTileUnits;
}

/// All sums of kBits rows; bit b of an entry's number stands for rows[b].
template <class Entries, int kBits>
UDL_ALWAYS_INLINE void build_table(typename Entries::Element* table,
                                   const typename Entries::Vector (&rows)[kBits]) {
  constexpr int kHalf = 1 << (kBits - 1);
  typename Entries::Vector sums[kHalf];  // of all rows but the last
  sums[0] = Entries::zero();
  for (int b = 0; b < kBits - 1; ++b)
    for (int i = 0; i < 1 << b; ++i) sums[(1 << b) + i] = sums[i] + rows[b];
  for (int i = 1; i < kHalf; ++i) store(table + i * kTileUnits, sums[i]);
  for (int i = 0; i < kHalf; ++i)
    store(table + (kHalf + i) * kTileUnits, sums[i] + rows[kBits - 1]);
}

/// Groups kFirst .. kEnd - 1 for four rows; the rows alternate so that no addition waits for the
/// last.
template <class Entries, class Cut, int kFirst, int kEnd>
UDL_ALWAYS_INLINE void add_groups(const typename Entries::Element* tables,
                                  const uint64_t (&words)[kRowsAtOnce],
                                  typename Entries::Vector (&sums)[kRowsAtOnce]) {
  if constexpr (kFirst < kEnd) {
    for (int r = 0; r < kRowsAtOnce; ++r) add_entry<Group<Cut, kFirst>>(tables, words[r], sums[r]);
    add_groups<Entries, Cut, kFirst + 1, kEnd>(tables, words, sums);
  }
}

/// What is done beside the look-ups of each four rows.
struct Nothing {
  void operator()() {}
};

/// Asks for the integer rows of the next word, so many every four rows that all are asked for
/// early. The hardware does not foresee that they will be read, since between two words all rows
/// pass.
template <class WordRows>
struct AskForNextWord {
  const WordRows& source;
  uint64_t rows_at_once;
  uint64_t row = 0;

  AskForNextWord(const WordRows& word_rows, int64_t n_rows)
      : source(word_rows),
        rows_at_once(static_cast<uint64_t>(
            divide_up(kWordBits * kRowsAtOnce, std::max<int64_t>(n_rows, 1)))) {}

  UDL_ALWAYS_INLINE void operator()() {
    for (uint64_t k = 0; k < rows_at_once && row < kWordBits; ++k) source.ask_next(row++);
  }
};

/// The first kGroups groups of one word column against their tables, all rows. Four rows that are
/// empty in this word, such as the border of an image, cost one test.
template <class Entries, class Cut, int kGroups, class Beside = Nothing>
void add_word(const typename Entries::Element* tables, const uint64_t* words, int64_t rows,
              bool add, int32_t largest_negative, int32_t* sums, Beside beside) {
  for (int64_t r = 0; r < rows; r += kRowsAtOnce) {
    beside();
    const uint64_t word[kRowsAtOnce] = {words[r], words[r + 1], words[r + 2], words[r + 3]};
    const bool empty = (word[0] | word[1] | word[2] | word[3]) == 0;
    if (empty && add) continue;
    typename Entries::Vector found[kRowsAtOnce];
    for (int k = 0; k < kRowsAtOnce; ++k) found[k] = Entries::zero();
    if (!empty) add_groups<Entries, Cut, 0, kGroups>(tables, word, found);
    for (int k = 0; k < kRowsAtOnce; ++k) {
      int32_t* sum = sums + (r + k) * kTileUnits;
      const i32x16 more = widen(Entries{}, found[k], largest_negative);
      store(sum, add ? load(sum) + more : more);
    }
  }
}

template <class Entries>
using AddWord = void (*)(const typename Entries::Element*, const uint64_t*, int64_t, bool, int32_t,
                         int32_t*, Nothing);

template <class Entries>
AddWord<Entries> add_fours(int64_t n_groups) {
  static constexpr AddWord<Entries> table[Fours::kGroups + 1] = {nullptr,
                                                                 add_word<Entries, Fours, 1>,
                                                                 add_word<Entries, Fours, 2>,
                                                                 add_word<Entries, Fours, 3>,
                                                                 add_word<Entries, Fours, 4>,
                                                                 add_word<Entries, Fours, 5>,
                                                                 add_word<Entries, Fours, 6>,
                                                                 add_word<Entries, Fours, 7>,
                                                                 add_word<Entries, Fours, 8>,
                                                                 add_word<Entries, Fours, 9>,
                                                                 add_word<Entries, Fours, 10>,
                                                                 add_word<Entries, Fours, 11>,
                                                                 add_word<Entries, Fours, 12>,
                                                                 add_word<Entries, Fours, 13>,
                                                                 add_word<Entries, Fours, 14>,
                                                                 add_word<Entries, Fours, 15>,
                                                                 add_word<Entries, Fours, 16>};
  return table[n_groups];
}

template <class Entries, class WordRows>
UDL_ALWAYS_INLINE void build_four(int64_t first_row, typename Entries::Element* table,
                                  const WordRows& source) {
  decltype(source.row(0)) four[4];
  source.four(first_row, four);
  const typename Entries::Vector rows[4] = {Entries::from(four[0]), Entries::from(four[1]),
                                            Entries::from(four[2]), Entries::from(four[3])};
  build_table<Entries, 4>(table, rows);
}

/// All groups of a whole word; source.stage() has been called.
template <class Entries, class Cut, class WordRows>
UDL_ALWAYS_INLINE void build_word(typename Entries::Element* tables, const WordRows& source) {
  for (int64_t g = 0; g < Cut::kWholeGroups; ++g) {
    typename Entries::Vector rows[Cut::kBits];
    for (int b = 0; b < Cut::kBits; ++b) rows[b] = Entries::from(source.row(Cut::kBits * g + b));
    build_table<Entries, Cut::kBits>(tables + (g << Cut::kBits) * kTileUnits, rows);
  }
  build_four<Entries>(Cut::kBits * Cut::kWholeGroups,
                      tables + (Cut::kWholeGroups << Cut::kBits) * kTileUnits, source);
}

template <class Entries, class Cut, class WordRows>
void whole_word(const uint64_t* words, int64_t rows, bool add, int32_t* scratch, int32_t* sums,
                const WordRows& source) {
  auto* tables = tables_of<Entries, Cut>(scratch);
  source.stage();
  build_word<Entries, Cut>(tables, source);
  const int32_t largest_negative = source.largest_negative();
  if constexpr (WordRows::kMayBeFar)
    if (source.far)
      return add_word<Entries, Cut, Cut::kGroups>(tables, words, rows, add, largest_negative, sums,
                                                  AskForNextWord<WordRows>(source, rows));
  add_word<Entries, Cut, Cut::kGroups>(tables, words, rows, add, largest_negative, sums, Nothing{});
}

template <class Entries, class WordRows>
void word_by_fours(int64_t n_groups, const uint64_t* words, int64_t rows, bool add,
                   int32_t* scratch, int32_t* sums, const WordRows& source) {
  auto* tables = tables_of<Entries, Fours>(scratch);
  for (int64_t g = 0; g < n_groups; ++g)
    build_four<Entries>(4 * g, tables + (g << 4) * kTileUnits, source);
  add_fours<Entries>(n_groups)(tables, words, rows, add, source.largest_negative(), sums,
                               Nothing{});
}

constexpr int64_t kFivesFromRows = 160;

/// sums[r] = sum over set bits n of row r of integer row n.
///
/// word_rows(first, staging) gives the source of integer rows first .. first + 63 (rows beyond the
/// reduction, up to a multiple of 4, are readable; no bit selects them): four(k, out) yields rows
/// first + k .. first + k + 3 for k a multiple of 4; stage() is called once before row(k) yields
/// single rows, and may use the 64 rows of `staging`; ask_next(k) asks for the memory of row k of
/// the next word, where kMayBeFar and `far` say that it pays; largest_negative() bounds the
/// negative part of a word's sum, for entries that are not signed. The rows of `bits` are readable
/// up to the next multiple of 4.
template <class Entries, class WordRows>
void table_product(const BitMatrixView& bits, int32_t* scratch, int32_t* sums,
                   WordRows&& word_rows) {
  const int64_t n_bits = round_up(bits.columns, 4), rows = bits.rows;
  for (int64_t first = 0; first < n_bits; first += kWordBits) {
    const int64_t count = std::min<int64_t>(kWordBits, n_bits - first);
    const auto source = word_rows(first, scratch + kStagedRows);
    const uint64_t* words = bits.word_column(first / kWordBits);
    if (count == kWordBits && rows >= kFivesFromRows) {
      whole_word<Entries, Fives>(words, rows, first > 0, scratch, sums, source);
    } else {
      word_by_fours<Entries>(count / 4, words, rows, first > 0, scratch, sums, source);
    }
  }
}

}  // namespace
}  // namespace udl
