#pragma once
// Products of numbers that are rounded to bytes. Products of eight inputs are added in 16 bits,
// which takes half as many instructions as adding each pair of them in 32.
#include <algorithm>
#include <limits>

#include "kernels/cpu/dense/rounded.h"
#include "kernels/cpu/simd/integers.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/dense/int8.h"

namespace udl {
namespace {

constexpr int64_t kQuadUnits = kInt8PerLane * kTileUnits;
constexpr int kShortLanes = 4;  ///< whose products are added in 16 bits, two for each half
constexpr float kLeastRange = 0x1p-100f;

// ---- rounding of weights ----

/// The largest sum of magnitudes of weights whose products are added in 16 bits, an output, among
/// inputs first .. first + 63, or to the last.
f32x16 largest_short_sum(const float* panel, int64_t first, int64_t n_inputs) {
  f32x16 largest = broadcast(0.0f);
  for (int64_t half = first; half < first + kQuadUnits; half += 2 * kTileUnits)
    for (int64_t q = half; q < half + kTileUnits; q += kShortLanes) {
      f32x16 sum = broadcast(0.0f);
      for (int64_t run = q; run <= q + kTileUnits; run += kTileUnits)
        for (int64_t i = run; i < std::min(run + kShortLanes, n_inputs); ++i)
          sum = sum + magnitude(load(panel + i * kTileUnits));
      largest = max(largest, sum);
    }
  return largest;
}

/// Of each output of a panel: what its weights are multiplied with. 0 or NaN, and its outputs NaN,
/// where weights or a sum of them are no finite numbers.
f32x16 int8_weight_scales(const float* panel, int64_t n_inputs) {
  i32x16 largest = broadcast(0);  // as bits, among which NaN is not lost
  for (int64_t i = 0; i < n_inputs; ++i)
    largest = max(largest, magnitude_bits(load(panel + i * kTileUnits)));
  f32x16 largest_sum = broadcast(0.0f);
  for (int64_t i = 0; i < n_inputs; i += kQuadUnits)
    largest_sum = max(largest_sum, largest_short_sum(panel, i, n_inputs));
  const f32x16 of_sum = broadcast(kInt8Sum) / largest_sum;
  const f32x16 of_largest = broadcast(kInt8Weight) / float_from_bits(largest);
  return min(broadcast(kGreatestScale), min(of_sum, of_largest));  // NaN in what is second stays
}

void pack_int8_panel(const float* panel, int64_t n_inputs, f32x16 scale, int32_t* to,
                     i32x16* rounded_sum) {
  i32x16 sum = broadcast(0);
  for (int64_t first = 0; first < n_inputs; first += kQuadUnits)
    for (int k = 0; k < kTileUnits; ++k, to += kTileUnits) {
      i32x16 rounded[kInt8PerLane];
      for (int j = 0; j < kInt8PerLane; ++j) {
        const int64_t i = first + j * kTileUnits + k;
        rounded[j] =
            i < n_inputs ? round_to_int(load(panel + i * kTileUnits) * scale) : broadcast(0);
        sum = sum + rounded[j];
      }
      store(to, quad(rounded));
    }
  *rounded_sum = sum;
}

void pack_int8_weights(const DenseWeights& w, int64_t first_panel, int64_t n_panels,
                       const Int8WeightsPlace& place) {
  const int64_t stride = kTileUnits * rounded_lanes<kInt8PerLane>(w.n_inputs);
  for (int64_t p = first_panel; p < first_panel + n_panels; ++p) {
    const float* panel = w.panels + p * w.panel_stride();
    const f32x16 scale = int8_weight_scales(panel, w.n_inputs);
    const f32x16 steps = broadcast(1.0f) / scale;
    f32x16 sum = broadcast(0.0f);
    for (int64_t i = 0; i < w.n_inputs; ++i) sum = sum + load(panel + i * kTileUnits);
    i32x16 rounded_sum;
    pack_int8_panel(panel, w.n_inputs, scale, place.lanes + p * stride, &rounded_sum);
    store(place.steps + p * kTileUnits, steps);
    store(place.sums + p * kTileUnits, sum);
    store(place.rounded_sums + p * kTileUnits, to_float(rounded_sum) * steps);
  }
}

// ---- rounding of values ----

/// A row of values, and what lies behind its last unit.
struct UnroundedRow {
  const float* values;
  int64_t panel_stride, n_units;

  /// Sixteen units from 16 * panel; missing ones are `fill`.
  UDL_ALWAYS_INLINE f32x16 units(int64_t panel, float fill) const {
    const int64_t count = n_units - panel * kTileUnits;
    if (count <= 0) return broadcast(fill);
    const float* from = values + panel * panel_stride;
    if (count >= kTileUnits) return load(from);
    float sixteen[kTileUnits];
    std::fill_n(sixteen, kTileUnits, fill);
    std::copy_n(from, count, sixteen);
    return load(sixteen);
  }
  int64_t n_panels() const { return divide_up(n_units, kTileUnits); }
};

/// What a row is rounded by: multiples of step above least. All values least where scale is 0.
struct RowScale {
  float least, step, scale;
};

RowScale int8_row_scale(const UnroundedRow& row) {
  const float first = row.values[0];
  f32x16 least = broadcast(first), most = least;
  i32x16 largest = broadcast(0);  // as bits, among which NaN is not lost
  for (int64_t p = 0; p < row.n_panels(); ++p) {
    const f32x16 x = row.units(p, first);
    least = min(least, x);
    most = max(most, x);
    largest = max(largest, magnitude_bits(x));
  }
  float leasts[kTileUnits], mosts[kTileUnits];
  store(leasts, least);
  store(mosts, most);
  const float lowest = *std::min_element(leasts, leasts + kTileUnits);
  const float range = *std::max_element(mosts, mosts + kTileUnits) - lowest;
  if (greatest_lane(largest) >= kInfinity || range > std::numeric_limits<float>::max())
    return {0, std::numeric_limits<float>::quiet_NaN(), 0};
  if (range < kLeastRange) return {lowest, 0, 0};
  return {lowest, range / kInt8Value, kInt8Value / range};
}

/// Writes the numbers of a row, and returns their sum.
int64_t round_row(const UnroundedRow& row, const RowScale& by, int32_t* to, int64_t stride) {
  const f32x16 least = broadcast(by.least), scale = broadcast(by.scale);
  int64_t total = 0;
  for (int64_t p = 0; p < row.n_panels(); p += kInt8PerLane, to += stride) {
    i32x16 rounded[kInt8PerLane], sum = broadcast(0);
    for (int j = 0; j < kInt8PerLane; ++j) {
      rounded[j] = round_to_int((row.units(p + j, by.least) - least) * scale);
      sum = sum + rounded[j];
    }
    store(to, quad(rounded));
    total += sum_of_lanes(sum);
  }
  return total;
}

void pack_int8_values(const UnroundedValues& values, int64_t n_units, int64_t n_rows,
                      const Int8ValuesPlace& place) {
  for (int64_t r = 0; r < n_rows; ++r) {
    const UnroundedRow row{values.values + r * values.row_stride, values.panel_stride, n_units};
    const RowScale by = int8_row_scale(row);
    const int64_t total = round_row(row, by, place.lanes + r * kTileUnits, place.stride);
    const float mean = static_cast<float>(total) / static_cast<float>(n_units);
    place.steps[r] = by.step;
    place.heights[r] = mean * by.step;
    place.means[r] = by.least + mean * by.step;
  }
}

// ---- products ----

struct Int8Format {
  using Product = Int8Product;
  static constexpr int kPerLane = kInt8PerLane;
  static constexpr int64_t kUnits = kInt8Units;
#if defined(UDL_TARGET_AVX512)
  static constexpr int kRows = 6;  // by two panels, of sums in 32 bits and in 16
  static constexpr int kPanels = 2;
#elif defined(UDL_TARGET_AVX2)
  static constexpr int kRows = 3;  // six of 16 registers, and six for sums in 16 bits
  static constexpr int kPanels = 1;
#else
  static constexpr int kRows = 2;
  static constexpr int kPanels = 1;
#endif

  template <int kRows, int kPanels>
  UDL_ALWAYS_INLINE static void add(const int32_t* values, const int32_t* weights,
                                    int64_t weight_stride, i32x16 (&sums)[kRows][kPanels]) {
    for (int k = 0; k < kTileUnits; k += kShortLanes)
      add_short_sums(values + k, weights + k * kTileUnits, weight_stride, sums);
  }

  UDL_ALWAYS_INLINE static f32x16 worth(const Product& product, int64_t panel, int64_t row,
                                        f32x16 sum) {
    const Int8Weights& w = product.weights;
    const Int8Values& v = product.values;
    const int64_t at = panel * kTileUnits;
    const f32x16 rounded = sum * (broadcast(v.steps[row]) * load(w.steps + at));
    return rounded + (broadcast(v.means[row]) * load(w.sums + at) -
                      broadcast(v.heights[row]) * load(w.rounded_sums + at));
  }

 private:
  template <int kRows, int kPanels>
  UDL_ALWAYS_INLINE static void add_short_sums(const int32_t* values, const int32_t* weights,
                                               int64_t weight_stride,
                                               i32x16 (&sums)[kRows][kPanels]) {
    i32x16 shorts[kRows][kPanels];
#pragma GCC unroll 4
    for (int k = 0; k < kShortLanes; ++k) {
      i32x16 row[kPanels];
      load_weights(weights + k * kTileUnits, weight_stride, row);
      for (int r = 0; r < kRows; ++r) {
        const SameLanes value = load_value(values + r * kTileUnits + k);
        for (int p = 0; p < kPanels; ++p) {
          const i32x16 products = dot_bytes(value, row[p]);
          shorts[r][p] = k == 0 ? products : add_shorts(shorts[r][p], products);
          keep_in_register(shorts[r][p]);  // or all products are computed before any is added
        }
      }
    }
    for (int r = 0; r < kRows; ++r)
      for (int p = 0; p < kPanels; ++p) sums[r][p] = add_halves(shorts[r][p], sums[r][p]);
  }
};

constexpr Int8Kernels int8_kernels() {
  return {pack_int8_weights, pack_int8_values, rounded_to_outputs<Int8Format>};
}

}  // namespace
}  // namespace udl
