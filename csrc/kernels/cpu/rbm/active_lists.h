#pragma once
// Products of bits with integers by lists of the ones: the integer row of every column that is on
// is added.
//
// A one costs an addition, where the tables of table_product.h spend one on every four or five
// columns, on or off. Lists need only the integer rows themselves (64 bytes a column), not their
// sums: with few rows, building tables is most of a product, and with few ones there is little to
// add. runtime/rbm/steps/products/bit_product.cpp weighs both.
//
// Integer rows of all columns at once would not fit the L1 cache: they come in chunks
// (kernels/rbm/lists.h), and a row has a list for each. Four rows go together, their lists filled
// up to one length: the end of a loop, which the processor cannot foresee, comes once for four.
// Sums are those of the tables and cannot overflow for the same reason.
#include <algorithm>

#include "base/bits.h"
#include "kernels/cpu/rbm/integer_rows.h"
#include "kernels/cpu/simd/lists.h"

namespace udl {
namespace {

/// Ones of a row in one chunk.
UDL_ALWAYS_INLINE int64_t ones_in_chunk(const BitMatrixView& bits, int64_t row, int64_t chunk) {
  constexpr int64_t kWords = kListColumns / kWordBits;
  static_assert(kListColumns % kWordBits == 0, "chunks are whole words");
  const int64_t last = std::min(bits.word_columns(), (chunk + 1) * kWords);
  int64_t ones = 0;
  for (int64_t w = chunk * kWords; w < last; ++w) ones += popcount(bits.word_column(w)[row]);
  return ones;
}

/// Length of the lists of rows first .. first + kListRows - 1: the longest.
UDL_ALWAYS_INLINE int64_t list_length(const BitMatrixView& bits, int64_t first, int64_t chunk) {
  int64_t longest = 0;
  for (int64_t r = first; r < std::min(bits.rows, first + kListRows); ++r)
    longest = std::max(longest, ones_in_chunk(bits, r, chunk));
  return longest;
}

int64_t count_list_entries(const BitMatrixView& bits) {
  int64_t entries = 0;
  for (int64_t chunk = 0; chunk < divide_up(bits.columns, kListColumns); ++chunk)
    for (int64_t r = 0; r < bits.rows; r += kListRows)
      entries += std::min(kListRows, bits.rows - r) * list_length(bits, r, chunk);
  return entries;
}

/// The list of one row and chunk, filled up to `length`.
UDL_ALWAYS_INLINE void list_row(const BitMatrixView& bits, int64_t row, int64_t chunk,
                                int64_t length, uint16_t* list) {
  constexpr int64_t kWords = kListColumns / kWordBits;
  const int64_t first = chunk * kWords, last = std::min(bits.word_columns(), first + kWords);
  uint16_t* end = list;
  for (int64_t w = first; w < last; ++w)
    end = append_ones(bits.word_column(w)[row], (w - first) * kWordBits, end);
  std::fill(end, list + length, static_cast<uint16_t>(kListColumns));
}

void list_active(const BitMatrixView& bits, uint16_t* columns_on, uint32_t* starts) {
  uint16_t* list = columns_on;
  *starts++ = 0;
  for (int64_t chunk = 0; chunk < divide_up(bits.columns, kListColumns); ++chunk) {
    for (int64_t first = 0; first < bits.rows; first += kListRows) {
      const int64_t length = list_length(bits, first, chunk);
      for (int64_t r = first; r < std::min(bits.rows, first + kListRows); ++r, list += length)
        list_row(bits, r, chunk, length, list);
      *starts++ = static_cast<uint32_t>(list - columns_on);
    }
  }
}

UDL_ALWAYS_INLINE i32x16 load_widened(const int32_t* row) { return load(row); }
UDL_ALWAYS_INLINE i32x16 load_widened(const int16_t* row) { return widen_signed(load(row)); }

/// sums[r] (+)= sum of the integer rows on the list of r, for kRows lists of one length that follow
/// each other.
template <int kRows, class Element>
UDL_ALWAYS_INLINE void add_listed(const uint16_t* on, int64_t length, const Element* integer_rows,
                                  bool add, int32_t* sums) {
  i32x16 sum[kRows];
  for (int r = 0; r < kRows; ++r) sum[r] = add ? load(sums + r * kTileUnits) : broadcast(0);
  for (int64_t n = 0; n < length; ++n, ++on)
    for (int r = 0; r < kRows; ++r)
      sum[r] = sum[r] + load_widened(integer_rows + int64_t{on[r * length]} * kTileUnits);
  for (int r = 0; r < kRows; ++r) store(sums + r * kTileUnits, sum[r]);
}

/// All rows with the integer rows of one chunk.
template <class Element>
void list_product(const ActiveListsView& lists, int64_t chunk, const Element* integer_rows,
                  int32_t* sums) {
  const uint32_t* starts = lists.starts + chunk * lists.groups();
  for (int64_t r = 0; r < lists.rows; r += kListRows, ++starts, sums += kListRows * kTileUnits) {
    const uint16_t* on = lists.columns_on + starts[0];
    const int64_t entries = starts[1] - starts[0], rows = std::min(kListRows, lists.rows - r);
    if (rows == 4)
      add_listed<4>(on, entries / 4, integer_rows, chunk > 0, sums);
    else if (rows == 3)
      add_listed<3>(on, entries / 3, integer_rows, chunk > 0, sums);
    else if (rows == 2)
      add_listed<2>(on, entries / 2, integer_rows, chunk > 0, sums);
    else
      add_listed<1>(on, entries, integer_rows, chunk > 0, sums);
  }
}

/// The integer rows of one chunk, and the row of zeros; `source` is one of the word rows of
/// products.h that starts at column 0.
template <class WordRows>
void write_chunk(int64_t chunk, int64_t columns, const WordRows& source, int32_t* integer_rows) {
  const int64_t first = chunk * kListColumns, count = std::min(kListColumns, columns - first);
  for (int64_t column = 0; column < count; column += 4) {
    i32x16 four[4];
    source.four(first + column, four);
    for (int b = 0; b < 4; ++b) store(integer_rows + (column + b) * kTileUnits, four[b]);
  }
  store(integer_rows + kListColumns * kTileUnits, broadcast(0));
}

/// Writes the integer rows of each chunk and lets its lists pass.
template <class WordRows>
void weight_list_product(const ActiveListsView& lists, int32_t* scratch, int32_t* sums,
                         const WordRows& source) {
  for (int64_t chunk = 0; chunk < lists.chunks(); ++chunk) {
    write_chunk(chunk, lists.columns, source, scratch);
    list_product(lists, chunk, scratch, sums);
  }
}

HiddenRows hidden_rows(const WeightPanelsView& weights, int64_t tile) {
  return {weights.panel(tile), broadcast(weights.inverse_scale), weights.far};
}

void hidden_list_sums(const WeightPanelsView& weights, int64_t tile, const ActiveListsView& visible,
                      int32_t* scratch, int32_t* sums) {
  weight_list_product(visible, scratch, sums, hidden_rows(weights, tile));
}

VisibleRows visible_rows(const WeightPanelsView& weights, int64_t tile) {
  return {weights, broadcast(weights.inverse_scale), tile, 0, nullptr, weights.far};
}

void visible_list_sums(const WeightPanelsView& weights, int64_t tile, const ActiveListsView& hidden,
                       int32_t* scratch, int32_t* sums) {
  weight_list_product(hidden, scratch, sums, visible_rows(weights, tile));
}

template <class WordRows>
void write_panel(int64_t columns, const WordRows& source, int32_t* integers) {
  for (int64_t chunk = 0; chunk < divide_up(columns, kListColumns); ++chunk)
    write_chunk(chunk, columns, source, integers + chunk * kListScratch);
}

void integer_panel(const WeightPanelsView& weights, int64_t tile, int32_t* integers) {
  write_panel(weights.n_visible, hidden_rows(weights, tile), integers);
}

void visible_integer_panel(const WeightPanelsView& weights, int64_t tile, int32_t* integers) {
  write_panel(weights.n_hidden, visible_rows(weights, tile), integers);
}

template <class Element>
void kept_list_sums(const Element* integers, const ActiveListsView& lists, int32_t* sums) {
  for (int64_t chunk = 0; chunk < lists.chunks(); ++chunk)
    list_product(lists, chunk, integers + chunk * kListScratch, sums);
}

void integer_list_sums(const IntegerPanelView& integers, const ActiveListsView& lists,
                       int32_t* sums) {
  if (integers.narrow) return kept_list_sums(integers.narrow, lists, sums);
  kept_list_sums(integers.wide, lists, sums);
}

}  // namespace
}  // namespace udl
