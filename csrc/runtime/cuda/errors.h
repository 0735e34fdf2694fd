#pragma once
// What goes wrong at a device. Python sees RuntimeError and MemoryError.
#include <cstddef>
#include <new>
#include <stdexcept>
#include <string>

namespace udl::cuda {

/// A call of the CUDA runtime that failed: what was asked for, and what CUDA says.
class CudaError : public std::runtime_error {
 public:
  CudaError(const std::string& command, const std::string& reason)
      : std::runtime_error("CUDA: " + command + ": " + reason) {}
};

/// A device's memory does not hold what is wanted. Whoever asked is what he was.
class DeviceMemoryError : public std::bad_alloc {
 public:
  DeviceMemoryError(std::size_t wanted, std::size_t free)
      : text_("CUDA: " + std::to_string(wanted) + " bytes of device memory are wanted, " +
              std::to_string(free) + " are free") {}
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

}  // namespace udl::cuda
