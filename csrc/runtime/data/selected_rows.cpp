// Some rows of others, in the same form.
#include <algorithm>
#include <memory>

#include "runtime/data/rows.h"

namespace udl {
namespace {

CsrRows selected_lists(const SparseRowsView& all, const int64_t* numbers, int64_t count) {
  CsrRows out;
  out.row_starts.resize(count + 1);
  for (int64_t r = 0; r < count; ++r)
    out.row_starts[r + 1] = out.row_starts[r] + all.last[numbers[r]] - all.first[numbers[r]];
  out.columns.resize(out.row_starts[count]);
  out.values.resize(all.values != nullptr ? out.row_starts[count] : 0);
  for (int64_t r = 0; r < count; ++r) {
    const int64_t first = all.first[numbers[r]], n = all.last[numbers[r]] - first;
    std::copy_n(all.columns + first, n, out.columns.data() + out.row_starts[r]);
    if (all.values != nullptr)
      std::copy_n(all.values + first, n, out.values.data() + out.row_starts[r]);
  }
  return out;
}

template <class Real>
Rows selected_values(const Rows& rows, const int64_t* numbers, int64_t count) {
  const int64_t n = rows.columns();
  const auto values = std::make_shared<Buffer<Real>>(count * n);
  for (int64_t r = 0; r < count; ++r)
    rows.gather_values<Real>(nullptr, numbers[r], 1, values->data() + r * n, n);
  return Rows::dense(values->data(), count, n, values);
}

Rows selected_bits(const Rows& rows, const int64_t* numbers, int64_t count) {
  Rows out = Rows::zero_bits(count, rows.columns());
  for (int64_t r = 0; r < count; ++r)
    std::copy_n(rows.bits_row(numbers[r]), rows.words_per_row(), out.bits_row(r));
  return out;
}

}  // namespace

Rows Rows::select(const int64_t* numbers, int64_t count) const {
  if (kind_ == Kind::bits) return selected_bits(*this, numbers, count);
  if (kind_ == Kind::dense32) return selected_values<float>(*this, numbers, count);
  if (kind_ == Kind::dense64) return selected_values<double>(*this, numbers, count);
  Rows out;
  out.kind_ = kind_;
  out.rows_ = count;
  out.columns_ = columns_;
  out.csr_ = selected_lists(sparse(0, rows_), numbers, count);
  return out;
}

}  // namespace udl
