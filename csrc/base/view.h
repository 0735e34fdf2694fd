#pragma once
// Pointers with a shape. Views own nothing and check nothing; the layer above has done both.
#include <cstddef>
#include <cstdint>

#include "base/macros.h"

namespace udl {

constexpr int kTileUnits = 16;  ///< units in a weight panel, a tile of sums and a Philox group
constexpr int kWordBits = 64;   ///< bits of a state word
constexpr int kTilesPerWord = kWordBits / kTileUnits;

/// Smallest multiple of `step` that is not below `n`.
UDL_HD constexpr int64_t round_up(int64_t n, int64_t step) { return (n + step - 1) / step * step; }
UDL_HD constexpr int64_t divide_up(int64_t n, int64_t step) { return (n + step - 1) / step; }

/// Binary states, word-major: bit j of row r is bit j % 64 of words[(j / 64) * row_stride + r].
///
/// A pass over one word column reads consecutive memory, whatever the number of columns.
/// Bits of padding rows (rows..row_stride) and of padding units are zero.
struct BitMatrixView {
  uint64_t* words;
  int64_t rows;
  int64_t columns;
  int64_t row_stride;

  UDL_HD uint64_t* word_column(int64_t index) const { return words + index * row_stride; }
  UDL_HD int64_t word_columns() const { return divide_up(columns, kWordBits); }
};

}  // namespace udl
