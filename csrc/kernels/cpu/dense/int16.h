#pragma once
// Products of numbers that are rounded to 16-bit integers. A block of rows by one or two panels of
// sums stays in registers for the inputs that are added in integers; their floats are added in
// `out`.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/cpu/dense/activations.h"
#include "kernels/cpu/simd/blocks.h"
#include "kernels/cpu/simd/int16.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/dense/int16.h"

namespace udl {
namespace {

#if defined(UDL_TARGET_AVX512)
constexpr int kInt16Rows = 12;  // by two panels, and a register for each product that is added
constexpr int kInt16Panels = 2;
#elif defined(UDL_TARGET_AVX2)
constexpr int kInt16Rows = 4;  // eight of 16 registers; with ten, little is left for products
constexpr int kInt16Panels = 1;
#else
constexpr int kInt16Rows = 2;
constexpr int kInt16Panels = 1;
#endif
/// Panels whose sums, with the values of all rows that are added to them, stay in a core's cache.
constexpr int64_t kInt16Group = 8;
constexpr int64_t kInt16BlockPairs = kInt16Units / 2;
constexpr int64_t kPackedRows = 8;  ///< at a time: they are read twice
/// Of the power of two above a row: up to that of the largest float, and down to where a scale is
/// still a float.
constexpr int kLeastExponent = -100, kGreatestExponent = 128;
constexpr float kGreatestScale = 0x1p100f;
constexpr int32_t kInfinity = 0x7F800000;  ///< as bits; those of NaN are above

// ---- rounding ----

/// Sixteen numbers of one panel and of the next, or zeros, rounded.
UDL_ALWAYS_INLINE i32x16 rounded_pair(const float* low, const float* high, f32x16 scale) {
  const i32x16 of_high = high != nullptr ? round_to_int(load(high) * scale) : broadcast(0);
  return pair(round_to_int(load(low) * scale), of_high);
}

/// Of each output of a panel: what its weights are multiplied with. 0 or NaN, and its outputs NaN,
/// where weights or a sum of them are no finite numbers.
f32x16 weight_scales(const float* panel, int64_t n_inputs) {
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
                        int32_t* pairs, float* steps) {
  const int64_t stride = kTileUnits * int16_pairs(w.n_inputs);
  for (int64_t p = first_panel; p < first_panel + n_panels; ++p) {
    const float* from = w.panels + p * w.panel_stride();
    const f32x16 scale = weight_scales(from, w.n_inputs);
    store(steps + p * kTileUnits, broadcast(1.0f) / scale);
    int32_t* to = pairs + p * stride;
    for (int64_t i = 0; i < w.n_inputs; i += kPairUnits)
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
void value_scales(const UnroundedValues& values, int64_t n_panels, int64_t first_row,
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
    int32_t lanes[kTileUnits];
    store(lanes, largest[r]);
    const int32_t most = *std::max_element(lanes, lanes + kTileUnits);
    const int exponent = exponent_above(most);
    steps[first_row + r] = most < kInfinity ? std::ldexp(1.0f / kInt16Value, exponent)
                                            : std::numeric_limits<float>::quiet_NaN();
    scales[r] = std::ldexp(kInt16Value, -exponent);
  }
}

void pack_int16_values(const UnroundedValues& values, int64_t n_panels, int64_t n_rows,
                       int32_t* pairs, int64_t stride, float* steps) {
  for (int64_t first = 0; first < n_rows; first += kPackedRows) {
    const int64_t count = std::min(kPackedRows, n_rows - first);
    float scales[kPackedRows];
    value_scales(values, n_panels, first, count, steps, scales);
    for (int64_t p = 0; p < n_panels; p += 2)
      for (int64_t r = 0; r < count; ++r) {
        const float* low =
            values.values + p * values.panel_stride + (first + r) * values.row_stride;
        const float* high = p + 1 < n_panels ? low + values.panel_stride : nullptr;
        store(pairs + p / 2 * stride + (first + r) * kTileUnits,
              rounded_pair(low, high, broadcast(scales[r])));
      }
  }
}

// ---- products ----

/// `n_pairs` pairs of inputs of a product, by one or two panels of it.
struct Int16Part {
  const Int16Product& product;
  const int32_t* values;   ///< of row 0
  const int32_t* weights;  ///< of the first panel
  int64_t n_pairs, panel;
  bool first, last;  ///< whether sums begin, and whether they are complete then
};

template <int kRows, int kPanels>
UDL_ALWAYS_INLINE void add_int16_pairs(const int32_t* values, const int32_t* weights,
                                       int64_t weight_stride, i32x16 (&sums)[kRows][kPanels]) {
  i32x16 row[kPanels];
  for (int p = 0; p < kPanels; ++p) {
    row[p] = load(weights + p * weight_stride);
    keep_in_register(row[p]);
  }
  for (int r = 0; r < kRows; ++r) {
    Int16Pair value = broadcast_pair(values + r * kTileUnits);
    keep_in_register(value);
    for (int p = 0; p < kPanels; ++p) sums[r][p] = add_dot(value, row[p], sums[r][p]);
  }
}

template <int kRows, int kPanels>
UDL_NEVER_INLINE void int16_block(const Int16Part& part, int64_t first_row) {
  const Int16Product& product = part.product;
  const int64_t weight_stride = product.weights.stride(), at = first_row * kTileUnits;
  i32x16 sums[kRows][kPanels];
  for (int r = 0; r < kRows; ++r)
    for (int p = 0; p < kPanels; ++p) sums[r][p] = broadcast(0);
  const int32_t *values = part.values + at, *weights = part.weights;
  for (int64_t n = part.n_pairs; n > 0; n -= kTileUnits) {
#pragma GCC unroll 4
    for (int k = 0; k < kTileUnits; ++k)
      add_int16_pairs(values + k, weights + k * kTileUnits, weight_stride, sums);
    values += product.values.stride;
    weights += kTileUnits * kTileUnits;
  }
  for (int p = 0; p < kPanels; ++p) {
    float* out = product.out.panel(part.panel + p) + at;
    const f32x16 steps = load(product.weights.steps + (part.panel + p) * kTileUnits);
    for (int r = 0; r < kRows; ++r) {
      f32x16 sum = to_float(sums[r][p]);
      if (!part.first) sum = load(out + r * kTileUnits) + sum;
      if (part.last) sum = sum * (broadcast(product.values.steps[first_row + r]) * steps);
      store(out + r * kTileUnits, sum);
    }
    if (part.last) finish_rows(product.finish, product.out, part.panel + p, first_row, kRows);
  }
}

void int16_to_outputs(const Int16Product& product) {
  const Int16Weights& w = product.weights;
  const int64_t n_pairs = int16_pairs(w.n_inputs);
  for (int64_t group = 0; group < product.n_panels; group += kInt16Group) {
    const int64_t end = std::min(group + kInt16Group, product.n_panels);
    for (int64_t i = 0; i < n_pairs; i += kInt16BlockPairs) {
      const int64_t n = std::min(kInt16BlockPairs, n_pairs - i);
      for (int64_t panel = group; panel < end; panel += kInt16Panels) {
        const Int16Part part{product,
                             product.values.pairs + i / kTileUnits * product.values.stride,
                             w.pairs + panel * w.stride() + i * kTileUnits,
                             n,
                             panel,
                             i == 0,
                             i + n == n_pairs};
        for_even_blocks<kInt16Rows>(product.n_rows, [&](int64_t first, auto height) {
          constexpr int kRows = decltype(height)::value;
          if (panel + kInt16Panels <= end)
            int16_block<kRows, kInt16Panels>(part, first);
          else
            int16_block<kRows, 1>(part, first);
        });
      }
    }
  }
}

constexpr Int16Kernels int16_kernels() {
  return {pack_int16_weights, pack_int16_values, int16_to_outputs};
}

}  // namespace
}  // namespace udl
