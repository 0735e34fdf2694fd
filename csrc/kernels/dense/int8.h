#pragma once
// Products of numbers that are rounded to bytes: faster than 16-bit integers, and coarser. Sums are
// exact in 32 bits, 768 inputs at a time; sums of these are float32. All of it is exact: the same
// bits on every target and however a product is cut.
//
// A row of values is rounded to 0 .. 127 steps above its least one. What 8-bit instructions add
// stays within 16 bits: products of eight inputs, those of units 64 t + 32 h + 4 q + {0 .. 3} and
// the same + 16, for h of 0 and 1, q of 0 .. 3. So the weights of an output are rounded to
// multiples of what keeps every one within a byte, and the magnitudes of such eight below 259.
//
// With x and w for what is rounded and x', w' for what was, m the mean of the row and m' that of
// the rounded one,
//
//   sum of x w  is taken for  (sum of x' w') - m' (sum of w') + m (sum of w),
//
// so that roundings of weights are multiplied with what lies about the mean, which is less than the
// values themselves.
//
// Values of a row that are less than 2^-100 apart count as its least one; no step of weights is
// below 2^-100. Outputs are no numbers of a row, or of an output, with what is no finite number, of
// a row whose values are further apart than a float tells, and of an output whose weights, or the
// magnitudes of eight of them, add up to more than it holds.
#include <cstdint>

#include "base/view.h"
#include "kernels/dense/products.h"
#include "kernels/dense/rounded.h"

namespace udl {

constexpr int kInt8PerLane = 4;
constexpr int64_t kInt8Units = 768;  ///< that are added in integers
constexpr float kInt8Value = 127;    ///< largest rounded value
constexpr float kInt8Weight = 127;   ///< largest rounded weight
/// Of the magnitudes of eight weights, not yet rounded, which adds up to 4; 2^15 - 1 is 127 times
/// 258.
constexpr float kInt8Sum = 254;

/// Weights: inputs of output 16 p + lane at lanes[p * stride + 16 (16 t + k) + lane].
struct Int8Weights {
  const int32_t* lanes;
  const float* steps;         ///< what one is worth, an output; padded to whole panels as all three
  const float* sums;          ///< of weights as they were, inputs in order
  const float* rounded_sums;  ///< of rounded ones, times what a step is worth
  int64_t n_inputs;

  int64_t stride() const { return kTileUnits * rounded_lanes<kInt8PerLane>(n_inputs); }
};

/// Values: units of row r at lanes[t * stride + 16 r + k].
struct Int8Values {
  const int32_t* lanes;
  const float* steps;    ///< what one is worth, a row
  const float* heights;  ///< of the mean of the rounded row above its least value
  const float* means;    ///< the least value + the height
  int64_t stride;
};

using Int8Product = RoundedProduct<Int8Weights, Int8Values>;

/// Where weights are written to, from panel 0.
struct Int8WeightsPlace {
  int32_t* lanes;
  float *steps, *sums, *rounded_sums;
};

/// Where values are written to.
struct Int8ValuesPlace {
  int32_t* lanes;
  float *steps, *heights, *means;
  int64_t stride;
};

struct Int8Kernels {
  /// Panels first_panel .. first_panel + n_panels - 1 of weights.
  void (*pack_weights)(const DenseWeights& weights, int64_t first_panel, int64_t n_panels,
                       const Int8WeightsPlace& place);

  /// Rows 0 .. n_rows - 1 of n_units units.
  void (*pack_values)(const UnroundedValues& values, int64_t n_units, int64_t n_rows,
                      const Int8ValuesPlace& place);

  /// out[r][n] = finish((sum over blocks of kInt8Units inputs, in order, of the float of the sum of
  /// products of rounded numbers) * (step of r * step of n) + (mean of r * sum of n - height of r *
  /// rounded sum of n)).
  void (*to_outputs)(const Int8Product& product);
};

}  // namespace udl
