#pragma once
// From sums in accumulators to probabilities and samples: x = scale * sum + bias, then what
// base/math.h and base/sampling.h say.
#include <cstdint>

#include "base/fixed.h"
#include "base/math.h"
#include "base/sampling.h"
#include "kernels/cuda/tensor/sampling/half_step.h"
#include "kernels/cuda/tensor/sampling/warp_tile.h"
#include "kernels/cuda/warp.h"

namespace udl::cuda {

/// One tile of 16 units and 16 kRowTiles rows of one warp.
template <int kRowTiles>
class Sampler {
 public:
  UDL_DEVICE Sampler(const HalfStepArguments& arguments, const RunState& run, int n_rows,
                     const WarpTile& tile)
      : s_(arguments),
        scale_(run.scale),
        key_(make_draw_key(run.seed, static_cast<Stream>(arguments.stream), arguments.layer,
                           step_number(run, arguments.step))),
        n_rows_(n_rows),
        tile_(tile) {}

  UDL_DEVICE void run(const int (&sums)[kRowTiles][2][4]) const {
    float bias[4];
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      const int unit = tile_.unit_of(k);
      bias[k] = unit < s_.n_units ? s_.bias[unit] : -INFINITY;  // no unit: never on, p = 0
    }
    const bool samples = s_.row_bits != nullptr || s_.unit_bits != nullptr;
    uint32_t unit_bits[kRowTiles / 2][4] = {};  // 32 rows each
#pragma unroll
    for (int m = 0; m < kRowTiles; ++m) {
      float denominators[2][4];
#pragma unroll
      for (int h = 0; h < 2; ++h)
#pragma unroll
        for (int k = 0; k < 4; ++k) {
          const float x = static_cast<float>(sums[m][k / 2][2 * h + k % 2]) * scale_ + bias[k];
          denominators[h][k] = 1.0f + exp_negative(x);
        }
      if (samples) draw(m, denominators, unit_bits[m / 2]);
      if (s_.probabilities != nullptr) store_probabilities(m, denominators);
    }
    if (s_.unit_bits != nullptr) store_units(unit_bits);
  }

 private:
  /// Rows g and g + 8 of 16: their bits, by rows at once and by units for later.
  UDL_DEVICE void draw(int m, const float (&denominators)[2][4], uint32_t (&unit_bits)[4]) const {
    uint32_t bits = 0;  // of row g, above them of row g + 8
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      const int row = tile_.row_of(m, h);
      const PhiloxCounter draws = tile_.draws_of(key_, s_.first_chain + static_cast<uint32_t>(row));
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        const uint32_t on = row < n_rows_ && fires(draws.c[k], denominators[h][k]);
        bits |= on << (16 * h + accumulator_unit(tile_.t, k));
        unit_bits[k] |= on << (16 * (m % 2) + 8 * h + tile_.g);
      }
    }
    tile_.store_bits(m, bits, s_.row_bits, n_rows_, s_.n_units);
  }

  /// Of each unit rows g and g + 8, neighbours where they are kept.
  UDL_DEVICE void store_probabilities(int m, const float (&denominators)[2][4]) const {
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      uint32_t pair = 0;
#pragma unroll
      for (int h = 0; h < 2; ++h) {
        const float p = __frcp_rn(denominators[h][k]) * kProbabilityOne;
        const int fixed = round_to_int(p < kProbabilityMax ? p : kProbabilityMax);
        pair |= (tile_.row_of(m, h) < n_rows_ ? static_cast<uint32_t>(fixed) : 0u) << (16 * h);
      }
      const int64_t at = probability_offset(s_.row_words, tile_.unit_of(k), tile_.row_of(m, 0));
      *reinterpret_cast<uint32_t*>(s_.probabilities + at) = pair;
    }
  }

  /// Lanes of one t have the rows of the same units.
  UDL_DEVICE void store_units(const uint32_t (&unit_bits)[kRowTiles / 2][4]) const {
#pragma unroll
    for (int half = 0; half < kRowTiles / 2; ++half)
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        const uint32_t word = join_lanes(unit_bits[half][k], 4, 32);
        const int unit = tile_.unit_of(k);
        if (tile_.g == 4 * half + k && unit < s_.n_units)
          s_.unit_bits[static_cast<size_t>(unit) * s_.row_words + tile_.row / kStateBits + half] =
              word;
      }
  }

  const HalfStepArguments& s_;
  const float scale_;
  const DrawKey key_;
  const int n_rows_;
  const WarpTile tile_;
};

}  // namespace udl::cuda
