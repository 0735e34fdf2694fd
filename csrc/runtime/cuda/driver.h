#pragma once
// The interface to one device and one stream of work on it. What is asked for is done in the order
// of the calls; a copy to the host is done when the call returns, all else perhaps later.
//
// Addresses are those of the device: the host hands them on and never looks behind them.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>

#include "kernels/cuda/kernel.h"

namespace udl::cuda {

/// What decides which kernels a device runs, and how.
struct DeviceFacts {
  std::string name;
  int capability;  ///< 10 times the major number plus the minor one: 90 is 9.0
  int n_multiprocessors;
  int number = 0;  ///< among the devices of this machine
};

/// Work that was noted, to be done as often as one likes. It must not outlive its driver.
using Graph = std::shared_ptr<void>;

class Driver {
 public:
  Driver() = default;
  virtual ~Driver() = default;
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  virtual const DeviceFacts& facts() const = 0;

  /// Aligned to 256 bytes, of unknown content; n_bytes > 0. Throws DeviceMemoryError.
  virtual void* allocate(std::size_t n_bytes) = 0;
  /// Once everything asked for before is done.
  virtual void free(void* address) noexcept = 0;

  // n_bytes may be 0. `from` of the host may be changed when the call returns.
  virtual void copy_to_device(void* to, const void* from, std::size_t n_bytes) = 0;
  virtual void copy_to_host(void* to, const void* from, std::size_t n_bytes) = 0;
  virtual void copy_on_device(void* to, const void* from, std::size_t n_bytes) = 0;
  virtual void fill(void* to, uint8_t byte, std::size_t n_bytes) = 0;

  /// Arguments are copied before the call returns.
  template <class Arguments>
  void launch(const Kernel& kernel, const Grid& grid, const Arguments& arguments) {
    static_assert(std::is_trivially_copyable_v<Arguments>);
    launch_bytes(kernel, grid, &arguments, sizeof arguments);
  }
  /// The same of arguments that were kept as bytes.
  void launch(const Kernel& kernel, const Grid& grid, const void* arguments, std::size_t n_bytes) {
    launch_bytes(kernel, grid, arguments, n_bytes);
  }

  /// From here to end_capture() work is noted and not done; nothing but launches, fills and copies
  /// on the device may be asked for.
  virtual void begin_capture() = 0;
  virtual Graph end_capture() = 0;
  /// Instead of end_capture(): what was noted is forgotten.
  void abandon_capture() noexcept {
    try {
      end_capture();
    } catch (...) {  // what led here is worth more
    }
  }
  virtual void replay(const Graph& graph) = 0;

  /// Waits until all is done; throws what went wrong meanwhile.
  virtual void synchronise() = 0;

  // ---- work and memory of others on this device ----
  /// The stream of this work, as the CUDA runtime knows it.
  virtual uintptr_t stream() const = 0;
  /// What is asked for from here on begins after what another stream has been asked for so far: 1
  /// is the default stream, 2 the default stream of the calling thread, others are cudaStream_t.
  virtual void wait_for(uintptr_t stream) = 0;
  /// Number of the device that an address belongs to; kNoDevice where it is no device's memory.
  virtual int device_of(const void* address) = 0;
  static constexpr int kNoDevice = -1;

 protected:
  virtual void launch_bytes(const Kernel& kernel, const Grid& grid, const void* arguments,
                            std::size_t n_bytes) = 0;
};

}  // namespace udl::cuda
