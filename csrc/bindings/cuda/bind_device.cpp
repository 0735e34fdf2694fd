// Devices and the draws they make.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <string>
#include <utility>

#include "bindings/cuda/device_argument.h"
#include "bindings/numpy/arrays.h"
#include "kernels/cuda/draws.h"
#include "runtime/cuda/buffer.h"
#include "runtime/cuda/device.h"

namespace udl::bindings {
namespace {

/// As _core.draws has them.
py::array_t<uint32_t> draws(uint64_t seed, const std::string& stream, uint32_t layer, int64_t step,
                            int64_t first_chain, int64_t n_chains, int64_t n_units, int device,
                            py::object driver) {
  if (layer >= kMaxLayers) throw_invalid("draws: layer must be below 1024");
  check_step(step, "draws");
  check_positive(n_chains, "draws", "n_chains");
  check_positive(n_units, "draws", "n_units");
  check_chains(first_chain, n_chains, "draws");
  const DrawKey key =
      make_draw_key(seed, stream_from_name(stream), layer, static_cast<uint64_t>(step));
  py::array_t<uint32_t> out({n_chains, n_units});
  uint32_t* data = out.mutable_data();
  const auto at = driver_of(device, std::move(driver));
  const ReleasedGil release;
  cuda::DeviceBuffer<uint32_t> drawn(*at, n_chains * n_units);
  at->launch(cuda::kDraws, cuda::threads_for(drawn.size()),
             cuda::DrawArguments{drawn.data(), key, static_cast<uint32_t>(first_chain), n_chains,
                                 n_units});
  drawn.copy_to(data);
  return out;
}

}  // namespace
}  // namespace udl::bindings

void init_cuda_device(pybind11::module_& m) {
  using namespace udl::bindings;
  m.def("device_count", &udl::cuda::device_count);
  m.def("status", &udl::cuda::device_status);
  m.def("draws", &draws, py::arg("seed"), py::arg("stream"), py::arg("layer"), py::arg("step"),
        py::arg("first_chain"), py::arg("n_chains"), py::arg("n_units"), py::arg("device") = 0,
        py::arg("driver") = py::none());
}
