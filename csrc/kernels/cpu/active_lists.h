#pragma once
// Products of bits with integers by lists of the ones: the integer row of every column that is on is added.
//
// A one costs an addition, where the tables of table_product.h spend one on every four or five columns, on or
// off. Lists need only the integer rows themselves (64 bytes a column), not their sums: with few rows, building
// tables is most of a product, and with few ones there is little to add. runtime/bit_product.cpp weighs both.
//
// Integer rows of all columns at once would not fit the L1 cache: they come in chunks (kernels/rbm.h), and a row has a
// list for each. Lists are read four columns at a time, so that the end of a loop, which the processor cannot foresee,
// comes seldom. Sums are those of the tables and cannot overflow for the same reason.
#include <algorithm>
#include <bitset>

#include "kernels/cpu/products.h"

namespace udl {
namespace {

constexpr int kListStep = 4;

int64_t count_ones(const BitMatrixView& bits) {
  int64_t ones = 0;
  for (int64_t w = 0; w < bits.word_columns(); ++w) {
    const uint64_t* words = bits.word_column(w);
    for (int64_t r = 0; r < bits.rows; ++r) ones += static_cast<int64_t>(std::bitset<64>(words[r]).count());
  }
  return ones;
}

void unit_counts(const BitMatrixView& units, int64_t tile, int32_t* out) {
  std::fill_n(out, kTileUnits, 0);
  for (int64_t first = 0; first < units.columns; first += kWordBits) {
    const int64_t count = std::min<int64_t>(kWordBits, units.columns - first);
    const uint64_t mask = ~uint64_t{0} >> (kWordBits - count);
    const uint64_t* words = units.word_column(first / kWordBits) + tile * kTileUnits;
    for (int k = 0; k < kTileUnits; ++k) out[k] += static_cast<int32_t>(std::bitset<64>(words[k] & mask).count());
  }
}

/// Position of the lowest one of a word that is not zero.
UDL_ALWAYS_INLINE int lowest_one(uint64_t word) {
#if defined(__GNUC__)
  return __builtin_ctzll(word);
#else
  return static_cast<int>(std::bitset<64>((word & (0 - word)) - 1).count());
#endif
}

/// Appends the ones of a word, four at a time; what is written beyond them is overwritten by the next.
UDL_ALWAYS_INLINE uint16_t* append_ones(uint64_t word, int64_t first_column, uint16_t* end) {
  const auto ones = static_cast<int64_t>(std::bitset<64>(word).count());
  for (int64_t n = 0; n < ones; n += kListStep) {
    for (int k = 0; k < kListStep; ++k) {
      end[n + k] = static_cast<uint16_t>(first_column + (word ? lowest_one(word) : 0));
      word &= word - 1;
    }
  }
  return end + ones;
}

void list_active(const BitMatrixView& bits, uint16_t* columns_on, uint32_t* starts) {
  constexpr int64_t kWords = kListColumns / kWordBits;
  static_assert(kListColumns % kWordBits == 0, "chunks are whole words");
  uint16_t* end = columns_on;
  *starts++ = 0;
  for (int64_t first = 0; first < bits.word_columns(); first += kWords) {
    const int64_t last = std::min(bits.word_columns(), first + kWords);
    for (int64_t r = 0; r < bits.rows; ++r) {
      for (int64_t w = first; w < last; ++w) end = append_ones(bits.word_column(w)[r], (w - first) * kWordBits, end);
      while ((end - columns_on) % kListStep != 0) *end++ = static_cast<uint16_t>(kListColumns);
      *starts++ = static_cast<uint32_t>(end - columns_on);
    }
  }
}

/// sums[r] (+)= sum of the integer rows on the list of r in one chunk.
void list_product(const ActiveListsView& lists, int64_t chunk, const int32_t* integer_rows, int32_t* sums) {
  const uint32_t* starts = lists.starts + chunk * lists.rows;
  for (int64_t r = 0; r < lists.rows; ++r) {
    i32x16 sum = chunk == 0 ? broadcast(0) : load(sums + r * kTileUnits);
    const uint16_t* end = lists.columns_on + starts[r + 1];
    for (const uint16_t* on = lists.columns_on + starts[r]; on != end; on += kListStep)
      for (int k = 0; k < kListStep; ++k) sum = sum + load(integer_rows + int64_t{on[k]} * kTileUnits);
    store(sums + r * kTileUnits, sum);
  }
}

/// Writes the integer rows of each chunk and lets its lists pass; `source` is one of the word rows of products.h that
/// starts at column 0.
template <class WordRows>
void weight_list_product(const ActiveListsView& lists, int32_t* scratch, int32_t* sums, const WordRows& source) {
  store(scratch + kListColumns * kTileUnits, broadcast(0));
  for (int64_t chunk = 0; chunk < lists.chunks(); ++chunk) {
    const int64_t first = chunk * kListColumns, columns = std::min(kListColumns, lists.columns - first);
    for (int64_t column = 0; column < columns; column += 4) {
      i32x16 four[4];
      source.four(first + column, four);
      for (int b = 0; b < 4; ++b) store(scratch + (column + b) * kTileUnits, four[b]);
    }
    list_product(lists, chunk, scratch, sums);
  }
}

void hidden_list_sums(const WeightPanelsView& weights, int64_t tile, const ActiveListsView& visible, int32_t* scratch, int32_t* sums) {
  weight_list_product(visible, scratch, sums, HiddenRows{weights.panel(tile), broadcast(weights.inverse_scale)});
}

void visible_list_sums(const WeightPanelsView& weights, int64_t tile, const ActiveListsView& hidden, int32_t* scratch, int32_t* sums) {
  weight_list_product(hidden, scratch, sums, VisibleRows{weights, broadcast(weights.inverse_scale), tile, 0, nullptr});
}

}  // namespace
}  // namespace udl
