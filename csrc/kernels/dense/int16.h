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
//
// Pairs of units share a lane of 32 bits: unit 32 t + k the low half, unit 32 t + 16 + k the high
// one. Those that are missing are 0.
#include <cstdint>

#include "base/view.h"
#include "kernels/dense/products.h"

namespace udl {

constexpr int kPairUnits = 2 * kTileUnits;
constexpr int64_t kInt16Units = 192;  ///< that are added in integers
constexpr float kInt16Value = 4080;   ///< largest rounded value
/// Of the magnitudes of kInt16Units weights, not yet rounded; 2^31 - 1 is 4,080 times 526,344.
constexpr float kInt16Sum = 524000;

/// Pairs of a row or of an output in all; 16 by 16 are one panel's.
constexpr int64_t int16_pairs(int64_t n_units) { return round_up(n_units, kPairUnits) / 2; }

/// Weights: inputs 32 t + k and 32 t + 16 + k of output 16 p + lane at
/// pairs[p * stride + 16 (16 t + k) + lane], and what one step is worth, an output. stride is
/// 16 int16_pairs(n_inputs).
struct Int16Weights {
  const int32_t* pairs;
  const float* steps;  ///< padded to whole panels
  int64_t n_inputs;

  int64_t stride() const { return kTileUnits * int16_pairs(n_inputs); }
};

/// Values to be rounded: unit 16 t + k of row r at values[t * panel_stride + r * row_stride + k],
/// panels or rows of a matrix; lanes of missing units are 0.
struct UnroundedValues {
  const float* values;
  int64_t panel_stride, row_stride;
};

/// Values: units 32 t + k and 32 t + 16 + k of row r at pairs[t * stride + 16 r + k], and what one
/// step is worth, a row.
struct Int16Values {
  const int32_t* pairs;
  const float* steps;
  int64_t stride;
};

/// All panels of `out`, rows 0 .. n_rows - 1.
struct Int16Product {
  Int16Weights weights;
  Int16Values values;
  UnitPanels out;
  int64_t n_panels, n_rows;
  DenseFinish finish;
};

struct Int16Kernels {
  /// Panels first_panel .. first_panel + n_panels - 1 of weights; `pairs` and `steps` begin at
  /// panel 0.
  void (*pack_weights)(const DenseWeights& weights, int64_t first_panel, int64_t n_panels,
                       int32_t* pairs, float* steps);

  /// Rows 0 .. n_rows - 1 of n_panels panels, into a place for Int16Values.
  void (*pack_values)(const UnroundedValues& values, int64_t n_panels, int64_t n_rows,
                      int32_t* pairs, int64_t stride, float* steps);

  /// out[r][n] = finish((sum over blocks of kInt16Units inputs, in order, of the float of the sum
  /// of products of rounded numbers) * (step of r * step of n)).
  void (*to_outputs)(const Int16Product& product);
};

}  // namespace udl
