#pragma once
// Products of numbers that are rounded to 16-bit integers.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/cpu/dense/rounded.h"
#include "kernels/cpu/simd/integers.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/dense/int16.h"

namespace udl {
namespace {

/// Of the power of two above a row: up to that of the largest float, and down to where a scale is
/// still a float.
constexpr int kLeastExponent = -100, kGreatestExponent = 128;

// ---- rounding ----

/// Sixteen numbers of one panel and of the next, or zeros, rounded.
UDL_ALWAYS_INLINE i32x16 rounded_pair(const float* low, const float* high, f32x16 scale) {
  const i32x16 of_high = high != nullptr ? round_to_int(load(high) * scale) : broadcast(0);
  return pair(round_to_int(load(low) * scale), of_high);
}

/// Of each output of a panel: what its weights are multiplied with. 0 or NaN, and its outputs NaN,
/// where weights or a sum of them are no finite numbers.
f32x16 int16_weight_scales(const float* panel, int64_t n_inputs) {
  i32x16 largest = broadcast(0);  // as bits, among which NaN is not lost
  f32x16 largest_sum = broadcast(0.0f);
  for (int64_t first = 0; first < n_inputs; first += kInt16Units) {
    f32x16 sum = broadcast(0.0f);
    for (int64_t i = first; i < std::min(first + kInt16Units, n_inputs); ++i) {
      const i32x16 size = magnitude_bits(load(panel + i * kTileUnits));
      largest = max(largest, size);
      sum = sum + float_from_bits(size);
    }
    largest_sum = max(largest_sum, sum);
  }
  const f32x16 of_sum = broadcast(kInt16Sum) / largest_sum;
  const f32x16 of_largest = broadcast(32767.0f) / float_from_bits(largest);
  return min(broadcast(kGreatestScale), min(of_sum, of_largest));  // NaN in what is second stays
}

void pack_int16_weights(const DenseWeights& w, int64_t first_panel, int64_t n_panels,
                        int32_t* lanes, float* steps) {
  const int64_t stride = kTileUnits * rounded_lanes<kInt16PerLane>(w.n_inputs);
  for (int64_t p = first_panel; p < first_panel + n_panels; ++p) {
    const float* from = w.panels + p * w.panel_stride();
    const f32x16 scale = int16_weight_scales(from, w.n_inputs);
    store(steps + p * kTileUnits, broadcast(1.0f) / scale);
    int32_t* to = lanes + p * stride;
    for (int64_t i = 0; i < w.n_inputs; i += kInt16PerLane * kTileUnits)
      for (int k = 0; k < kTileUnits; ++k, to += kTileUnits) {
        const float* low = from + (i + k) * kTileUnits;
        const bool has_high = i + kTileUnits < w.n_inputs;
        store(to, rounded_pair(low, has_high ? low + kTileUnits * kTileUnits : nullptr, scale));
      }
  }
}

/// The power of two that is not below a number whose bits are given, within bounds.
UDL_ALWAYS_INLINE int exponent_above(int32_t magnitude) {
  const int exponent = (magnitude >> 23) - 127 + ((magnitude & 0x7FFFFF) != 0 ? 1 : 0);
  return std::clamp(exponent, kLeastExponent, kGreatestExponent);
}

/// What each of some rows is multiplied with; 1 / that into `steps`, NaN of a row that holds what
/// is no finite number.
void int16_value_scales(const UnroundedValues& values, int64_t n_panels, int64_t first_row,
                        int64_t n_rows, float* steps, float* scales) {
  i32x16 largest[kPackedRows];
  for (int64_t r = 0; r < n_rows; ++r) largest[r] = broadcast(0);
  for (int64_t p = 0; p < n_panels; ++p)
    for (int64_t r = 0; r < n_rows; ++r) {
      const float* row =
          values.values + p * values.panel_stride + (first_row + r) * values.row_stride;
      largest[r] = max(largest[r], magnitude_bits(load(row)));
    }
  for (int64_t r = 0; r < n_rows; ++r) {
    const int32_t most = greatest_lane(largest[r]);
    const int exponent = exponent_above(most);
    steps[first_row + r] = most < kInfinity ? std::ldexp(1.0f / kInt16Value, exponent)
                                            : std::numeric_limits<float>::quiet_NaN();
    scales[r] = std::ldexp(kInt16Value, -exponent);
  }
}

void pack_int16_values(const UnroundedValues& values, int64_t n_units, int64_t n_rows,
                       int32_t* lanes, int64_t stride, float* steps) {
  const int64_t n_panels = divide_up(n_units, kTileUnits);
  for (int64_t first = 0; first < n_rows; first += kPackedRows) {
    const int64_t count = std::min(kPackedRows, n_rows - first);
    float scales[kPackedRows];
    int16_value_scales(values, n_panels, first, count, steps, scales);
    for (int64_t p = 0; p < n_panels; p += 2)
      for (int64_t r = 0; r < count; ++r) {
        const float* low =
            values.values + p * values.panel_stride + (first + r) * values.row_stride;
        const float* high = p + 1 < n_panels ? low + values.panel_stride : nullptr;
        store(lanes + p / 2 * stride + (first + r) * kTileUnits,
              rounded_pair(low, high, broadcast(scales[r])));
      }
  }
}

// ---- products ----

template <int kRows, int kPanels>
UDL_ALWAYS_INLINE void add_int16_pairs(const int32_t* values, const int32_t* weights,
                                       int64_t weight_stride, i32x16 (&sums)[kRows][kPanels]) {
  i32x16 row[kPanels];
  load_weights(weights, weight_stride, row);
  for (int r = 0; r < kRows; ++r) {
    const SameLanes value = load_value(values + r * kTileUnits);
    for (int p = 0; p < kPanels; ++p) sums[r][p] = add_dot(value, row[p], sums[r][p]);
  }
}

struct Int16Format {
  using Product = Int16Product;
  static constexpr int kPerLane = kInt16PerLane;
  static constexpr int64_t kUnits = kInt16Units;
#if defined(UDL_TARGET_AVX512)
  static constexpr int kRows = 12;  // and a register for each product that is added
  static constexpr int kPanels = 2;
#elif defined(UDL_TARGET_AVX2)
  static constexpr int kRows = 4;  // eight of 16 registers; with ten, little is left for products
  static constexpr int kPanels = 1;
#else
  static constexpr int kRows = 2;
  static constexpr int kPanels = 1;
#endif

  template <int kRows, int kPanels>
  UDL_ALWAYS_INLINE static void add(const int32_t* values, const int32_t* weights,
                                    int64_t weight_stride, i32x16 (&sums)[kRows][kPanels]) {
#pragma GCC unroll 4
    for (int k = 0; k < kTileUnits; ++k)
      add_int16_pairs(values + k, weights + k * kTileUnits, weight_stride, sums);
  }

  UDL_ALWAYS_INLINE static f32x16 worth(const Product& product, int64_t panel, int64_t row,
                                        f32x16 sum) {
    const f32x16 steps = load(product.weights.steps + panel * kTileUnits);
    return sum * (broadcast(product.values.steps[row]) * steps);
  }
};

constexpr Int16Kernels int16_kernels() {
  return {pack_int16_weights, pack_int16_values, rounded_to_outputs<Int16Format>};
}

}  // namespace
}  // namespace udl
