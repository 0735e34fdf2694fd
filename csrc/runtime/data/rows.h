#pragma once
// Input matrices in the form training reads them: packed bits, lists of ones, dense values or
// sparse values.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bits.h"
#include "base/view.h"
#include "kernels/rbm/sparse.h"
#include "runtime/memory/bit_matrix.h"
#include "runtime/memory/buffer.h"
#include "runtime/threads/run.h"

namespace udl {

/// A strided matrix owned by somebody else. Strides are in elements.
template <class T>
struct StridedView {
  const T* data;
  int64_t rows, columns, row_stride, column_stride;
  T operator()(int64_t r, int64_t c) const { return data[r * row_stride + c * column_stride]; }
};

/// A truth value as it lies in memory: NumPy reads every byte but 0 as true, C++ may not.
struct TruthByte {
  uint8_t byte;
  operator int() const { return byte != 0; }
};

/// Compressed sparse rows owned by somebody else, not checked but for the ends of rows. Columns of
/// a row may come in any order and more than once.
template <class Index, class Value>
struct CsrView {
  const int64_t* row_starts;  ///< rows + 1, not decreasing, within the arrays below
  const Index* columns;
  const Value* values;
};

/// Checked sparse rows of our own: nobody can change an index after it was checked. Columns of a
/// row ascend, none comes twice and no value is 0. 12 bytes a value, or 4 where all are 1.
struct CsrRows {
  Buffer<int64_t> row_starts;
  Buffer<int32_t> columns;
  Buffer<double> values;  ///< empty where all are 1
};

/// The smallest and the largest of some values; of none, infinity and minus infinity. NaN is passed
/// over.
struct ValueRange {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void add(double value) { add({value, value}); }
  /// NaN stays.
  void add(const ValueRange& other) {
    low = std::isnan(low) || low < other.low ? low : other.low;
    high = std::isnan(high) || high > other.high ? high : other.high;
  }
};

/// Immutable rows of a data set or of states.
///
/// Binary data is held as bits (row-major words, 1 bit a value), 32 times smaller than float32, or,
/// where that is smaller still, as lists of the ones; real data stays where it is and is converted
/// minibatch by minibatch. Sparse rows cost what is stored. What looks at all rows takes a `run`,
/// and yields nothing of meaning once run.stopped().
class Rows {
 public:
  enum class Kind { bits, listed_bits, dense32, dense64, csr };

  /// Zero bits, to be filled through bits_row.
  static Rows zero_bits(int64_t rows, int64_t columns);
  /// Bits if every value is 0 or 1, otherwise an empty pointer.
  template <class T>
  static std::unique_ptr<Rows> pack_binary(const StridedView<T>& x, const Run& run);
  /// Bit = x > threshold.
  template <class T>
  static Rows pack_threshold(const StridedView<T>& x, double threshold, const Run& run);
  /// `owner` keeps the memory behind the pointer alive.
  static Rows dense(const float* x, int64_t rows, int64_t columns, std::shared_ptr<void> owner);
  static Rows dense(const double* x, int64_t rows, int64_t columns, std::shared_ptr<void> owner);
  /// Values of its own.
  template <class Real>
  static Rows of_values(std::vector<Real> values, int64_t rows, int64_t columns);
  /// A copy: bits or lists of ones, whichever take fewer bytes, if every value is 0 or 1 or there
  /// is a threshold, which makes values above it 1; otherwise values. Values of one place are added
  /// up first. Throws if an index is out of range.
  template <class Index, class Value>
  static Rows csr(const CsrView<Index, Value>& x, int64_t rows, int64_t columns,
                  std::optional<double> threshold, const Run& run);

  Kind kind() const { return kind_; }
  /// All values are 0 or 1.
  bool is_bits() const { return kind_ == Kind::bits || kind_ == Kind::listed_bits; }
  /// Rows are lists of what is stored.
  bool is_sparse() const { return kind_ == Kind::listed_bits || kind_ == Kind::csr; }
  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  int64_t words_per_row() const { return divide_up(columns_, kWordBits); }
  /// Memory of its own.
  int64_t nbytes() const;
  /// The row that is presented as number `index`; `order` may be null.
  static int64_t source_row(const uint32_t* order, int64_t index) {
    return order != nullptr ? int64_t{order[index]} : index;
  }
  /// Words of a row; packed bits only.
  uint64_t* bits_row(int64_t row) { return bits_.data() + row * words_per_row(); }
  const uint64_t* bits_row(int64_t row) const { return bits_.data() + row * words_per_row(); }
  /// The lists of rows first .. first + count - 1; sparse rows only.
  SparseRowsView sparse(int64_t first, int64_t count) const {
    const int64_t* starts = csr_.row_starts.data() + first;
    return {starts, starts + 1, csr_.columns.data(), csr_.values.data(), count};
  }
  /// All rows, one after the other, where they are dense values of float32; else null.
  const float* floats() const { return dense32_; }
  /// f(column, value) in ascending order of columns; zeros may be left out.
  template <class Function>
  void visit_row(int64_t row, Function&& f) const;
  /// A copy of the rows of these numbers.
  Rows select(const int64_t* numbers, int64_t count) const;
  /// A copy of rows first .. first + count - 1 in which one unit of each is flipped, v to 1 - v.
  /// The unit is chosen by a hash of the row's values. Real values are computed and held as Real.
  template <class Real>
  Rows flipped_once(int64_t first, int64_t count) const;
  /// Of all values, zeros of sparse rows included; NaN if one is NaN, and perhaps where one is
  /// infinite.
  ValueRange value_range(const Run& run) const;
  /// The same of rows first .. first + count - 1.
  ValueRange range_of_rows(int64_t first, int64_t count) const;
  /// Mean of each column, float64, rows added in order; `out` holds columns() values.
  void column_means(const Run& run, double* out) const;

  /// Rows order[first + r] (or first + r where order is null), r = 0 .. count - 1, into rows r of
  /// `out`. Bits only.
  void gather_bits(const uint32_t* order, int64_t first, int64_t count, const BitMatrixView& out,
                   int64_t out_row = 0) const;
  /// All rows, bits only.
  BitMatrix bit_matrix() const;
  /// Rows as values, any kind, or bits alone for integers; out rows are `out_stride` apart and
  /// their padding is left alone.
  template <class Real>
  void gather_values(const uint32_t* order, int64_t first, int64_t count, Real* out,
                     int64_t out_stride) const;

 private:
  /// Of rows first .. first + count - 1.
  void write_bits(int64_t row, const BitMatrixView& out, int64_t out_row) const;

  Kind kind_ = Kind::bits;
  int64_t rows_ = 0, columns_ = 0;
  Buffer<uint64_t> bits_;
  const float* dense32_ = nullptr;
  const double* dense64_ = nullptr;
  CsrRows csr_;
  std::shared_ptr<void> owner_;
};

template <class Function>
void Rows::visit_row(int64_t row, Function&& f) const {
  switch (kind_) {
    case Kind::bits:
      for (int64_t w = 0; w < words_per_row(); ++w)
        for (uint64_t word = bits_row(row)[w]; word != 0; word &= word - 1)
          f(w * kWordBits + lowest_bit(word), 1.0);
      break;
    case Kind::dense32:
      for (int64_t i = 0; i < columns_; ++i)
        f(i, static_cast<double>(dense32_[row * columns_ + i]));
      break;
    case Kind::dense64:
      for (int64_t i = 0; i < columns_; ++i) f(i, dense64_[row * columns_ + i]);
      break;
    default:
      for (int64_t at = csr_.row_starts[row]; at < csr_.row_starts[row + 1]; ++at)
        f(int64_t{csr_.columns[at]}, csr_.values.size() > 0 ? csr_.values[at] : 1.0);
  }
}

/// Rows of a word-major bit matrix.
Rows rows_from_bits(const BitMatrixView& bits);

}  // namespace udl
