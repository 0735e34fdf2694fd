#include "bindings/cuda/callback_driver.h"

#include <cstring>
#include <string>
#include <utility>

#include "base/error.h"
#include "bindings/numpy/gil.h"

namespace udl::bindings {
namespace {

namespace py = pybind11;
using cuda::DeviceFacts;
using cuda::Extent;

uintptr_t number(const void* address) { return reinterpret_cast<uintptr_t>(address); }

py::bytes bytes_of(const void* data, std::size_t n_bytes) {
  return {static_cast<const char*>(data), n_bytes};
}

py::tuple extent(const Extent& of) { return py::make_tuple(of.x, of.y, of.z); }

DeviceFacts facts_of(const py::object& device) {
  const auto facts = device.attr("facts")().cast<py::tuple>();
  return {facts[0].cast<std::string>(), facts[1].cast<int>(), facts[2].cast<int>()};
}

class CallbackDriver final : public cuda::Driver {
 public:
  explicit CallbackDriver(py::object device)
      : device_(std::move(device)), facts_(facts_of(device_)) {}
  ~CallbackDriver() override {
    const HeldGil gil;
    device_ = py::object();
  }

  const DeviceFacts& facts() const override { return facts_; }

  void* allocate(std::size_t n_bytes) override {
    const HeldGil gil;
    return reinterpret_cast<void*>(device_.attr("allocate")(n_bytes).cast<uintptr_t>());
  }
  void free(void* address) noexcept override {
    const HeldGil gil;
    try {
      device_.attr("free")(number(address));
    } catch (py::error_already_set& error) {
      error.discard_as_unraisable("freeing memory of a device");
    }
  }

  void copy_to_device(void* to, const void* from, std::size_t n_bytes) override {
    const HeldGil gil;
    device_.attr("copy_to_device")(number(to), bytes_of(from, n_bytes));
  }
  void copy_to_host(void* to, const void* from, std::size_t n_bytes) override {
    const HeldGil gil;
    const auto data = device_.attr("copy_to_host")(number(from), n_bytes).cast<std::string>();
    if (data.size() != n_bytes)
      throw_invalid("copy_to_host gave " + std::to_string(data.size()) + " bytes, expected " +
                    std::to_string(n_bytes));
    if (n_bytes > 0) std::memcpy(to, data.data(), n_bytes);
  }
  void copy_on_device(void* to, const void* from, std::size_t n_bytes) override {
    const HeldGil gil;
    device_.attr("copy_on_device")(number(to), number(from), n_bytes);
  }
  void fill(void* to, uint8_t byte, std::size_t n_bytes) override {
    const HeldGil gil;
    device_.attr("fill")(number(to), byte, n_bytes);
  }

  void synchronise() override {
    const HeldGil gil;
    device_.attr("synchronise")();
  }

  uintptr_t stream() const override {
    const HeldGil gil;
    return device_.attr("stream")().cast<uintptr_t>();
  }
  void wait_for(uintptr_t stream) override {
    const HeldGil gil;
    device_.attr("wait_for")(stream);
  }
  int device_of(const void* address) override {
    const HeldGil gil;
    return device_.attr("device_of")(number(address)).cast<int>();
  }

  void begin_capture() override {
    const HeldGil gil;
    device_.attr("begin_capture")();
  }
  cuda::Graph end_capture() override {
    const HeldGil gil;
    return {new py::object(device_.attr("end_capture")()), [](py::object* graph) {
              const HeldGil gil;
              delete graph;
            }};
  }
  void replay(const cuda::Graph& graph) override {
    const HeldGil gil;
    device_.attr("replay")(*static_cast<py::object*>(graph.get()));
  }

 protected:
  void launch_bytes(const cuda::Kernel& kernel, const cuda::Grid& grid, const void* arguments,
                    std::size_t n_bytes) override {
    const HeldGil gil;
    device_.attr("launch")(kernel.name, extent(grid.blocks), extent(grid.threads),
                           grid.shared_bytes, bytes_of(arguments, n_bytes));
  }

 private:
  py::object device_;
  const DeviceFacts facts_;
};

}  // namespace

std::unique_ptr<cuda::Driver> make_callback_driver(py::object device) {
  return std::make_unique<CallbackDriver>(std::move(device));
}

}  // namespace udl::bindings
