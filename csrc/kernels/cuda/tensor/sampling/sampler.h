#pragma once
// From sums in accumulators to probabilities and samples: x = scale * sum + bias, then what
// base/math.h and base/sampling.h say. A thread has four units of each of its rows, which take the
// four draws of one Philox block.
#include <cstdint>

#include "base/fixed.h"
#include "base/math.h"
#include "base/sampling.h"
#include "kernels/cuda/tensor/sampling/half_step.h"
#include "kernels/cuda/warp.h"

namespace udl::cuda {

/// One tile of 16 units and 16 kRowTiles rows, from `row` on, of one warp.
template <int kRowTiles>
class Sampler {
 public:
  UDL_DEVICE Sampler(const HalfStepArguments& arguments, const RunState& run, int n_rows, int row,
                     int tile, int g, int t)
      : s_(arguments),
        scale_(run.scale),
        key_(make_draw_key(run.seed, static_cast<Stream>(arguments.stream), arguments.layer,
                           step_number(run, arguments.step))),
        n_rows_(n_rows),
        row_(row),
        tile_(tile),
        g_(g),
        t_(t) {}

  UDL_DEVICE void run(const int (&sums)[kRowTiles][2][4]) const {
    float bias[4];
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      const int unit = tile_ * kTileUnits + accumulator_unit(t_, k);
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
  UDL_DEVICE int row_of(int m, int h) const { return row_ + 16 * m + 8 * h + g_; }

  /// Rows g and g + 8 of 16: their bits, by rows at once and by units for later.
  UDL_DEVICE void draw(int m, const float (&denominators)[2][4], uint32_t (&unit_bits)[4]) const {
    uint32_t bits = 0;  // of row g, above them of row g + 8
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      const int row = row_of(m, h);
      const PhiloxCounter draws =
          philox4x32({{static_cast<uint32_t>(4 * tile_ + t_),
                       s_.first_chain + static_cast<uint32_t>(row), key_.c2, key_.c3}},
                     key_.key0, key_.key1);
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        const uint32_t on = row < n_rows_ && fires(draws.c[k], denominators[h][k]);
        bits |= on << (16 * h + accumulator_unit(t_, k));
        unit_bits[k] |= on << (16 * (m % 2) + 8 * h + g_);
      }
    }
    bits = join_lanes(bits, 1, 4);
    const int row = row_of(m, t_ % 2);
    if (s_.row_bits != nullptr && t_ < 2 && row < n_rows_)
      reinterpret_cast<uint16_t*>(s_.row_bits + row * state_stride(s_.n_units))[tile_] =
          static_cast<uint16_t>(bits >> (16 * (t_ % 2)));
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
        pair |= (row_of(m, h) < n_rows_ ? static_cast<uint32_t>(fixed) : 0u) << (16 * h);
      }
      const int unit = tile_ * kTileUnits + accumulator_unit(t_, k);
      *reinterpret_cast<uint32_t*>(s_.probabilities +
                                   probability_offset(s_.row_words, unit, row_of(m, 0))) = pair;
    }
  }

  /// Lanes of one t have the rows of the same units.
  UDL_DEVICE void store_units(const uint32_t (&unit_bits)[kRowTiles / 2][4]) const {
#pragma unroll
    for (int half = 0; half < kRowTiles / 2; ++half)
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        const uint32_t word = join_lanes(unit_bits[half][k], 4, 32);
        const int unit = tile_ * kTileUnits + accumulator_unit(t_, k);
        if (g_ == 4 * half + k && unit < s_.n_units)
          s_.unit_bits[static_cast<size_t>(unit) * s_.row_words + row_ / kStateBits + half] = word;
      }
  }

  const HalfStepArguments& s_;
  const float scale_;
  const DrawKey key_;
  const int n_rows_, row_, tile_, g_, t_;
};

}  // namespace udl::cuda
