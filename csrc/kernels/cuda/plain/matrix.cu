#include "kernels/cuda/plain/matrix.h"

#include "kernels/cuda/plain/states.h"
#include "kernels/cuda/thread.h"

namespace udl::cuda::plain {
namespace {

constexpr double kInfinity = __builtin_huge_val();

template <class T>
__device__ double read(const char* at) {
  return static_cast<double>(*reinterpret_cast<const T*>(at));
}

__device__ double value_of(const Matrix& m, int64_t row, int64_t column) {
  const char* of_row = static_cast<const char*>(m.data) + row * m.row_stride;
  const char* at = of_row + column * m.column_stride;
  switch (m.element) {
    case Element::bits:
      return state_bit(reinterpret_cast<const uint32_t*>(of_row), column) ? 1.0 : 0.0;
    case Element::truth:
      return *at != 0 ? 1.0 : 0.0;
    case Element::byte:
      return read<uint8_t>(at);
    case Element::int32:
      return read<int32_t>(at);
    case Element::int64:
      return read<int64_t>(at);
    case Element::float32:
      return read<float>(at);
    default:
      return read<double>(at);
  }
}

__device__ int64_t ordered(const uint32_t* order, int64_t row) {
  return order != nullptr ? static_cast<int64_t>(order[row]) : row;
}

}  // namespace

extern "C" __global__ void udl_plain_look(const __grid_constant__ LookArguments a) {
  const int64_t thread = thread_number();
  if (thread >= a.threads) return;
  Found found = {kInfinity, -kInfinity, 0, 0};
  for (int64_t at = thread; at < a.from.rows * a.from.columns; at += a.threads) {
    const double value = value_of(a.from, at / a.from.columns, at % a.from.columns);
    if (value != 0.0 && value != 1.0) found.has_other = 1;
    if (value != value) found.has_nan = 1;
    if (value < found.low) found.low = value;
    if (value > found.high) found.high = value;
  }
  a.found[thread] = found;
}

extern "C" __global__ void udl_plain_pack(const __grid_constant__ PackArguments a) {
  const int64_t at = thread_number(), width = kStateBits * state_words(a.from.columns);
  const int64_t row = at / width, column = at % width;
  if (row >= a.from.rows) return;
  const bool on = column < a.from.columns && value_of(a.from, row, column) > a.threshold;
  store_bits(on, a.to + at / kStateBits);
}

extern "C" __global__ void udl_plain_convert(const __grid_constant__ ConvertArguments a) {
  const int64_t at = thread_number();
  if (at >= a.rows * a.from.columns) return;
  const double value = value_of(a.from, ordered(a.order, at / a.from.columns), at % a.from.columns);
  switch (a.element) {
    case Element::truth:
      static_cast<uint8_t*>(a.to)[at] = value != 0.0 ? 1 : 0;
      break;
    case Element::float32:
      static_cast<float*>(a.to)[at] = static_cast<float>(value);
      break;
    default:
      static_cast<double*>(a.to)[at] = value;
  }
}

extern "C" __global__ void udl_plain_column_sums(const __grid_constant__ ColumnSumArguments a) {
  const int64_t column = thread_number();
  if (column >= a.from.columns) return;
  double sum = 0.0;
  for (int64_t r = 0; r < a.rows; ++r) sum += value_of(a.from, ordered(a.order, r), column);
  a.to[column] = sum;
}

const Kernel kLook = UDL_KERNEL(udl_plain_look);
const Kernel kPack = UDL_KERNEL(udl_plain_pack);
const Kernel kConvert = UDL_KERNEL(udl_plain_convert);
const Kernel kColumnSums = UDL_KERNEL(udl_plain_column_sums);

}  // namespace udl::cuda::plain
