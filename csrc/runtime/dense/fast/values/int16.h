#pragma once
// Weights of a layer and values of units, rounded to 16-bit integers (kernels/dense/int16.h).
#include <cstdint>

#include "kernels/dense.h"
#include "runtime/memory/buffer.h"

namespace udl {

class Int16Layer {
 public:
  explicit Int16Layer(const DenseWeights& weights)
      : weights_(weights), pairs_(n_panels() * view().stride()), steps_(n_panels() * kTileUnits) {}

  int64_t n_panels() const { return divide_up(weights_.n_outputs, kTileUnits); }
  void pack(const DenseKernels& kernels, int64_t panel) {
    kernels.int16.pack_weights(weights_, panel, 1, pairs_.data(), steps_.data());
  }
  Int16Weights view() const { return {pairs_.data(), steps_.data(), weights_.n_inputs}; }

 private:
  DenseWeights weights_;
  Buffer<int32_t> pairs_;
  Buffer<float> steps_;
};

/// Room for values of up to so many rows of up to so many units.
class Int16Rows {
 public:
  Int16Rows(int64_t max_rows, int64_t max_units)
      : max_rows_(max_rows), pairs_(max_rows * int16_pairs(max_units)), steps_(max_rows) {}

  void pack(const DenseKernels& kernels, const UnroundedValues& values, int64_t n_units,
            int64_t n_rows) {
    kernels.int16.pack_values(values, divide_up(n_units, kTileUnits), n_rows, pairs_.data(),
                              view().stride, steps_.data());
  }
  Int16Values view() const { return {pairs_.data(), steps_.data(), kTileUnits * max_rows_}; }

 private:
  int64_t max_rows_;
  Buffer<int32_t> pairs_;
  Buffer<float> steps_;
};

}  // namespace udl
