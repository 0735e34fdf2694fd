#pragma once
// Products of rounded numbers: a block of rows by one or two panels of sums stays in registers for
// the inputs that are added in integers; their floats are added in `out`. A format says how
// numbers are added and what a sum is worth:
//
//   Product, kPerLane, kUnits     of its contract
//   kRows, kPanels                of a block at most
//   add                           sixteen lanes of numbers to sums
//   worth                         of complete sums of some panel and row
#include <algorithm>
#include <cstdint>

#include "kernels/cpu/dense/activations.h"
#include "kernels/cpu/simd/blocks.h"
#include "kernels/cpu/simd/integers.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/dense/rounded.h"

namespace udl {
namespace {

/// Panels whose sums, with the values of all rows that are added to them, stay in a core's cache.
constexpr int64_t kRoundedGroup = 8;
/// Of the scale of weights, so that a step is still a float.
constexpr float kGreatestScale = 0x1p100f;
constexpr int32_t kInfinity = 0x7F800000;  ///< as bits; those of NaN are above
constexpr int64_t kPackedRows = 8;         ///< at a time: they are read twice

UDL_ALWAYS_INLINE int32_t greatest_lane(i32x16 a) {
  int32_t lanes[kTileUnits];
  store(lanes, a);
  return *std::max_element(lanes, lanes + kTileUnits);
}

/// A row of lanes of weights, of some panels.
template <int kPanels>
UDL_ALWAYS_INLINE void load_weights(const int32_t* weights, int64_t stride,
                                    i32x16 (&row)[kPanels]) {
  for (int p = 0; p < kPanels; ++p) {
    row[p] = load(weights + p * stride);
    keep_in_register(row[p]);
  }
}

UDL_ALWAYS_INLINE SameLanes load_value(const int32_t* value) {
  SameLanes lanes = broadcast_lane(value);
  keep_in_register(lanes);
  return lanes;
}

/// `n_lanes` lanes of inputs of a product, by one or two panels of it.
template <class Format>
struct RoundedPart {
  const typename Format::Product& product;
  const int32_t* values;   ///< of row 0
  const int32_t* weights;  ///< of the first panel
  int64_t n_lanes, panel;
  bool first, last;  ///< whether sums begin, and whether they are complete then
};

template <class Format, int kRows, int kPanels>
UDL_NEVER_INLINE void rounded_block(const RoundedPart<Format>& part, int64_t first_row) {
  const typename Format::Product& product = part.product;
  const int64_t weight_stride = product.weights.stride(), at = first_row * kTileUnits;
  i32x16 sums[kRows][kPanels];
  for (int r = 0; r < kRows; ++r)
    for (int p = 0; p < kPanels; ++p) sums[r][p] = broadcast(0);
  const int32_t *values = part.values + at, *weights = part.weights;
  for (int64_t n = part.n_lanes; n > 0; n -= kTileUnits) {
    Format::add(values, weights, weight_stride, sums);
    values += product.values.stride;
    weights += kTileUnits * kTileUnits;
  }
  for (int p = 0; p < kPanels; ++p) {
    float* out = product.out.panel(part.panel + p) + at;
    for (int r = 0; r < kRows; ++r) {
      f32x16 sum = to_float(sums[r][p]);
      if (!part.first) sum = load(out + r * kTileUnits) + sum;
      if (part.last) sum = Format::worth(product, part.panel + p, first_row + r, sum);
      store(out + r * kTileUnits, sum);
    }
    if (part.last) finish_rows(product.finish, product.out, part.panel + p, first_row, kRows);
  }
}

template <class Format>
UDL_ALWAYS_INLINE void all_rounded_rows(const RoundedPart<Format>& part, bool is_wide) {
  for_even_blocks<Format::kRows>(part.product.n_rows, [&](int64_t first, auto height) {
    constexpr int kRows = decltype(height)::value;
    if (is_wide)
      rounded_block<Format, kRows, Format::kPanels>(part, first);
    else
      rounded_block<Format, kRows, 1>(part, first);
  });
}

template <class Format>
void rounded_to_outputs(const typename Format::Product& product) {
  constexpr int64_t kBlockLanes = Format::kUnits / Format::kPerLane;
  const auto& weights = product.weights;
  const int64_t n_lanes = rounded_lanes<Format::kPerLane>(weights.n_inputs);
  for (int64_t group = 0; group < product.n_panels; group += kRoundedGroup) {
    const int64_t end = std::min(group + kRoundedGroup, product.n_panels);
    for (int64_t i = 0; i < n_lanes; i += kBlockLanes) {
      const int64_t n = std::min(kBlockLanes, n_lanes - i);
      for (int64_t panel = group; panel < end; panel += Format::kPanels)
        all_rounded_rows<Format>(
            {product, product.values.lanes + i / kTileUnits * product.values.stride,
             weights.lanes + panel * weights.stride() + i * kTileUnits, n, panel, i == 0,
             i + n == n_lanes},
            panel + Format::kPanels <= end);
    }
  }
}

}  // namespace
}  // namespace udl
