#pragma once
// New weights of a tile from the sums in accumulators, and their integers: multiplies and adds
// rounded one by one in the order of CPU engines (kernels/rbm/update.h).
#include <cstdint>

#include "base/fixed.h"
#include "kernels/cuda/tensor/learning/bias_update.h"
#include "kernels/cuda/tensor/learning/learn.h"
#include "kernels/cuda/tensor/learning/pair_sums.h"
#include "kernels/cuda/warp.h"

namespace udl::cuda {

template <class Shape, Statistics kStatistics>
class WeightUpdate {
 public:
  using Sums = typename PairSums<Shape, kStatistics>::Accumulators;
  static constexpr int kBytes = PairSums<Shape, kStatistics>::kBytes;
  static constexpr int kIntegerStride = Shape::kVisible + 4;  ///< spreads banks of shared memory

  UDL_DEVICE WeightUpdate(const LearnArguments& arguments, int tile, int first_visible,
                          int first_hidden)
      : s_(arguments),
        run_(*arguments.run),
        first_visible_(first_visible),
        first_hidden_(first_hidden),
        rate_(run_.learning_rate),
        momentum_(run_.momentum),
        decay_(run_.weight_decay),
        l1_(run_.l1),
        inverse_scale_(run_.inverse_scale),
        alike_(data_rows(run_) == chain_rows(run_)),
        own_means_(arguments.chain_means +
                   (static_cast<size_t>(tile) * Shape::kThreads + threadIdx.x) * kWeights) {}

  /// Between the phases: the chains' sums are negated, or made means and kept, where the number of
  /// rows is not that of the data.
  UDL_DEVICE void keep_chains(Sums& sums) const {
    const float factor = -mean_factor(kOne, chain_rows(run_));
#pragma unroll
    for (int i = 0; i < kWeights; ++i) {
      if (!alike_) own_means_[i] = static_cast<float>(total(sums, i / 8, i % 8)) * factor;
#pragma unroll
      for (int byte = 0; byte < kBytes; ++byte) {
        int& sum = sums[i / 8][i / 4 % 2][byte][i % 4];
        sum = alike_ ? -sum : 0;
      }
    }
  }

  /// Writes weights and velocities, and their integers to shared memory: [hidden][visible] with
  /// kIntegerStride, 0 where there is no unit.
  UDL_DEVICE void run(const Sums& sums, int* integers) const {
    const float factor = mean_factor(kOne, data_rows(run_));
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, g = lane / 4, t = lane % 4;
    const int of_hidden = warp % Shape::kHiddenWarps, of_visible = warp / Shape::kHiddenWarps;
    unsigned largest = 0;
#pragma unroll 1
    for (int m = 0; m < 4; ++m)
#pragma unroll
      for (int e = 0; e < 8; ++e) {
        int sum = 0;
#pragma unroll
        for (int constant = 0; constant < 4; ++constant)  // registers have no index
          if (constant == m) sum = total(sums, constant, e);
        const int visible = of_visible * 64 + 16 * m + e / 2 % 2 * 8 + g,
                  hidden = of_hidden * 16 + e / 4 * 8 + 2 * t + e % 2;
        int integer = 0;
        if (first_visible_ + visible < s_.n_visible && first_hidden_ + hidden < s_.n_hidden) {
          const float exact = static_cast<float>(sum) * factor;
          const float updated = move(first_visible_ + visible, first_hidden_ + hidden,
                                     alike_ ? exact : own_means_[8 * m + e] + exact);
          largest = max(largest, __float_as_uint(updated) & 0x7FFFFFFFu);
          integer = round_to_int(updated * inverse_scale_);
        }
        integers[hidden * kIntegerStride + visible] = integer;
      }
    largest = largest_of_warp(largest);
    if (lane == 0) atomicMax(&s_.run->largest_bits, largest);
  }

 private:
  static constexpr int kWeights = 32;  ///< of a thread
  /// What stands for 1 in the integers that are summed.
  static constexpr float kOne = kStatistics == Statistics::samples    ? 1.0f
                                : kStatistics == Statistics::dithered ? 1024.0f
                                                                      : kProbabilityOne;

  /// Of 16 visible units m, element e: 4 (hidden units 8 ..) + 2 (visible units 8 ..) + column.
  UDL_DEVICE static int total(const Sums& sums, int m, int e) {
    const int n = e / 4, at = e % 4;
    if constexpr (kBytes == 1)
      return sums[m][n][0][at];
    else
      return sums[m][n][1][at] * 256 + sums[m][n][0][at];
  }

  UDL_DEVICE float move(int visible, int hidden, float gradient) const {
    const size_t at = static_cast<size_t>(hidden) * s_.n_visible + visible;
    const float w = s_.weights[at];
    if (s_.force != nullptr) gradient = gradient + s_.mean_visible[visible] * s_.force[hidden];
    if (!alike_ || s_.force != nullptr || decay_ != 0 || l1_ != 0)
      gradient = gradient - decay_ * w - l1_ * (w > 0 ? 1.0f : w < 0 ? -1.0f : 0.0f);
    float step = rate_ * gradient;
    if (s_.velocity != nullptr) {
      step = momentum_ * s_.velocity[at] + step;
      s_.velocity[at] = step;
    }
    const float updated = w + step;
    s_.weights[at] = updated;
    return updated;
  }

  const LearnArguments& s_;
  const RunState& run_;
  const int first_visible_, first_hidden_;
  const float rate_, momentum_, decay_, l1_, inverse_scale_;
  const bool alike_;  ///< both phases have as many rows
  float* const own_means_;
};

}  // namespace udl::cuda
