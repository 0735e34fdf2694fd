#pragma once
// States of one layer for the rows of a batch, and the part of them that a step reads.
#include <cstdint>

#include "base/view.h"
#include "kernels/rbm/products.h"
#include "kernels/rbm/sparse.h"
#include "runtime/data/minibatches.h"
#include "runtime/data/rows.h"
#include "runtime/memory/bit_matrix.h"
#include "runtime/memory/buffer.h"

namespace udl {

struct StatesView;

/// Room for bits, real values, or both. Values have whole tiles of columns, and zeros where there
/// is no unit.
struct LayerStates {
  BitMatrix bits;        ///< batch as rows
  BitMatrix units;       ///< the same with units as rows, which gradients and counts read
  Buffer<float> values;  ///< row-major, value_stride apart
  int64_t value_stride = 0;
  SparseRowsView all_sparse{};              ///< in place of values: rows of which these are some
  Buffer<int64_t> first_entry, last_entry;  ///< and where these lie
  Buffer<float> column_sums;                ///< their sums over the rows, in order

  void allocate_bits(int64_t max_rows, int64_t n_units) { bits.resize(max_rows, n_units); }
  void allocate_units(int64_t max_rows, int64_t n_units) { units.resize(n_units, max_rows); }
  void allocate_values(int64_t max_rows, int64_t n_units) {
    value_stride = round_up(n_units, kTileUnits);
    values.resize(max_rows * value_stride);
  }

  void allocate_sparse(int64_t max_rows, int64_t n_units, const SparseRowsView& all) {
    all_sparse = all;
    first_entry.resize(max_rows);
    last_entry.resize(max_rows);
    column_sums.resize(round_up(n_units, kTileUnits));
  }

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

  bool is_sparse() const { return sparse.first != nullptr; }
  RealRowsView real_rows() const { return {values, count, value_stride, kTileUnits}; }
};

inline StatesView LayerStates::view(int64_t count, bool real) const {
  StatesView view{bits.view(count), units_of(count), values.data(), value_stride, count, real};
  if (all_sparse.first == nullptr) return view;
  view.sparse = {first_entry.data(), last_entry.data(), all_sparse.columns, all_sparse.values,
                 count};
  view.column_sums = const_cast<float*>(column_sums.data());
  return view;
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

/// Unpacks rows first .. first + count - 1: bits or real values.
inline StatesView load_states(const Rows& rows, int64_t first, int64_t count, LayerStates& to) {
  if (rows.is_bits()) {
    if (to.bits.rows() != count) to.allocate_bits(count, rows.columns());
    rows.gather_bits(nullptr, first, count, to.bits.view());
  } else {
    if (to.values.size() == 0) to.allocate_values(count, rows.columns());
    rows.gather_values<float>(nullptr, first, count, to.values.data(), to.value_stride);
  }
  return to.view(count, !rows.is_bits());
}

}  // namespace udl
