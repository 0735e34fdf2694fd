#pragma once
// Weights of a layer and values of units, rounded to integers (kernels/dense/int16.h, int8.h). What
// both formats have: a layer that is packed a panel at a time, and room for values of up to so many
// rows of up to so many units, which are packed again and again.
#include <cstdint>

#include "kernels/dense.h"
#include "runtime/memory/buffer.h"

namespace udl {

// ---- 16 bits ----

class Int16Layer {
 public:
  explicit Int16Layer(const DenseWeights& weights)
      : weights_(weights), lanes_(n_panels() * view().stride()), steps_(n_panels() * kTileUnits) {}

  int64_t n_panels() const { return divide_up(weights_.n_outputs, kTileUnits); }
  void pack(const DenseKernels& kernels, int64_t panel) {
    kernels.int16.pack_weights(weights_, panel, 1, lanes_.data(), steps_.data());
  }
  Int16Weights view() const { return {lanes_.data(), steps_.data(), weights_.n_inputs}; }

 private:
  DenseWeights weights_;
  Buffer<int32_t> lanes_;
  Buffer<float> steps_;
};

class Int16Rows {
 public:
  Int16Rows(int64_t max_rows, int64_t max_units)
      : max_rows_(max_rows),
        lanes_(max_rows * rounded_lanes<kInt16PerLane>(max_units)),
        steps_(max_rows) {}

  void pack(const DenseKernels& kernels, const UnroundedValues& values, int64_t n_units,
            int64_t n_rows) {
    kernels.int16.pack_values(values, n_units, n_rows, lanes_.data(), view().stride, steps_.data());
  }
  Int16Values view() const { return {lanes_.data(), steps_.data(), kTileUnits * max_rows_}; }

 private:
  int64_t max_rows_;
  Buffer<int32_t> lanes_;
  Buffer<float> steps_;
};

struct Int16Numbers {
  using Layer = Int16Layer;
  using Rows = Int16Rows;
  static void multiply(const DenseKernels& kernels, const Int16Product& product) {
    kernels.int16.to_outputs(product);
  }
};

// ---- 8 bits ----

class Int8Layer {
 public:
  explicit Int8Layer(const DenseWeights& weights)
      : weights_(weights),
        lanes_(n_panels() * view().stride()),
        steps_(n_panels() * kTileUnits),
        sums_(n_panels() * kTileUnits),
        rounded_sums_(n_panels() * kTileUnits) {}

  int64_t n_panels() const { return divide_up(weights_.n_outputs, kTileUnits); }
  void pack(const DenseKernels& kernels, int64_t panel) {
    kernels.int8.pack_weights(weights_, panel, 1,
                              {lanes_.data(), steps_.data(), sums_.data(), rounded_sums_.data()});
  }
  Int8Weights view() const {
    return {lanes_.data(), steps_.data(), sums_.data(), rounded_sums_.data(), weights_.n_inputs};
  }

 private:
  DenseWeights weights_;
  Buffer<int32_t> lanes_;
  Buffer<float> steps_, sums_, rounded_sums_;
};

class Int8Rows {
 public:
  Int8Rows(int64_t max_rows, int64_t max_units)
      : max_rows_(max_rows),
        lanes_(max_rows * rounded_lanes<kInt8PerLane>(max_units)),
        steps_(max_rows),
        heights_(max_rows),
        means_(max_rows) {}

  void pack(const DenseKernels& kernels, const UnroundedValues& values, int64_t n_units,
            int64_t n_rows) {
    kernels.int8.pack_values(
        values, n_units, n_rows,
        {lanes_.data(), steps_.data(), heights_.data(), means_.data(), view().stride});
  }
  Int8Values view() const {
    return {lanes_.data(), steps_.data(), heights_.data(), means_.data(), kTileUnits * max_rows_};
  }

 private:
  int64_t max_rows_;
  Buffer<int32_t> lanes_;
  Buffer<float> steps_, heights_, means_;
};

struct Int8Numbers {
  using Layer = Int8Layer;
  using Rows = Int8Rows;
  static void multiply(const DenseKernels& kernels, const Int8Product& product) {
    kernels.int8.to_outputs(product);
  }
};

}  // namespace udl
