// Rows with one unit flipped in each, which the one-flip estimate of the pseudo-likelihood compares
// them with. The unit is a hash of the row, so no row's estimate depends on the others, and what is
// zero adds nothing to the hash: sparse rows cost what is stored.
#include <algorithm>
#include <cstring>
#include <memory>

#include "base/bits.h"
#include "runtime/data/rows.h"

namespace udl {
namespace {

/// Finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit reaches every other.
uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

uint32_t float_bits(double value) {
  const float number = static_cast<float>(value) + 0.0f;  // -0 becomes 0
  uint32_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  return bits;
}

/// Uniform over the units, and the same for equal values as float32.
int64_t flipped_unit(const Rows& rows, int64_t row) {
  constexpr uint64_t kGoldenRatio = 0x9E3779B97F4A7C15u;  // 2^64 / golden ratio
  uint64_t hash = 0;
  rows.visit_row(row, [&](int64_t column, double value) {
    hash += float_bits(value) * mix(static_cast<uint64_t>(column + 1) * kGoldenRatio);
  });
  return static_cast<int64_t>((mix(hash) >> 32) * static_cast<uint64_t>(rows.columns()) >> 32);
}

/// Lists of rows first .. first + count - 1 with the flipped units put in or, where 1 becomes 0,
/// left out.
template <class Real>
CsrRows flipped_lists(const Rows& rows, int64_t first, int64_t count) {
  const SparseRowsView from = rows.sparse(first, count);
  const int64_t room = from.last[count - 1] - from.first[0] + count;
  CsrRows out;
  out.row_starts.resize(count + 1);
  out.columns.resize(room);
  out.values.resize(from.values != nullptr ? room : 0);
  int64_t end = 0;
  const auto append = [&](int64_t column, Real value) {
    if (value == 0) return;
    out.columns[end] = static_cast<int32_t>(column);
    if (out.values.size() > 0) out.values[end] = static_cast<double>(value);
    ++end;
  };
  for (int64_t r = 0; r < count; ++r) {
    const int64_t unit = flipped_unit(rows, first + r);
    bool done = false;
    rows.visit_row(first + r, [&](int64_t column, double value) {
      if (!done && column > unit) append(unit, 1);
      done = done || column >= unit;
      const Real number = static_cast<Real>(value);
      append(column, column == unit ? 1 - number : number);
    });
    if (!done) append(unit, 1);
    out.row_starts[r + 1] = end;
  }
  return out;
}

template <class Real>
Rows flipped_values(const Rows& rows, int64_t first, int64_t count) {
  const int64_t n = rows.columns();
  const auto values = std::make_shared<Buffer<Real>>(count * n);
  rows.gather_values<Real>(nullptr, first, count, values->data(), n);
  for (int64_t r = 0; r < count; ++r) {
    Real& value = (*values)[r * n + flipped_unit(rows, first + r)];
    value = 1 - value;
  }
  return Rows::dense(values->data(), count, n, values);
}

Rows flipped_bits(const Rows& rows, int64_t first, int64_t count) {
  Rows out = Rows::zero_bits(count, rows.columns());
  for (int64_t r = 0; r < count; ++r) {
    uint64_t* words = out.bits_row(r);
    std::copy_n(rows.bits_row(first + r), rows.words_per_row(), words);
    const int64_t unit = flipped_unit(rows, first + r);
    words[unit / kWordBits] ^= uint64_t{1} << (unit % kWordBits);
  }
  return out;
}

}  // namespace

template <class Real>
Rows Rows::flipped_once(int64_t first, int64_t count) const {
  if (count == 0 || kind_ == Kind::bits) return flipped_bits(*this, first, count);
  if (!is_sparse()) return flipped_values<Real>(*this, first, count);
  Rows out;
  out.kind_ = kind_;
  out.rows_ = count;
  out.columns_ = columns_;
  out.csr_ = flipped_lists<Real>(*this, first, count);
  return out;
}

template Rows Rows::flipped_once<float>(int64_t, int64_t) const;
template Rows Rows::flipped_once<double>(int64_t, int64_t) const;

}  // namespace udl
