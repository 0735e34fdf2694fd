#pragma once
// Packed codes of callers that are in a device's memory.
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "bindings/numpy/keep.h"
#include "runtime/cuda/hamming/codes.h"

namespace udl::bindings {

/// Packed codes of a caller in a device's memory, and whose work makes them.
struct GivenCodes {
  GivenCodes(uintptr_t address, std::pair<int64_t, int64_t> given_shape,
             std::pair<int64_t, int64_t> strides, pybind11::object owner,
             std::optional<uintptr_t> made_by)
      : rows{reinterpret_cast<const uint8_t*>(address), true, strides.first, strides.second},
        shape(given_shape),
        stream(made_by),
        kept(keep(std::move(owner))) {
    if (shape.first < 0 || shape.second < 1)
      throw_invalid("GivenCodes: shape must have at least one column, and no negative number");
  }

  cuda::HammingRows rows;
  std::pair<int64_t, int64_t> shape;
  std::optional<uintptr_t> stream;
  std::shared_ptr<void> kept;
};

}  // namespace udl::bindings
