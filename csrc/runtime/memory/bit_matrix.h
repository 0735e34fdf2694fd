#pragma once
// Bits of states: the owning form of base/view.h's BitMatrixView.
#include <cstdint>

#include "base/view.h"
#include "runtime/memory/buffer.h"

namespace udl {

/// Owning BitMatrixView. Rows are padded to 16 and start zeroed.
class BitMatrix {
 public:
  BitMatrix() = default;
  BitMatrix(int64_t rows, int64_t columns) { resize(rows, columns); }

  void resize(int64_t rows, int64_t columns) {
    rows_ = rows;
    columns_ = columns;
    row_stride_ = round_up(rows, kTileUnits);
    words_.resize(divide_up(columns, kWordBits) * row_stride_);
  }
  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  void zero() { words_.zero(); }
  /// The first `rows` rows; reading up to the next multiple of 4 is safe.
  BitMatrixView view(int64_t rows) const {
    return {const_cast<uint64_t*>(words_.data()), rows, columns_, row_stride_};
  }
  BitMatrixView view() const { return view(rows_); }

  bool get(int64_t row, int64_t column) const {
    return words_[column / kWordBits * row_stride_ + row] >> (column % kWordBits) & 1;
  }
  void set(int64_t row, int64_t column) {
    words_[column / kWordBits * row_stride_ + row] |= uint64_t{1} << (column % kWordBits);
  }

 private:
  int64_t rows_ = 0, columns_ = 0, row_stride_ = 0;
  Buffer<uint64_t> words_;
};

}  // namespace udl
