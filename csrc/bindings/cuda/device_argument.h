#pragma once
// The device a caller names: by its number, or by an object that stands for one.
#include <memory>
#include <utility>

#include "bindings/cuda/callback_driver.h"
#include "runtime/cuda/cudart_driver.h"

namespace udl::bindings {

/// `driver` None: device number `device` of this machine.
inline std::unique_ptr<cuda::Driver> driver_of(int device, pybind11::object driver) {
  if (driver.is_none()) return cuda::make_cudart_driver(device);
  return make_callback_driver(std::move(driver));
}

}  // namespace udl::bindings
