#pragma once
// The kernels of dense nets of one CPU target, float32: whole products with what follows them, for
// a few panels of 16 units and some rows of a minibatch. Runtime code calls them through the table;
// no kernel knows threads, allocates, or looks at Python.
//
// Values of units lie in panels: unit 16 t + k of row r at values[t * panel_stride + 16 r + k].
// Lanes of units that are missing are 0, and kernels keep them so.
//
// "exact": the same bits on every target and however a product is cut into tasks. A sum adds its
// products in the stated order, each with one rounding; all else is multiplied and added with a
// rounding for each operation (docs/numerics.md). Outputs do not alias inputs but where it is said.
#include <cstdint>

#include "base/nets.h"
#include "base/view.h"
#include "kernels/dense/bfloat16.h"
#include "kernels/dense/int16.h"
#include "kernels/dense/int8.h"
#include "kernels/dense/lists.h"
#include "kernels/dense/loss.h"
#include "kernels/dense/products.h"
#include "kernels/dense/update.h"

namespace udl {

struct DenseKernels {
  const char* target;
  DenseProductKernels products;
  DenseUpdateKernels update;
  LossKernels loss;
  PixelListKernels lists;
  Bfloat16Kernels bfloat16;  ///< null but for AVX512_BF16
  Int16Kernels int16;
  Int8Kernels int8;
};

extern const DenseKernels dense_kernels_baseline;
extern const DenseKernels dense_kernels_avx2;
extern const DenseKernels dense_kernels_avx512;

}  // namespace udl
