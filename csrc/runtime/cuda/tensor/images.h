#pragma once
// Integers of weights in the images that products read, for both directions
// (kernels/cuda/layout.h).
#include <cstdint>

#include "runtime/cuda/buffer.h"

namespace udl::cuda {

class WeightImages {
 public:
  /// Of finite weights [n_hidden][n_visible] in device memory, at the scale 2^exponent. The weights
  /// may change when this is made. Throws DeviceMemoryError.
  WeightImages(Driver& driver, const float* weights, int64_t n_visible, int64_t n_hidden,
               int n_slices, int exponent);

  int n_slices() const { return n_slices_; }
  const uint8_t* to_hidden() const { return to_hidden_.data(); }
  const uint8_t* to_visible() const { return to_visible_.data(); }

 private:
  int n_slices_;
  DeviceBuffer<uint8_t> to_hidden_, to_visible_;
};

}  // namespace udl::cuda
