#pragma once
// Products with real-valued states (grey pixels, mean-field reconstructions, units that are real
// numbers), float32.
//
// Every kernel keeps a block of rows, or of units, of 16 lanes in registers and walks the reduction
// once, in order, so a result does not depend on how rows are grouped into blocks.
#include <algorithm>
#include <type_traits>

#include "kernels/cpu/simd/blocks.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

#if defined(UDL_TARGET_AVX512)
constexpr int kDenseRows = 12;   // of 32 registers
constexpr int kDenseUnits = 16;  // a tile
#elif defined(UDL_TARGET_AVX2)
constexpr int kDenseRows = 6;  // twelve of 16 registers
constexpr int kDenseUnits = 6;
#else
constexpr int kDenseRows = 2;
constexpr int kDenseUnits = 2;
#endif

/// Rows of a panel follow each other: all distances of a block are constants.
using PanelRows = std::integral_constant<int64_t, kTileUnits>;

template <class Work>
UDL_ALWAYS_INLINE void with_row_stride(const RealRowsView& values, Work&& work) {
  if (values.row_stride == kTileUnits) return work(PanelRows{});
  work(values.row_stride);
}

/// out[r] += sum over n < count <= 16, in order, of a[r * row_stride + n] * b[16 n ..].
template <int kRows, class Stride>
UDL_ALWAYS_INLINE void add_products(const float* a, Stride row_stride, const float* b,
                                    int64_t count, f32x16 (&out)[kRows]) {
  const auto add = [&](int64_t n) {
    const f32x16 row = load(b + n * kTileUnits);
    for (int r = 0; r < kRows; ++r)
      out[r] = multiply_add(broadcast(a[r * row_stride + n]), row, out[r]);
  };
  if (count == kTileUnits)
    for (int64_t n = 0; n < kTileUnits; ++n) add(n);
  else
    for (int64_t n = 0; n < count; ++n) add(n);
}

void dense_hidden_sums(const WeightPanelsView& weights, int64_t tile, const RealRowsView& values,
                       float* sums) {
  with_row_stride(values, [&](auto row_stride) {
    for_even_blocks<kDenseRows>(values.rows, [&](int64_t first, auto height) {
      constexpr int kRows = decltype(height)::value;
      f32x16 out[kRows];
      for (int r = 0; r < kRows; ++r) out[r] = broadcast(0.0f);
      const float *a = values.values + first * row_stride, *b = weights.panel(tile);
      for (int64_t n = weights.n_visible; n > 0; n -= kTileUnits) {
        add_products(a, row_stride, b, std::min<int64_t>(n, kTileUnits), out);
        a += values.tile_stride;
        b += kTileUnits * kTileUnits;
      }
      for (int r = 0; r < kRows; ++r) store(sums + (first + r) * kTileUnits, out[r]);
    });
  });
}

/// Panel by panel: 16 x 16 weights are transposed once and used for all rows.
void dense_visible_sums(const WeightPanelsView& weights, int64_t tile, const RealRowsView& values,
                        float* sums) {
  alignas(64) float columns[kTileUnits * kTileUnits];
  for (int64_t panel = 0; panel * kTileUnits < weights.n_hidden; ++panel) {
    transpose_corner(weights.panel(panel) + tile * kTileUnits * kTileUnits, columns);
    const int64_t count = std::min<int64_t>(kTileUnits, weights.n_hidden - panel * kTileUnits);
    with_row_stride(values, [&](auto row_stride) {
      for_even_blocks<kDenseRows>(values.rows, [&](int64_t first, auto height) {
        constexpr int kRows = decltype(height)::value;
        f32x16 out[kRows];
        float* sum = sums + first * kTileUnits;
        for (int r = 0; r < kRows; ++r)
          out[r] = panel > 0 ? load(sum + r * kTileUnits) : broadcast(0.0f);
        add_products(values.values + panel * values.tile_stride + first * row_stride, row_stride,
                     columns, count, out);
        for (int r = 0; r < kRows; ++r) store(sum + r * kTileUnits, out[r]);
      });
    });
  }
}

void dense_gradient_sums(const RealRowsView& values, int64_t n_visible, const float* probabilities,
                         float factor, bool accumulate, float* sums) {
  const f32x16 scale = broadcast(factor);
  for (int64_t tile = 0; tile * kTileUnits < n_visible; ++tile) {
    const float* of_tile = values.values + tile * values.tile_stride;
    float* sums_of_tile = sums + tile * kTileUnits * kTileUnits;
    const int64_t n_units = std::min<int64_t>(kTileUnits, n_visible - tile * kTileUnits);
    for_even_blocks<kDenseUnits>(n_units, [&](int64_t first, auto height) {
      constexpr int kUnits = decltype(height)::value;
      f32x16 out[kUnits];
      for (int u = 0; u < kUnits; ++u) out[u] = broadcast(0.0f);
      const float* a = of_tile + first;
      for (int64_t r = 0; r < values.rows; ++r, a += values.row_stride) {
        const f32x16 row = load(probabilities + r * kTileUnits);
        for (int u = 0; u < kUnits; ++u) out[u] = multiply_add(broadcast(a[u]), row, out[u]);
      }
      for (int u = 0; u < kUnits; ++u) {
        float* sum = sums_of_tile + (first + u) * kTileUnits;
        store(sum, accumulate ? load(sum) + out[u] * scale : out[u] * scale);
      }
    });
  }
}

}  // namespace
}  // namespace udl
