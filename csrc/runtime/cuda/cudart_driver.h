#pragma once
// A device as the CUDA runtime has it.
#include <memory>

#include "runtime/cuda/driver.h"

namespace udl::cuda {

/// A stream of its own on a device. Throws where there is no such device, with the reason. With
/// UDL_FAST_SYNC=1 in the environment every launch is waited for, so that errors name their kernel.
std::unique_ptr<Driver> make_cudart_driver(int device);

}  // namespace udl::cuda
