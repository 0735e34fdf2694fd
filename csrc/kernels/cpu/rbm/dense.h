#pragma once
// Products with real-valued visible states (grey pixels, mean-field reconstructions), float32.
//
// Both kernels keep a block of rows of 16 lanes in registers and walk the reduction once, in order,
// so a result does not depend on how rows are grouped into blocks.
#include <algorithm>

#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

#if defined(UDL_TARGET_AVX512)
constexpr int kDenseRows = 12;  // of 32 registers
#elif defined(UDL_TARGET_AVX2)
constexpr int kDenseRows = 6;  // twelve of 16 registers
#else
constexpr int kDenseRows = 2;
#endif

/// out[r] = sum over n of a[r * row_step + n * step] * b[16 n ..]; r = 0 .. kRows - 1.
template <int kRows>
UDL_ALWAYS_INLINE void dense_block(const float* a, int64_t row_step, int64_t step, const float* b,
                                   int64_t length, f32x16 (&out)[kRows]) {
  for (int r = 0; r < kRows; ++r) out[r] = broadcast(0.0f);
  for (int64_t n = 0; n < length; ++n) {
    const f32x16 row = load(b + n * kTileUnits);
    for (int r = 0; r < kRows; ++r)
      out[r] = multiply_add(broadcast(a[r * row_step + n * step]), row, out[r]);
  }
}

/// Calls finish(row, value) for every row, in blocks of kDenseRows and then one by one.
template <class Finish>
UDL_ALWAYS_INLINE void dense_product(const float* a, int64_t rows, int64_t row_step, int64_t step,
                                     const float* b, int64_t length, Finish&& finish) {
  int64_t first = 0;
  for (; first + kDenseRows <= rows; first += kDenseRows) {
    f32x16 out[kDenseRows];
    dense_block<kDenseRows>(a + first * row_step, row_step, step, b, length, out);
    for (int r = 0; r < kDenseRows; ++r) finish(first + r, out[r]);
  }
  for (; first < rows; ++first) {
    f32x16 out[1];
    dense_block<1>(a + first * row_step, row_step, step, b, length, out);
    finish(first, out[0]);
  }
}

void dense_hidden_sums(const WeightPanelsView& weights, int64_t tile, const float* values,
                       int64_t rows, int64_t row_stride, float* sums) {
  dense_product(values, rows, row_stride, 1, weights.panel(tile), weights.n_visible,
                [&](int64_t row, f32x16 sum) { store(sums + row * kTileUnits, sum); });
}

/// Panel by panel: 16 x 16 weights are transposed once and used for all rows.
void dense_visible_sums(const WeightPanelsView& weights, int64_t tile, const float* values,
                        int64_t rows, int64_t row_stride, float* sums) {
  for (int64_t first = 0; first < weights.n_hidden; first += kTileUnits) {
    const float* corner = weights.panel(first / kTileUnits) + tile * kTileUnits * kTileUnits;
    alignas(64) float columns[kTileUnits * kTileUnits];
    for (int j = 0; j < kTileUnits; j += 4) {
      f32x16 four[4];
      load_columns(corner + j, kTileUnits, four);
      for (int k = 0; k < 4; ++k) store(columns + (j + k) * kTileUnits, four[k]);
    }
    const int64_t count = std::min<int64_t>(kTileUnits, weights.n_hidden - first);
    for (int64_t r = 0; r < rows; ++r) {
      const float* value = values + r * row_stride + first;
      f32x16 sum = first == 0 ? broadcast(0.0f) : load(sums + r * kTileUnits);
      for (int64_t j = 0; j < count; ++j)
        sum = multiply_add(broadcast(value[j]), load(columns + j * kTileUnits), sum);
      store(sums + r * kTileUnits, sum);
    }
  }
}

void dense_gradient_sums(const float* values, int64_t rows, int64_t row_stride, int64_t n_visible,
                         const float* probabilities, float factor, bool accumulate, float* sums) {
  const f32x16 scale = broadcast(factor);
  dense_product(values, n_visible, 1, row_stride, probabilities, rows, [&](int64_t i, f32x16 sum) {
    float* out = sums + i * kTileUnits;
    store(out, accumulate ? load(out) + sum * scale : sum * scale);
  });
}

}  // namespace
}  // namespace udl
