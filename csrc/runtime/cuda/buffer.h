#pragma once
// Arrays in a device's memory.
#include <cstdint>
#include <type_traits>
#include <utility>

#include "runtime/cuda/driver.h"

namespace udl::cuda {

/// n values of a plain type, not one of which can be read here. Moves, but is copied by name only.
template <class T>
class DeviceBuffer {
 public:
  static_assert(std::is_trivially_copyable_v<T>);

  /// Without memory.
  explicit DeviceBuffer(Driver& driver) : driver_(&driver) {}
  /// Of unknown content.
  DeviceBuffer(Driver& driver, int64_t n) : driver_(&driver), n_(n) {
    if (n > 0) data_ = static_cast<T*>(driver.allocate(bytes()));
  }
  DeviceBuffer(DeviceBuffer&& other) noexcept
      : driver_(other.driver_),
        n_(std::exchange(other.n_, 0)),
        data_(std::exchange(other.data_, nullptr)) {}
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept {
    std::swap(driver_, other.driver_);
    std::swap(n_, other.n_);
    std::swap(data_, other.data_);
    return *this;
  }
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;
  ~DeviceBuffer() {
    if (data_ != nullptr) driver_->free(data_);
  }

  int64_t size() const { return n_; }
  /// An address of the device; null without memory.
  T* data() { return data_; }
  const T* data() const { return data_; }

  /// All values.
  void zero() { driver_->fill(data_, 0, bytes()); }
  void copy_from(const T* host) { driver_->copy_to_device(data_, host, bytes()); }
  void copy_to(T* host) const { driver_->copy_to_host(host, data_, bytes()); }
  void copy_from(const DeviceBuffer& other) {
    driver_->copy_on_device(data_, other.data_, bytes());
  }

 private:
  std::size_t bytes() const { return static_cast<std::size_t>(n_) * sizeof(T); }

  Driver* driver_;
  int64_t n_ = 0;
  T* data_ = nullptr;
};

}  // namespace udl::cuda
