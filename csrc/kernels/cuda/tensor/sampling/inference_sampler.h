#pragma once
// From sums in accumulators to means and samples for callers. A thread has four units of each of
// its rows, which take the four draws of one Philox block.
#include <cstdint>

#include "base/math.h"
#include "base/sampling.h"
#include "kernels/cuda/tensor/sampling/inference.h"
#include "kernels/cuda/warp.h"

namespace udl::cuda {

/// The draws of some steps later: the step is 48 bits of the counter (base/sampling.h).
UDL_DEVICE DrawKey later(const DrawKey& key, uint64_t n_steps) {
  const uint64_t step = (static_cast<uint64_t>(key.c3 & 0xFFFFu) << 32 | key.c2) + n_steps;
  return {key.key0, key.key1, static_cast<uint32_t>(step),
          (key.c3 & 0xFFFF0000u) | static_cast<uint32_t>(step >> 32)};
}

/// One tile of 16 units and 16 kRowTiles rows, from `row` on, of one warp.
template <int kRowTiles>
class InferenceSampler {
 public:
  UDL_DEVICE InferenceSampler(const InferenceArguments& arguments, int row, int tile, int g, int t)
      : s_(arguments),
        key_(later(arguments.draws, arguments.steps_done != nullptr ? *arguments.steps_done : 0)),
        row_(row),
        tile_(tile),
        g_(g),
        t_(t) {}

  UDL_DEVICE void run(const int (&sums)[kRowTiles][2][4]) const {
    float bias[4];
#pragma unroll
    for (int k = 0; k < 4; ++k)  // no unit: never on
      bias[k] = unit_of(k) < s_.n_units ? s_.bias_factor * s_.bias[unit_of(k)] : -INFINITY;
#pragma unroll
    for (int m = 0; m < kRowTiles; ++m) {
      uint32_t bits = 0;  // of row g, above them of row g + 8
#pragma unroll
      for (int h = 0; h < 2; ++h) {
        float denominators[4];
#pragma unroll
        for (int k = 0; k < 4; ++k) {
          const float x = static_cast<float>(sums[m][k / 2][2 * h + k % 2]) * s_.scale + bias[k];
          denominators[k] = 1.0f + exp_negative(x);
        }
        const int row = row_of(m, h);
        if (s_.samples != nullptr) bits |= draw(row, denominators) << (16 * h);
        if (s_.means != nullptr && row < s_.n_rows) store_means(row, denominators);
      }
      if (s_.samples != nullptr) store_bits(m, bits);
    }
  }

 private:
  UDL_DEVICE int row_of(int m, int h) const { return row_ + 16 * m + 8 * h + g_; }
  UDL_DEVICE int unit_of(int k) const { return tile_ * kTileUnits + accumulator_unit(t_, k); }

  /// Those of the tile's 16 units that this thread has, at their places.
  UDL_DEVICE uint32_t draw(int row, const float (&denominators)[4]) const {
    const PhiloxCounter draws =
        philox4x32({{static_cast<uint32_t>(4 * tile_ + t_),
                     s_.first_chain + static_cast<uint32_t>(row), key_.c2, key_.c3}},
                   key_.key0, key_.key1);
    uint32_t bits = 0;
#pragma unroll
    for (int k = 0; k < 4; ++k)
      bits |= static_cast<uint32_t>(fires(draws.c[k], denominators[k])) << accumulator_unit(t_, k);
    return bits;
  }

  /// The lanes of a quad have the units of the same rows.
  UDL_DEVICE void store_bits(int m, uint32_t bits) const {
    bits = join_lanes(bits, 1, 4);
    const int row = row_of(m, t_ % 2);
    if (t_ < 2 && row < s_.n_rows)
      reinterpret_cast<uint16_t*>(s_.samples + row * state_stride(s_.n_units))[tile_] =
          static_cast<uint16_t>(bits >> (16 * (t_ % 2)));
  }

  UDL_DEVICE void store_means(int row, const float (&denominators)[4]) const {
    float* means = s_.means + static_cast<size_t>(row) * s_.n_units;
#pragma unroll
    for (int k = 0; k < 4; ++k)
      if (unit_of(k) < s_.n_units) means[unit_of(k)] = __frcp_rn(denominators[k]);
  }

  const InferenceArguments& s_;
  const DrawKey key_;
  const int row_, tile_, g_, t_;
};

}  // namespace udl::cuda
