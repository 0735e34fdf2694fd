#pragma once
// From sums in accumulators to means and samples for callers.
#include <cstdint>

#include "base/math.h"
#include "base/sampling.h"
#include "kernels/cuda/tensor/sampling/inference.h"
#include "kernels/cuda/tensor/sampling/warp_tile.h"
#include "kernels/cuda/warp.h"

namespace udl::cuda {

/// The draws of some steps later: the step is 48 bits of the counter (base/sampling.h).
UDL_DEVICE DrawKey later(const DrawKey& key, uint64_t n_steps) {
  const uint64_t step = (static_cast<uint64_t>(key.c3 & 0xFFFFu) << 32 | key.c2) + n_steps;
  return {key.key0, key.key1, static_cast<uint32_t>(step),
          (key.c3 & 0xFFFF0000u) | static_cast<uint32_t>(step >> 32)};
}

/// One tile of 16 units and 16 kRowTiles rows of one warp.
template <int kRowTiles>
class InferenceSampler {
 public:
  UDL_DEVICE InferenceSampler(const InferenceArguments& arguments, const WarpTile& tile)
      : s_(arguments),
        key_(later(arguments.draws, arguments.steps_done != nullptr ? *arguments.steps_done : 0)),
        tile_(tile) {}

  UDL_DEVICE void run(const int (&sums)[kRowTiles][2][4]) const {
    float bias[4];
#pragma unroll
    for (int k = 0; k < 4; ++k)  // no unit: never on
      bias[k] =
          tile_.unit_of(k) < s_.n_units ? s_.bias_factor * s_.bias[tile_.unit_of(k)] : -INFINITY;
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
        const int row = tile_.row_of(m, h);
        if (s_.samples != nullptr) bits |= draw(row, denominators) << (16 * h);
        if (s_.means != nullptr && row < s_.n_rows) store_means(row, denominators);
      }
      if (s_.samples != nullptr) tile_.store_bits(m, bits, s_.samples, s_.n_rows, s_.n_units);
    }
  }

 private:
  /// Those of the tile's 16 units that this thread has, at their places.
  UDL_DEVICE uint32_t draw(int row, const float (&denominators)[4]) const {
    const PhiloxCounter draws = tile_.draws_of(key_, s_.first_chain + static_cast<uint32_t>(row));
    uint32_t bits = 0;
#pragma unroll
    for (int k = 0; k < 4; ++k)
      bits |= static_cast<uint32_t>(fires(draws.c[k], denominators[k]))
              << accumulator_unit(tile_.t, k);
    return bits;
  }

  UDL_DEVICE void store_means(int row, const float (&denominators)[4]) const {
    float* means = s_.means + static_cast<size_t>(row) * s_.n_units;
#pragma unroll
    for (int k = 0; k < 4; ++k)
      if (tile_.unit_of(k) < s_.n_units) means[tile_.unit_of(k)] = __frcp_rn(denominators[k]);
  }

  const InferenceArguments& s_;
  const DrawKey key_;
  const WarpTile tile_;
};

}  // namespace udl::cuda
