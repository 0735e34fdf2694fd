#pragma once
// Arrays that a device's work leaves in its memory for callers.
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/cuda/plain/matrix.h"
#include "runtime/cuda/buffer.h"

namespace udl::cuda {

/// Values in C order. Keeps the driver, so that it may outlive everybody else.
class DeviceArray {
 public:
  /// Truth values or numbers, as many as `shape` says. `driver` does what is asked of them later;
  /// `maker`, if it is another one, is that of the buffer.
  template <class T>
  DeviceArray(std::shared_ptr<Driver> driver, plain::Element element, std::vector<int64_t> shape,
              DeviceBuffer<T> values, std::shared_ptr<Driver> maker = nullptr)
      : driver_(std::move(driver)),
        maker_(std::move(maker)),
        element_(element),
        shape_(std::move(shape)),
        address_(values.data()),
        n_bytes_(values.size() * static_cast<int64_t>(sizeof(T))),
        memory_(std::make_shared<DeviceBuffer<T>>(std::move(values))) {}

  /// Null where there are no values.
  const void* address() const { return address_; }
  int64_t n_bytes() const { return n_bytes_; }
  plain::Element element() const { return element_; }
  const std::vector<int64_t>& shape() const { return shape_; }
  int device() const { return driver_->facts().number; }

  /// Of float32 a copy.
  DeviceArray as_float64() const;
  void copy_to(void* host) const {
    driver_->copy_to_host(host, address_, static_cast<std::size_t>(n_bytes_));
  }

 private:
  std::shared_ptr<Driver> driver_, maker_;  ///< first: they outlive the memory
  plain::Element element_;
  std::vector<int64_t> shape_;
  const void* address_;
  int64_t n_bytes_;
  std::shared_ptr<void> memory_;
};

/// A matrix as another array: truth values of bits, float32 or float64. Complete when it returns.
DeviceArray converted(const std::shared_ptr<Driver>& driver, const plain::Matrix& from,
                      plain::Element element);

}  // namespace udl::cuda
