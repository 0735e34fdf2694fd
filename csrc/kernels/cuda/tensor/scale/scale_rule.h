#pragma once
// The scale that base/fixed.h asks for, found by one block after all others have written weights.
// Nearly always what they have gathered proves that the scale stays; else the block looks at all
// weights: for each factor of two in their size once or twice.
#include <cstdint>

#include "base/fixed.h"
#include "base/view.h"
#include "kernels/cuda/tensor/run_state.h"
#include "kernels/cuda/warp.h"

namespace udl::cuda {

/// 2^exponent; exponents of scales are those of normal numbers.
UDL_DEVICE float scale_of(int exponent) { return __int_as_float((exponent + 127) << 23); }

UDL_DEVICE void set_scale(RunState& run, int exponent) {
  run.exponent = exponent;
  run.scale = scale_of(exponent);
  run.inverse_scale = scale_of(-exponent);
}

/// The largest value that any thread of a block has, to all of them; `room` is shared. All threads
/// call it.
UDL_DEVICE unsigned long long largest_of_block(unsigned long long value, unsigned long long* room) {
  __syncthreads();
  if (threadIdx.x == 0) *room = 0;
  __syncthreads();
  atomicMax(room, value);
  __syncthreads();
  return *room;
}

class ScaleRule {
 public:
  /// Weights [n_hidden][n_visible] of which the largest in size is finite; `room` is shared.
  UDL_DEVICE ScaleRule(const float* weights, int n_visible, int n_hidden, bool narrow,
                       float largest, unsigned long long* room)
      : weights_(weights),
        n_visible_(n_visible),
        n_hidden_(n_hidden),
        narrow_(narrow),
        largest_(largest),
        room_(room) {}

  /// The exponent. All threads call it and get the same; the search begins at any.
  UDL_DEVICE int find(int exponent) const {
    return find(exponent, in_range(exponent) ? measure(exponent) : 0);
  }
  /// The same, given the largest half-norm at the one where it begins, which counts if integers
  /// are in range there.
  UDL_DEVICE int find(int exponent, unsigned long long norm) const {
    if (!in_range(exponent)) {
      while (!in_range(exponent)) ++exponent;
      norm = measure(exponent);
    }
    if (norm >= limit()) {
      do norm = measure(++exponent);
      while (norm >= limit());
      return exponent;
    }
    while (exponent > kMinScaleExponent && in_range(exponent - 1)) {
      // Integers of the next finer scale are twice as large, less at most 1 each.
      if (2 * norm >= limit() + n_summed()) break;
      norm = measure(exponent - 1);
      if (norm >= limit()) break;
      --exponent;
    }
    return exponent;
  }

 private:
  UDL_DEVICE bool in_range(int exponent) const {
    return rounds_within(largest_ * scale_of(-exponent),
                         narrow_ ? static_cast<int32_t>(kNarrowHalfNormLimit) : kMaxQuantised);
  }
  UDL_DEVICE unsigned long long limit() const {
    return narrow_ ? kNarrowHalfNormLimit : kHalfNormLimit;
  }
  UDL_DEVICE unsigned long long n_summed() const {
    return narrow_ ? kWordBits : max(n_visible_, n_hidden_);
  }

  /// The largest half-norm at a scale, from the weights: a warp takes a hidden unit, a thread a
  /// visible one, so that neighbours read neighbours.
  UDL_DEVICE unsigned long long measure(int exponent) const {
    const float inverse = scale_of(-exponent);
    unsigned long long largest = 0;
    for (int j = threadIdx.x / 32; j < n_hidden_; j += blockDim.x / 32)
      largest = max(largest, of_hidden(weights_ + static_cast<size_t>(j) * n_visible_, inverse));
    for (int i = threadIdx.x; i < n_visible_; i += blockDim.x)
      largest = max(largest, of_visible(weights_ + i, inverse));
    return largest_of_block(largest, room_);
  }

  UDL_DEVICE unsigned long long of_hidden(const float* weights, float inverse) const {
    HalfNorms norms;
    for (int first = 0; first < n_visible_; first += kWordBits) {
      for (int i = first + threadIdx.x % 32; i < min(first + kWordBits, n_visible_); i += 32)
        norms.add(integer(weights + i, inverse));
      if (narrow_) norms.end_block();
    }
    norms.end_block();
    return norms.largest;
  }

  UDL_DEVICE unsigned long long of_visible(const float* weights, float inverse) const {
    unsigned long long largest = 0;
    long long positive = 0, negative = 0;
    for (int j = 0; j < n_hidden_; ++j) {
      if (narrow_ && j % kWordBits == 0) positive = negative = 0;
      const int z = integer(weights + static_cast<size_t>(j) * n_visible_, inverse);
      positive += max(z, 0);
      negative += max(-z, 0);
      largest = max(largest, static_cast<unsigned long long>(max(positive, negative)));
    }
    return largest;
  }

  /// Of a warp that walks a row.
  struct HalfNorms {
    long long positive = 0, negative = 0;
    unsigned long long largest = 0;

    UDL_DEVICE void add(int z) {
      positive += max(z, 0);
      negative += max(-z, 0);
    }
    UDL_DEVICE void end_block() {
      const long long norm = max(sum_of_lanes(positive), sum_of_lanes(negative));
      largest = max(largest, static_cast<unsigned long long>(norm));
      positive = negative = 0;
    }
  };

  /// Other blocks wrote the weight: what the cache of this multiprocessor has may be older.
  UDL_DEVICE static int integer(const float* weight, float inverse) {
    return round_to_int(__ldcg(weight) * inverse);
  }

  const float* const weights_;
  const int n_visible_, n_hidden_;
  const bool narrow_;
  const float largest_;
  unsigned long long* const room_;
};

}  // namespace udl::cuda
