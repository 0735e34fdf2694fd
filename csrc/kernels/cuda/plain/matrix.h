#pragma once
// Matrices as they lie in a device's memory, of several types and with any strides: arrays of
// callers on their way in and out.
#include <cstdint>

#include "kernels/cuda/kernel.h"

namespace udl::cuda::plain {

enum class Element : int32_t {
  bits,   ///< states: column c is bit c % 32 of word c / 32 of its row
  truth,  ///< bytes, of which all but 0 are true
  byte,   ///< unsigned
  int32,
  int64,  ///< beyond 2^53 rounded
  float32,
  float64,
};

/// Strides are in bytes and may be 0 or negative; the one of columns means nothing for bits.
struct Matrix {
  const void* data;
  int64_t rows, columns, row_stride, column_stride;
  Element element;
};

/// What there is among some values.
struct Found {
  double low, high;    ///< the smallest and the largest; of no values +inf and -inf
  uint32_t has_other;  ///< a value that is neither 0 nor 1
  uint32_t has_nan;    ///< low and high are of the others then
};

/// found[t] of the values t, t + threads, t + 2 threads, .. in C order; a thread each.
struct LookArguments {
  Matrix from;
  Found* found;
  int64_t threads;
};
extern const Kernel kLook;

/// Bit c of row r = from[r][c] > threshold. A thread a bit, a warp a word.
struct PackArguments {
  uint32_t* to;  ///< [rows][state_words(columns)]
  Matrix from;
  double threshold;
};
extern const Kernel kPack;

/// to[r][c] = from[order[r]][c], or from[r][c] where order is null, in C order, rounded to the
/// nearest where `element` (truth, float32 or float64) has less. A thread an element.
struct ConvertArguments {
  void* to;
  Matrix from;
  Element element;
  const uint32_t* order;
  int64_t rows;  ///< that are written
};
extern const Kernel kConvert;

/// to[c] = sum over r of from[order[r]][c], or of from[r][c] where order is null, added in order. A
/// thread a column.
struct ColumnSumArguments {
  double* to;
  Matrix from;
  const uint32_t* order;
  int64_t rows;  ///< that are added up
};
extern const Kernel kColumnSums;

}  // namespace udl::cuda::plain
