// Sparse rows: checked, and packed where all values are bits.
#include <algorithm>

#include "base/bits.h"
#include "base/error.h"
#include "runtime/data/rows.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

/// Reads rows in turn.
class CsrReader {
 public:
  CsrReader(const CsrView& x, int64_t columns)
      : x_(x), n_columns_(columns), last_row_of_column_(columns) {}

  /// Sets bits of values that are not 0. False if one of them is not 1 either. Throws if an index
  /// is out of range or a column repeats.
  bool read(int64_t row, uint64_t* bits) {
    if (x_.row_starts[row] > x_.row_starts[row + 1])
      throw_invalid("Rows.from_csr: indptr must not decrease, it does at row " +
                    std::to_string(row));
    bool binary = true;
    for (int64_t at = x_.row_starts[row]; at < x_.row_starts[row + 1]; ++at) {
      const int64_t c = checked_column(row, x_.columns[at]);
      binary = binary && (x_.values[at] == 0 || x_.values[at] == 1);
      if (x_.values[at] != 0) set_bit(bits, c);
    }
    return binary;
  }

 private:
  int64_t checked_column(int64_t row, int64_t column) {
    if (column < 0 || column >= n_columns_)
      throw_invalid("Rows.from_csr: row " + std::to_string(row) + " has column index " +
                    std::to_string(column) + ", expected 0 to " + std::to_string(n_columns_ - 1));
    if (last_row_of_column_[column] == row + 1)
      throw_invalid("Rows.from_csr: row " + std::to_string(row) + " repeats column " +
                    std::to_string(column) + "; call sum_duplicates() first");
    last_row_of_column_[column] = row + 1;
    return column;
  }

  const CsrView& x_;
  int64_t n_columns_;
  Buffer<int64_t> last_row_of_column_;  ///< row + 1 in which a column was last seen
};

CsrRows copy_of(const CsrView& x, int64_t rows) {
  const int64_t n_values = x.row_starts[rows];
  CsrRows out;
  out.row_starts.resize(rows + 1);
  out.columns.resize(n_values);
  out.values.resize(n_values);
  std::copy_n(x.row_starts, rows + 1, out.row_starts.data());
  for (int64_t at = 0; at < n_values; ++at) out.columns[at] = static_cast<int32_t>(x.columns[at]);
  std::copy_n(x.values, n_values, out.values.data());
  return out;
}

}  // namespace

Rows Rows::csr(const CsrView& x, int64_t rows, int64_t columns, const Run& run) {
  Rows out = zero_bits(rows, columns);
  CsrReader reader(x, columns);
  bool binary = true;
  parallel_for(run.with_threads(1), rows, [&](int64_t r) {
    const bool row_is_binary = reader.read(r, out.bits_row(r));
    binary = binary && row_is_binary;
  });
  if (binary || run.stopped()) return out;
  out.bits_.resize(0);
  out.kind_ = Kind::csr;
  out.csr_ = copy_of(x, rows);
  return out;
}

}  // namespace udl
