#pragma once
// Visible units that keep their values, which are bits, while chains run on a device.
#include <cstdint>

#include "runtime/cuda/rbm/model/states.h"
#include "runtime/rbm/engine.h"

namespace udl::cuda {

class DeviceClamp {
 public:
  DeviceClamp(Driver& driver, const Clamp& clamp);
  /// Values that are on the device; they outlive this.
  DeviceClamp(Driver& driver, const Rows& mask, const DeviceRows& values);

  /// Units of the mask take their values in states of `rows` rows, `stride` words apart.
  void put_back(uint32_t* states, int64_t rows, int64_t stride) const;
  /// And in means.
  void put_back(float* means, int64_t rows) const;
  /// Words of a row of plain states.
  int64_t words() const { return words_; }

 private:
  static int64_t stride(int64_t n_rows, int64_t words) { return n_rows > 1 ? words : 0; }

  Driver& driver_;
  const int64_t n_units_, words_;
  const DeviceBuffer<uint32_t> mask_, own_values_;
  const uint32_t* values_;
  const int64_t mask_stride_, value_stride_;
};

}  // namespace udl::cuda
