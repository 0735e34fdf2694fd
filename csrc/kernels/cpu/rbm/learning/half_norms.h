#pragma once
// Half-norms of the integers of weights as they lie in their panels. They are read once, from
// memory where they are many, and a few additions a vector hide in that.
#include <algorithm>

#include "kernels/cpu/rbm/integer_rows.h"
#include "kernels/cpu/simd/prefetch.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

/// Sums of positive and of negative integers of each lane.
struct LaneHalfSums {
  i32x16 positive = broadcast(0), negative = broadcast(0);

  UDL_ALWAYS_INLINE void add(i32x16 z) {
    const i32x16 zero = broadcast(0);
    positive = positive + max(z, zero);
    negative = negative + max(zero - z, zero);
  }
};

/// Integers below 2^24 whose sum fits 32 bits.
constexpr int64_t kSummedIn32Bits = 64;

UDL_ALWAYS_INLINE void add_lanes(i32x16 sums, int64_t (&totals)[kTileUnits]) {
  int32_t lanes_of_sums[kTileUnits];
  store(lanes_of_sums, sums);
  for (int k = 0; k < kTileUnits; ++k) totals[k] += lanes_of_sums[k];
}

UDL_ALWAYS_INLINE int64_t sum_of_lanes(i32x16 x) {
  int32_t lanes_of_x[kTileUnits];
  store(lanes_of_x, x);
  int64_t sum = 0;
  for (int k = 0; k < kTileUnits; ++k) sum += lanes_of_x[k];
  return sum;
}

int64_t hidden_half_norm(const WeightPanelsView& weights, int64_t tile, int64_t block) {
  const HiddenRows rows{weights.panel(tile), broadcast(weights.inverse_scale), weights.far};
  int64_t positive[kTileUnits] = {}, negative[kTileUnits] = {}, largest = 0;
  for (int64_t first = 0; first < weights.n_visible; first += kSummedIn32Bits) {
    if (first % block == 0) {
      std::fill_n(positive, kTileUnits, 0);
      std::fill_n(negative, kTileUnits, 0);
    }
    LaneHalfSums sums;
    const int64_t end = std::min(weights.n_visible, first + kSummedIn32Bits);
    for (int64_t i = first; i < end; ++i) sums.add(rows.row(i));
    add_lanes(sums.positive, positive);
    add_lanes(sums.negative, negative);
    for (int k = 0; k < kTileUnits; ++k) largest = std::max({largest, positive[k], negative[k]});
  }
  return largest;
}

/// Adds the integers of one panel to the sums of 16 visible units. The walk jumps from panel to
/// panel, too far for the hardware to foresee.
UDL_ALWAYS_INLINE void add_panel(const float* corner, const float* next, f32x16 inverse_scale,
                                 LaneHalfSums (&units)[kTileUnits]) {
  for (int i = 0; i < kTileUnits; ++i) {
    prefetch(next + i * kTileUnits);
    units[i].add(quantise(load(corner + i * kTileUnits), inverse_scale));
  }
}

int64_t visible_half_norm(const WeightPanelsView& weights, int64_t tile, int64_t block) {
  const f32x16 inverse_scale = broadcast(weights.inverse_scale);
  const float* corner = weights.panel(0) + tile * kTileUnits * kTileUnits;
  int64_t positive[kTileUnits] = {}, negative[kTileUnits] = {}, largest = 0;
  const int64_t n_at_once = std::min(block / kTileUnits, kSummedIn32Bits);
  const int64_t n_panels = divide_up(weights.n_hidden, kTileUnits);
  for (int64_t first = 0; first < n_panels; first += n_at_once) {
    if (first * kTileUnits % block == 0) {
      std::fill_n(positive, kTileUnits, 0);
      std::fill_n(negative, kTileUnits, 0);
    }
    LaneHalfSums units[kTileUnits];
    const int64_t end = std::min(n_panels, first + n_at_once);
    for (int64_t p = first; p < end; ++p, corner += weights.panel_stride())
      add_panel(corner, corner + weights.panel_stride(), inverse_scale, units);
    for (int i = 0; i < kTileUnits; ++i) {
      positive[i] += sum_of_lanes(units[i].positive);
      negative[i] += sum_of_lanes(units[i].negative);
      largest = std::max({largest, positive[i], negative[i]});
    }
  }
  return largest;
}

UDL_ALWAYS_INLINE int32_t largest_lane(i32x16 x) {
  int32_t lanes_of_x[kTileUnits];
  store(lanes_of_x, x);
  return *std::max_element(lanes_of_x, lanes_of_x + kTileUnits);
}

int32_t largest_bits(const float* values, int64_t n) {
  i32x16 largest = broadcast(0);
  for (int64_t k = 0; k < n; k += kTileUnits)
    largest = max(largest, magnitude_bits(load(values + k)));
  return largest_lane(largest);
}

int32_t largest_of(const int32_t* values, int64_t n) {
  i32x16 largest = load(values);
  for (int64_t k = kTileUnits; k < n; k += kTileUnits) largest = max(largest, load(values + k));
  return largest_lane(largest);
}

}  // namespace
}  // namespace udl
