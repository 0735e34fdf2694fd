#pragma once
// Input matrices in the form training reads them: packed bits, dense values or sparse values.
#include <cstdint>
#include <memory>
#include <string>

#include "base/view.h"
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

/// Compressed sparse rows owned by somebody else, not checked yet.
struct CsrView {
  const int64_t* row_starts;  ///< rows + 1
  const int64_t* columns;
  const double* values;
};

/// Checked sparse rows of our own: nobody can change an index after it was checked. 12 bytes a
/// value.
struct CsrRows {
  Buffer<int64_t> row_starts;
  Buffer<int32_t> columns;
  Buffer<double> values;
};

/// Immutable rows of a data set or of states.
///
/// Binary data is held as bits (row-major words, 1 bit a value), 32 times smaller than float32;
/// real data stays where it is and is converted minibatch by minibatch. What looks at all rows
/// takes a `run`, and yields nothing of meaning once run.stopped().
class Rows {
 public:
  enum class Kind { bits, dense32, dense64, csr };

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
  /// Packs if every value is 0 or 1, copies otherwise. Throws if an index is out of range or a row
  /// repeats a column.
  static Rows csr(const CsrView& x, int64_t rows, int64_t columns, const Run& run);

  Kind kind() const { return kind_; }
  bool is_bits() const { return kind_ == Kind::bits; }
  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  int64_t words_per_row() const { return divide_up(columns_, kWordBits); }
  int64_t nbytes() const { return bits_.size() * static_cast<int64_t>(sizeof(uint64_t)); }
  uint64_t* bits_row(int64_t row) { return bits_.data() + row * words_per_row(); }
  const uint64_t* bits_row(int64_t row) const { return bits_.data() + row * words_per_row(); }
  double minimum(const Run& run) const;
  double maximum(const Run& run) const;
  /// Mean of each column, float64, rows added in order; `out` holds columns() values.
  void column_means(const Run& run, double* out) const;

  /// Rows order[first + r] (or first + r where order is null), r = 0 .. count - 1, into rows r of
  /// `out`. Bits only.
  void gather_bits(const uint32_t* order, int64_t first, int64_t count, const BitMatrixView& out,
                   int64_t out_row = 0) const;
  /// All rows, bits only.
  BitMatrix bit_matrix() const;
  /// Rows as real values, any kind; out rows are `out_stride` apart and their padding is left
  /// alone.
  template <class Real>
  void gather_values(const uint32_t* order, int64_t first, int64_t count, Real* out,
                     int64_t out_stride) const;

 private:
  /// f(values) for the rows in order, on the caller's thread.
  template <class Function>
  void for_each_row(const Run& run, Function&& f) const;

  Kind kind_ = Kind::bits;
  int64_t rows_ = 0, columns_ = 0;
  Buffer<uint64_t> bits_;
  const float* dense32_ = nullptr;
  const double* dense64_ = nullptr;
  CsrRows csr_;
  std::shared_ptr<void> owner_;
};

/// Rows of a word-major bit matrix.
Rows rows_from_bits(const BitMatrixView& bits);

}  // namespace udl
