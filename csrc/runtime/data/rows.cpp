#include "runtime/data/rows.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include "base/bits.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

/// Packs up to 64 values with bit(value) giving the bit; `valid` is cleared if accept(value) is
/// false.
template <class T, class Bit, class Accept>
uint64_t pack_word(const StridedView<T>& x, int64_t row, int64_t first, Bit&& bit, Accept&& accept,
                   bool& valid) {
  const int64_t count = std::min<int64_t>(kWordBits, x.columns - first);
  uint64_t word = 0;
  bool ok = true;
  for (int64_t i = 0; i < count; ++i) {
    const T value = x(row, first + i);
    ok &= accept(value);
    word |= static_cast<uint64_t>(bit(value)) << i;
  }
  valid &= ok;
  return word;
}

constexpr int64_t kRowsPerTask = 256;
constexpr int64_t kHeadRows = 16;          ///< rows looked at before memory is taken for all
constexpr int64_t kWordsPerAsk = 1 << 12;  ///< some milliseconds between two checks for a stop

/// Returns false as soon as a block of rows holds a value that is not
/// accepted.
template <class T, class Bit, class Accept>
bool pack_rows(const StridedView<T>& x, const Run& run, Rows& out, Bit&& bit, Accept&& accept) {
  std::atomic<bool> valid{true};
  const int64_t n_words = out.words_per_row(), n_tasks = divide_up(x.rows, kRowsPerTask);
  const auto n_threads = static_cast<int>(std::min<int64_t>(run.n_threads, n_tasks));
  parallel_region(run.with_threads(n_threads), [&](Team& team) {
    team.for_each(n_tasks, [&](int64_t task) {
      bool ok = valid.load(std::memory_order_relaxed);
      const int64_t end = std::min(x.rows, (task + 1) * kRowsPerTask);
      int64_t words_to_ask = kWordsPerAsk;
      for (int64_t r = task * kRowsPerTask; ok && r < end; ++r)
        for (int64_t w = 0; w < n_words; ++w, --words_to_ask) {
          if (words_to_ask == 0) {
            if (team.check_stop()) return;
            words_to_ask = kWordsPerAsk;
          }
          out.bits_row(r)[w] = pack_word(x, r, w * kWordBits, bit, accept, ok);
        }
      if (!ok) valid.store(false, std::memory_order_relaxed);
    });
  });
  return valid;
}

/// Running ends, and what is NaN from a value on that is no finite number. So many that compilers
/// make a loop over vectors of them, four times as fast as with sixteen.
template <class Real>
ValueRange range_of(const Real* values, int64_t n) {
  constexpr int kLanes = 64;
  Real low[kLanes], high[kLanes], finite[kLanes] = {};
  std::fill_n(low, kLanes, std::numeric_limits<Real>::infinity());
  std::fill_n(high, kLanes, -std::numeric_limits<Real>::infinity());
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int k = 0; k < kLanes; ++k) {
      low[k] = values[i + k] < low[k] ? values[i + k] : low[k];
      high[k] = values[i + k] > high[k] ? values[i + k] : high[k];
      finite[k] += values[i + k] - values[i + k];
    }
  ValueRange range;
  for (int k = 0; k < kLanes; ++k) range.add({low[k] + finite[k], high[k] + finite[k]});
  for (; i < n; ++i) range.add(values[i]);
  return range;
}

template <class Real, class T>
void copy_row(const T* from, int64_t n, Real* to) {
  for (int64_t i = 0; i < n; ++i) to[i] = static_cast<Real>(from[i]);
}

template <class Real>
void expand_bits(const uint64_t* words, int64_t n, Real* to) {
  for (int64_t i = 0; i < n; ++i) to[i] = static_cast<Real>(bit_at(words, i));
}

}  // namespace

Rows Rows::zero_bits(int64_t rows, int64_t columns) {
  Rows out;
  out.rows_ = rows;
  out.columns_ = columns;
  out.bits_.resize(rows * out.words_per_row());
  return out;
}

template <class T>
std::unique_ptr<Rows> Rows::pack_binary(const StridedView<T>& x, const Run& run) {
  const auto bit = [](T value) { return value != 0; };
  const auto accept = [](T value) { return value == 0 || value == 1; };
  // Grey values show in the first rows: no memory is taken for bits of a large file that has none.
  if (x.rows > kRowsPerTask) {
    const StridedView<T> head{x.data, kHeadRows, x.columns, x.row_stride, x.column_stride};
    if (Rows first = zero_bits(head.rows, head.columns); !pack_rows(head, run, first, bit, accept))
      return nullptr;
  }
  auto out = std::make_unique<Rows>(zero_bits(x.rows, x.columns));
  if (!pack_rows(x, run, *out, bit, accept)) return nullptr;
  return out;
}

template <class T>
Rows Rows::pack_threshold(const StridedView<T>& x, double threshold, const Run& run) {
  Rows out = zero_bits(x.rows, x.columns);
  pack_rows(
      x, run, out, [threshold](T value) { return static_cast<double>(value) > threshold; },
      [](T) { return true; });
  return out;
}

Rows Rows::dense(const float* x, int64_t rows, int64_t columns, std::shared_ptr<void> owner) {
  Rows out;
  out.kind_ = Kind::dense32;
  out.rows_ = rows;
  out.columns_ = columns;
  out.dense32_ = x;
  out.owner_ = std::move(owner);
  return out;
}

Rows Rows::dense(const double* x, int64_t rows, int64_t columns, std::shared_ptr<void> owner) {
  Rows out;
  out.kind_ = Kind::dense64;
  out.rows_ = rows;
  out.columns_ = columns;
  out.dense64_ = x;
  out.owner_ = std::move(owner);
  return out;
}

template <class Real>
Rows Rows::of_values(std::vector<Real> values, int64_t rows, int64_t columns) {
  const auto held = std::make_shared<std::vector<Real>>(std::move(values));
  return dense(held->data(), rows, columns, held);
}

int64_t Rows::nbytes() const {
  const auto bytes = [](const auto& buffer) {
    return buffer.size() * static_cast<int64_t>(sizeof(buffer[0]));
  };
  return bytes(bits_) + bytes(csr_.row_starts) + bytes(csr_.columns) + bytes(csr_.values);
}

ValueRange Rows::range_of_rows(int64_t first, int64_t count) const {
  if (dense32_ != nullptr) return range_of(dense32_ + first * columns_, count * columns_);
  if (dense64_ != nullptr) return range_of(dense64_ + first * columns_, count * columns_);
  ValueRange range;
  for (int64_t r = first; r < first + count; ++r) {
    int64_t visited = 0;
    visit_row(r, [&](int64_t, double value) {
      range.add(value);
      ++visited;
    });
    if (visited < columns_) range.add(0.0);
  }
  return range;
}

ValueRange Rows::value_range(const Run& run) const {
  const int64_t n_tasks = divide_up(rows_, kRowsPerTask);
  std::vector<ValueRange> ranges(n_tasks);
  parallel_for(run, n_tasks, [&](int64_t task) {
    const int64_t first = task * kRowsPerTask;
    ranges[task] = range_of_rows(first, std::min(kRowsPerTask, rows_ - first));
  });
  ValueRange range;
  for (const ValueRange& other : ranges) range.add(other);
  return range;
}

void Rows::column_means(const Run& run, double* out) const {
  std::fill(out, out + columns_, 0.0);
  parallel_for(run.with_threads(1), rows_, [&](int64_t r) {
    visit_row(r, [&](int64_t column, double value) { out[column] += value; });
  });
  for (int64_t c = 0; c < columns_; ++c) out[c] /= static_cast<double>(rows_);
}

void Rows::gather_bits(const uint32_t* order, int64_t first, int64_t count,
                       const BitMatrixView& out, int64_t out_row) const {
  for (int64_t r = 0; r < count; ++r) write_bits(source_row(order, first + r), out, out_row + r);
}

void Rows::write_bits(int64_t row, const BitMatrixView& out, int64_t out_row) const {
  const int64_t n_words = words_per_row();
  if (kind_ == Kind::bits) {
    const uint64_t* from = bits_row(row);
    for (int64_t w = 0; w < n_words; ++w) out.word_column(w)[out_row] = from[w];
    return;
  }
  for (int64_t w = 0; w < n_words; ++w) out.word_column(w)[out_row] = 0;
  visit_row(row, [&](int64_t column, double) {
    out.word_column(column / kWordBits)[out_row] |= uint64_t{1} << (column % kWordBits);
  });
}

BitMatrix Rows::bit_matrix() const {
  BitMatrix bits(rows(), columns());
  gather_bits(nullptr, 0, rows(), bits.view());
  return bits;
}

template <class Real>
void Rows::gather_values(const uint32_t* order, int64_t first, int64_t count, Real* out,
                         int64_t out_stride) const {
  for (int64_t r = 0; r < count; ++r, out += out_stride) {
    const int64_t row = source_row(order, first + r);
    switch (kind_) {
      case Kind::bits:
        expand_bits(bits_row(row), columns_, out);
        break;
      case Kind::dense32:
        copy_row(dense32_ + row * columns_, columns_, out);
        break;
      case Kind::dense64:
        copy_row(dense64_ + row * columns_, columns_, out);
        break;
      default:
        std::fill(out, out + columns_, Real(0));
        visit_row(row,
                  [&](int64_t column, double value) { out[column] = static_cast<Real>(value); });
        break;
    }
  }
}

Rows rows_from_bits(const BitMatrixView& bits) {
  Rows out = Rows::zero_bits(bits.rows, bits.columns);
  for (int64_t r = 0; r < bits.rows; ++r)
    for (int64_t w = 0; w < out.words_per_row(); ++w) out.bits_row(r)[w] = bits.word_column(w)[r];
  return out;
}

template Rows Rows::of_values<float>(std::vector<float>, int64_t, int64_t);
template Rows Rows::of_values<double>(std::vector<double>, int64_t, int64_t);
template void Rows::gather_values<float>(const uint32_t*, int64_t, int64_t, float*, int64_t) const;
template void Rows::gather_values<double>(const uint32_t*, int64_t, int64_t, double*,
                                          int64_t) const;
template void Rows::gather_values<uint8_t>(const uint32_t*, int64_t, int64_t, uint8_t*,
                                           int64_t) const;
template void Rows::gather_values<bool>(const uint32_t*, int64_t, int64_t, bool*, int64_t) const;

#define UDL_INSTANTIATE_PACK(T)                                                           \
  template std::unique_ptr<Rows> Rows::pack_binary<T>(const StridedView<T>&, const Run&); \
  template Rows Rows::pack_threshold<T>(const StridedView<T>&, double, const Run&);
UDL_INSTANTIATE_PACK(float)
UDL_INSTANTIATE_PACK(double)
UDL_INSTANTIATE_PACK(uint8_t)
UDL_INSTANTIATE_PACK(TruthByte)
#undef UDL_INSTANTIATE_PACK

}  // namespace udl
