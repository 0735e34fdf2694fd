#pragma once
// Products of numbers that are rounded to 16-bit integers: what a layer's outputs are computed from
// where many rows are encoded. Sums of 192 inputs at a time are exact in 32 bits, sums of these are
// float32. All of it is exact: the same bits on every target and however a product is cut.
//
// A row of values is rounded to multiples of 2^e / 4080, with 2^e the power of two that no value of
// the row exceeds: bytes that were divided by 255 stay what they are. The weights of an output are
// rounded to multiples of what keeps every one within 16 bits, and the sum of the magnitudes of 192
// of them below 2^19. No step is below 2^-112 of values and 2^-100 of weights. Outputs are NaN of a
// row, or of an output, with what is no finite number, and of one whose magnitudes of 192 weights
// add up to more than a float holds.
#include <cstdint>

#include "base/view.h"
#include "kernels/dense/products.h"
#include "kernels/dense/rounded.h"

namespace udl {

constexpr int kInt16PerLane = 2;
constexpr int64_t kInt16Units = 192;  ///< that are added in integers
constexpr float kInt16Value = 4080;   ///< largest rounded value
/// Of the magnitudes of kInt16Units weights, not yet rounded; 2^31 - 1 is 4,080 times 526,344.
constexpr float kInt16Sum = 524000;

/// Weights: inputs of output 16 p + lane at lanes[p * stride + 16 (16 t + k) + lane], and what one
/// step is worth, an output.
struct Int16Weights {
  const int32_t* lanes;
  const float* steps;  ///< padded to whole panels
  int64_t n_inputs;

  int64_t stride() const { return kTileUnits * rounded_lanes<kInt16PerLane>(n_inputs); }
};

/// Values: units of row r at lanes[t * stride + 16 r + k], and what one step is worth, a row.
struct Int16Values {
  const int32_t* lanes;
  const float* steps;
  int64_t stride;
};

using Int16Product = RoundedProduct<Int16Weights, Int16Values>;

struct Int16Kernels {
  /// Panels first_panel .. first_panel + n_panels - 1 of weights; `lanes` and `steps` begin at
  /// panel 0.
  void (*pack_weights)(const DenseWeights& weights, int64_t first_panel, int64_t n_panels,
                       int32_t* lanes, float* steps);

  /// Rows 0 .. n_rows - 1 of n_units units, into a place for Int16Values.
  void (*pack_values)(const UnroundedValues& values, int64_t n_units, int64_t n_rows,
                      int32_t* lanes, int64_t stride, float* steps);

  /// out[r][n] = finish((sum over blocks of kInt16Units inputs, in order, of the float of the sum
  /// of products of rounded numbers) * (step of r * step of n)).
  void (*to_outputs)(const Int16Product& product);
};

}  // namespace udl
