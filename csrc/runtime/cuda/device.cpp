#include "runtime/cuda/device.h"

#include <cuda_runtime_api.h>

namespace udl::cuda {
namespace {

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string describe(int device) {
  cudaDeviceProp properties;
  const std::string number = "cuda:" + std::to_string(device);
  const cudaError_t result = cudaGetDeviceProperties(&properties, device);
  if (result != cudaSuccess) return number + " cannot be used: " + cudaGetErrorString(result);
  return number + " is " + properties.name;
}

}  // namespace

int device_count() noexcept {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

std::string device_status() {
  const std::string built = "built with CUDA " + version_text(CUDART_VERSION) + ", ";
  int driver = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0)
    return built + "but there is no CUDA driver";
  int count = 0;
  const cudaError_t result = cudaGetDeviceCount(&count);
  if (result != cudaSuccess)
    return built + "but the driver (CUDA " + version_text(driver) +
           ") says: " + cudaGetErrorString(result);
  if (count == 0) return built + "but there is no device";
  std::string text = built + "driver " + version_text(driver);
  for (int device = 0; device < count; ++device) text += ", " + describe(device);
  return text;
}

}  // namespace udl::cuda
