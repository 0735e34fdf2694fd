#include "runtime/cuda/cudart_driver.h"

#include <cuda_runtime_api.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>

#include "base/error.h"
#include "runtime/cuda/device.h"
#include "runtime/cuda/errors.h"

namespace udl::cuda {
namespace {

void check(cudaError_t result, const std::string& command) {
  if (result == cudaSuccess) return;
  cudaGetLastError();  // else the next call would report it again, unless the device is lost
  std::string reason = cudaGetErrorString(result);
  if (cudaPeekAtLastError() != cudaSuccess)
    reason +=
        "; this process cannot use the device any more: start it anew, with UDL_FAST_SYNC=1 to see "
        "which kernel it was";
  throw CudaError(command, reason);
}

DeviceFacts facts_of(int device) {
  cudaDeviceProp properties;
  check(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
  return {properties.name, 10 * properties.major + properties.minor, properties.multiProcessorCount,
          device};
}

/// Calls of the CUDA runtime are about the device of the calling thread: this one, in this scope.
class OnDevice {
 public:
  explicit OnDevice(int device) : device_(device) {
    check(cudaGetDevice(&before_), "cudaGetDevice");
    if (before_ != device) check(cudaSetDevice(device), "cudaSetDevice");
  }
  ~OnDevice() {
    if (before_ != device_) cudaSetDevice(before_);
  }
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;

 private:
  const int device_;
  int before_ = 0;
};

bool wants_sync() {
  const char* value = std::getenv("UDL_FAST_SYNC");
  return value != nullptr && std::strcmp(value, "1") == 0;
}

dim3 extent(const Extent& of) { return dim3(of.x, of.y, of.z); }

class CudartDriver final : public Driver {
 public:
  explicit CudartDriver(int device)
      : device_(device), waits_(wants_sync()), facts_(facts_of(device)) {
    const OnDevice here(device_);
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  }
  ~CudartDriver() override { cudaStreamDestroy(stream_); }

  const DeviceFacts& facts() const override { return facts_; }

  void* allocate(std::size_t n_bytes) override {
    const OnDevice here(device_);
    void* address = nullptr;
    const cudaError_t result = cudaMalloc(&address, n_bytes);
    if (result == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      std::size_t free = 0, total = 0;
      check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
      throw DeviceMemoryError(n_bytes, free);
    }
    check(result, "cudaMalloc of " + std::to_string(n_bytes) + " bytes");
    return address;
  }

  /// cudaFree waits for the device.
  void free(void* address) noexcept override { cudaFree(address); }

  void copy_to_device(void* to, const void* from, std::size_t n_bytes) override {
    copy(to, from, n_bytes, cudaMemcpyHostToDevice, "cudaMemcpyAsync to the device");
    synchronise();  // memory that is pinned would be read later
  }
  void copy_to_host(void* to, const void* from, std::size_t n_bytes) override {
    copy(to, from, n_bytes, cudaMemcpyDeviceToHost, "cudaMemcpyAsync to the host");
    synchronise();
  }
  void copy_on_device(void* to, const void* from, std::size_t n_bytes) override {
    copy(to, from, n_bytes, cudaMemcpyDeviceToDevice, "cudaMemcpyAsync on the device");
  }
  void fill(void* to, uint8_t byte, std::size_t n_bytes) override {
    if (n_bytes == 0) return;
    const OnDevice here(device_);
    check(cudaMemsetAsync(to, byte, n_bytes, stream_), "cudaMemsetAsync");
  }

  void synchronise() override {
    const OnDevice here(device_);
    check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
  }

  uintptr_t stream() const override { return reinterpret_cast<uintptr_t>(stream_); }
  /// An event may be destroyed while others still wait for it.
  void wait_for(uintptr_t stream) override {
    const OnDevice here(device_);
    cudaEvent_t reached = nullptr;
    check(cudaEventCreateWithFlags(&reached, cudaEventDisableTiming), "cudaEventCreateWithFlags");
    const cudaError_t recorded = cudaEventRecord(reached, reinterpret_cast<cudaStream_t>(stream));
    const cudaError_t waits =
        recorded == cudaSuccess ? cudaStreamWaitEvent(stream_, reached, 0) : cudaSuccess;
    cudaEventDestroy(reached);
    check(recorded, "cudaEventRecord on a stream of the caller");
    check(waits, "cudaStreamWaitEvent");
  }
  int device_of(const void* address) override {
    cudaPointerAttributes attributes;
    check(cudaPointerGetAttributes(&attributes, address), "cudaPointerGetAttributes");
    if (attributes.type == cudaMemoryTypeManaged) return device_;  // every device reaches it
    return attributes.type == cudaMemoryTypeDevice ? attributes.device : kNoDevice;
  }

  void begin_capture() override {
    const OnDevice here(device_);
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal),
          "cudaStreamBeginCapture");
    is_capturing_ = true;
  }
  Graph end_capture() override {
    const OnDevice here(device_);
    is_capturing_ = false;
    cudaGraph_t noted = nullptr;
    check(cudaStreamEndCapture(stream_, &noted), "cudaStreamEndCapture");
    cudaGraphExec_t graph = nullptr;
    const cudaError_t result = cudaGraphInstantiate(&graph, noted, 0);
    cudaGraphDestroy(noted);
    check(result, "cudaGraphInstantiate");
    return {graph, [](void* made) { cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(made)); }};
  }
  void replay(const Graph& graph) override {
    const OnDevice here(device_);
    check(cudaGraphLaunch(static_cast<cudaGraphExec_t>(graph.get()), stream_), "cudaGraphLaunch");
    if (waits_) check(cudaStreamSynchronize(stream_), "a graph of kernels");
  }

 protected:
  void launch_bytes(const Kernel& kernel, const Grid& grid, const void* arguments,
                    std::size_t) override {
    const OnDevice here(device_);
    void* one_argument[] = {const_cast<void*>(arguments)};
    const std::string command = std::string("launch of ") + kernel.name;
    allow_shared(kernel, grid.shared_bytes);
    check(cudaLaunchKernel(kernel.function, extent(grid.blocks), extent(grid.threads), one_argument,
                           grid.shared_bytes, stream_),
          command);
    if (waits_ && !is_capturing_) check(cudaStreamSynchronize(stream_), command);
  }

 private:
  /// Kernels must be allowed more than 48 KB of shared memory a block, once.
  void allow_shared(const Kernel& kernel, uint32_t n_bytes) {
    constexpr uint32_t kFree = 48 * 1024;
    if (n_bytes <= kFree) return;
    uint32_t& allowed = allowed_shared_[kernel.function];
    if (n_bytes <= allowed) return;
    check(cudaFuncSetAttribute(kernel.function, cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(n_bytes)),
          std::string("cudaFuncSetAttribute of ") + kernel.name);
    allowed = n_bytes;
  }

  void copy(void* to, const void* from, std::size_t n_bytes, cudaMemcpyKind kind,
            const char* command) {
    if (n_bytes == 0) return;
    const OnDevice here(device_);
    check(cudaMemcpyAsync(to, from, n_bytes, kind, stream_), command);
  }

  const int device_;
  const bool waits_;
  const DeviceFacts facts_;
  cudaStream_t stream_ = nullptr;
  bool is_capturing_ = false;
  std::map<const void*, uint32_t> allowed_shared_;
};

}  // namespace

std::unique_ptr<Driver> make_cudart_driver(int device) {
  const int count = device_count();
  if (count == 0) throw std::runtime_error("no CUDA device: " + device_status());
  if (device < 0 || device >= count)
    throw_invalid("device must be from 0 to " + std::to_string(count - 1) + ", got " +
                  std::to_string(device));
  return std::make_unique<CudartDriver>(device);
}

}  // namespace udl::cuda
