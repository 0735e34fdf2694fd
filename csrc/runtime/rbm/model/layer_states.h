#pragma once
// States of one layer for the rows of a batch, and the part of them that a step reads.
#include <algorithm>
#include <cstdint>

#include "base/bits.h"
#include "base/view.h"
#include "kernels/rbm/products.h"
#include "kernels/rbm/sparse.h"
#include "runtime/data/minibatches.h"
#include "runtime/data/rows.h"
#include "runtime/memory/bit_matrix.h"
#include "runtime/memory/buffer.h"
#include "runtime/rbm/model/layer.h"
#include "runtime/rbm/model/paired_states.h"

namespace udl {

struct StatesView;

/// Where drawn words are counted: of row r the units that come, in columns[places[r]], .., and how
/// often, of as many words as the row is long. first[r] and last[r] are written too.
struct WordsRoom {
  const float* lengths;
  const int64_t* places;
  int64_t *first, *last;
  int32_t* columns;
  double* counts;
};

/// Where drawn states of a layer are written: bits, values times factors, or words.
struct StatesRoom {
  StatesRoom(const WordsRoom& rows) : words(rows) {}
  StatesRoom(const BitMatrixView& matrix) : bits(matrix) {}
  StatesRoom(float* first, int64_t stride, int64_t tile_stride, const float* of_units)
      : values(first), value_stride(stride), value_tile_stride(tile_stride), factors(of_units) {}

  BitMatrixView bits{};
  float* values = nullptr;
  int64_t value_stride = 0, value_tile_stride = 0;
  const float* factors = nullptr;  ///< whole tiles; null for 1
  WordsRoom words{};
};

/// Rows of a matrix of means.
struct MeanRows {
  float* values;
  int64_t stride;
};

/// Room for bits, real values, or both. Values have whole tiles of columns, and zeros where there
/// is no unit; they lie row by row, or tile by tile, which products read faster
/// (kernels/cpu/rbm/dense.h).
struct LayerStates {
  BitMatrix bits;        ///< batch as rows
  BitMatrix units;       ///< the same with units as rows, which gradients and counts read
  Buffer<float> values;  ///< rows are value_stride apart, tiles value_tile_stride
  int64_t value_stride = 0, value_tile_stride = kTileUnits;
  SparseRowsView all_sparse{};              ///< in place of values: rows of which these are some
  Buffer<int64_t> first_entry, last_entry;  ///< and where these lie
  Buffer<float> column_sums;                ///< their sums over the rows, in order
  // Of drawn words: those rows, and where each may begin.
  Buffer<int32_t> word_columns;
  Buffer<double> word_counts;
  Buffer<int64_t> word_places;
  Buffer<float> lengths;  ///< words of each row, where rows count words

  void allocate_bits(int64_t max_rows, int64_t n_units) { bits.resize(max_rows, n_units); }
  void allocate_units(int64_t max_rows, int64_t n_units) { units.resize(n_units, max_rows); }
  void allocate_values(int64_t max_rows, int64_t n_units) {
    value_stride = round_up(n_units, kTileUnits);
    value_tile_stride = kTileUnits;
    values.resize(max_rows * value_stride);
  }
  void allocate_value_tiles(int64_t max_rows, int64_t n_units) {
    value_stride = kTileUnits;
    value_tile_stride = max_rows * kTileUnits;
    values.resize(divide_up(n_units, kTileUnits) * value_tile_stride);
  }

  void allocate_sparse(int64_t max_rows, int64_t n_units, const SparseRowsView& all) {
    all_sparse = all;
    first_entry.resize(max_rows);
    last_entry.resize(max_rows);
    column_sums.resize(round_up(n_units, kTileUnits));
  }

  /// Room for words of rows, `n_entries` different ones in all; where they go is said later.
  void allocate_words(int64_t max_rows, int64_t n_units, int64_t n_entries) {
    word_columns.reserve(n_entries);
    word_counts.reserve(n_entries);
    allocate_sparse(max_rows, n_units, {});
    all_sparse = {first_entry.data(), last_entry.data(), word_columns.data(), word_counts.data(),
                  0};
  }
  /// Room for words of rows of these lengths.
  void allocate_words(const float* of_rows, int64_t count, int64_t n_units) {
    word_places.resize(count + 1);
    for (int64_t r = 0; r < count; ++r)
      word_places[r + 1] = word_places[r] + most_entries(of_rows[r], n_units);
    allocate_words(count, n_units, word_places[count]);
  }
  static int64_t most_entries(float length, int64_t n_units) {
    return std::min(static_cast<int64_t>(length), n_units);
  }
  WordsRoom words_room(const float* of_rows, const int64_t* places) {
    return {of_rows,           places, first_entry.data(), last_entry.data(), word_columns.data(),
            word_counts.data()};
  }

  /// Room for states of a layer as chains have them, but words.
  void allocate_states(int64_t max_rows, const Layer& layer) {
    if (has_bits(layer.kind))
      allocate_bits(max_rows, layer.n_units());
    else
      allocate_value_tiles(max_rows, layer.n_units());
  }
  /// That of the first `count` rows; values are written times factors, if there are any.
  StatesRoom states_room(int64_t count, const float* factors) {
    if (values.size() == 0) return bits.view(count);
    return {values.data(), value_stride, value_tile_stride, factors};
  }
  /// The first `count` rows of what was allocated so.
  StatesView states(int64_t count) const;
  /// Rows of what was allocated so.
  int64_t rows() const { return values.size() > 0 ? value_tile_stride / kTileUnits : bits.rows(); }

  /// `units` of the first `count` rows.
  BitMatrixView units_of(int64_t count) const {
    BitMatrixView view = units.view();
    view.columns = count;
    return view;
  }
  /// The first `count` rows, to be read as bits or as real values.
  StatesView view(int64_t count, bool real) const;
  MinibatchRoom room() {
    return {bits.view(), values.data(), value_stride, first_entry.data(), last_entry.data()};
  }
};

/// Rows of such states as a half step or a statistic reads them: bits, real values, or sparse rows
/// of either.
struct StatesView {
  BitMatrixView bits;   ///< batch as rows
  BitMatrixView units;  ///< units as rows, the batch as columns
  const float* values;
  int64_t value_stride;
  int64_t count;
  bool real;                     ///< the values count, not the bits
  SparseRowsView sparse{};       ///< in place of both, where it has rows
  float* column_sums = nullptr;  ///< of sparse values of a minibatch, whole tiles
  int64_t value_tile_stride = kTileUnits;
  PairedStates* paired = nullptr;  ///< the values as products of bfloat16 numbers read them

  bool is_sparse() const { return sparse.first != nullptr; }
  RealRowsView real_rows() const { return {values, count, value_stride, value_tile_stride}; }
  const float* value_tile(int64_t tile) const { return values + tile * value_tile_stride; }
  const float* lengths = nullptr;  ///< words of each row, where rows count words
  /// Of one unit; not of sparse rows.
  float value(int64_t row, int64_t unit) const {
    if (!real) return bits.word_column(unit / kWordBits)[row] >> (unit % kWordBits) & 1 ? 1 : 0;
    return value_tile(unit / kTileUnits)[row * value_stride + unit % kTileUnits];
  }
  /// The first of these units that is not 0 in a row, or -1.
  int64_t unit_on(int64_t row, const UnitRange& units) const;
  /// The values of a row, one after the other.
  void copy_values(int64_t row, int64_t n_units, float* to) const {
    if (is_sparse()) return copy_sparse(row, n_units, to);
    for (int64_t i = 0; i < n_units; ++i)
      to[i] = value_tile(i / kTileUnits)[row * value_stride + i % kTileUnits];
  }

 private:
  void copy_sparse(int64_t row, int64_t n_units, float* to) const {
    std::fill_n(to, n_units, 0.0f);
    for (int64_t at = sparse.first[row]; at < sparse.last[row]; ++at)
      to[sparse.columns[at]] = static_cast<float>(sparse.values[at]);
  }
};

inline StatesView LayerStates::view(int64_t count, bool real) const {
  StatesView view{bits.view(count), units_of(count), values.data(), value_stride, count, real};
  view.value_tile_stride = value_tile_stride;
  if (all_sparse.first == nullptr) return view;
  view.sparse = {first_entry.data(), last_entry.data(), all_sparse.columns, all_sparse.values,
                 count};
  view.column_sums = const_cast<float*>(column_sums.data());
  return view;
}

inline StatesView LayerStates::states(int64_t count) const {
  return view(count, values.size() > 0 || all_sparse.first != nullptr);
}

/// Bits alone.
inline StatesView view_of_bits(const BitMatrixView& bits) {
  return {bits, {}, nullptr, 0, bits.rows, false};
}

/// Sparse rows alone, where they lie.
inline StatesView view_of_sparse(const SparseRowsView& rows, bool real) {
  StatesView view{};
  view.count = rows.rows;
  view.real = real;
  view.sparse = rows;
  return view;
}

/// Rows first .. first + count - 1 as real values, times factors[i] where there are any.
inline StatesView load_values(const Rows& rows, int64_t first, int64_t count, const float* factors,
                              LayerStates& to) {
  const int64_t n_units = rows.columns();
  if (to.values.size() == 0) to.allocate_values(count, n_units);
  rows.gather_values<float>(nullptr, first, count, to.values.data(), to.value_stride);
  if (factors != nullptr)
    for (int64_t r = 0; r < count; ++r)
      for (int64_t i = 0; i < n_units; ++i) to.values[r * to.value_stride + i] *= factors[i];
  return to.view(count, true);
}

/// Unpacks rows first .. first + count - 1: bits or real values.
inline StatesView load_states(const Rows& rows, int64_t first, int64_t count, LayerStates& to) {
  if (rows.is_bits()) {
    if (to.bits.rows() != count) to.allocate_bits(count, rows.columns());
    rows.gather_bits(nullptr, first, count, to.bits.view());
    return to.view(count, false);
  }
  return load_values(rows, first, count, nullptr, to);
}

/// All rows as states of a layer; of a layer of bits they are bits.
LayerStates states_of(const Rows& rows, const Layer& layer);
/// The way back, of all that was allocated.
Rows rows_of_states(const LayerStates& states, const Layer& layer);

/// A tile of bits as values 0 and 1, [rows][16].
void unpack_tile(const BitMatrixView& bits, int64_t tile, float* to);

/// Sum of the values of the units that are on in a row: those of a word in order, then the words,
/// so that no word waits for the one before.
template <class Value>
double sum_where_on(const BitMatrixView& bits, int64_t row, const Value* values) {
  double sum = 0;
  for (int64_t w = 0; w < bits.word_columns(); ++w) {
    double of_word = 0;
    for (uint64_t word = bits.word_column(w)[row]; word != 0; word &= word - 1)
      of_word += values[w * kWordBits + lowest_bit(word)];
    sum += of_word;
  }
  return sum;
}

}  // namespace udl
