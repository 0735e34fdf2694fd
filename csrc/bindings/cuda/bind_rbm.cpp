// RbmEngine of a GPU: how it is made. Its methods are those of an engine of any device.
#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/cuda/device_argument.h"
#include "bindings/cuda/rbm_arrays.h"
#include "bindings/rbm/rbm_engine_methods.h"
#include "runtime/cuda/rbm/engine.h"

namespace udl::bindings {
namespace {

using Groups = std::optional<std::vector<int64_t>>;

std::unique_ptr<RbmEngine> make(int64_t n_visible, int64_t n_hidden, const std::string& precision,
                                const std::string& visible, const std::string& hidden,
                                const Groups& groups, int device, py::object driver) {
  check_layer_size(n_visible, "n_visible");
  check_layer_size(n_hidden, "n_hidden");
  const Units units{unit_kind_from_name(visible, "visible"), unit_kind_from_name(hidden, "hidden"),
                    groups.value_or(std::vector<int64_t>())};
  return cuda::make_device_rbm_engine(driver_of(device, std::move(driver)), n_visible, n_hidden,
                                      precision_from_name(precision), units);
}

using Tiles = std::optional<std::string>;

cuda::KernelChoice choice_from_name(const std::string& name, const char* function) {
  if (name == "automatic") return cuda::KernelChoice::automatic;
  if (name == "plain") return cuda::KernelChoice::plain;
  if (name == "tensor") return cuda::KernelChoice::tensor;
  throw_invalid(std::string(function) +
                ": kernels must be 'automatic', 'plain' or 'tensor', got '" + name + "'");
}

std::optional<cuda::TileSize> tiles_from_name(const Tiles& name, const char* function) {
  if (!name) return std::nullopt;
  const auto size = cuda::tile_size_from_name(*name);
  if (!size)
    throw_invalid(std::string(function) +
                  ": tiles must be None, 'large', 'medium' or 'small', got '" + *name + "'");
  return size;
}

void set_training(udl::RbmEngine& engine, const std::string& kernels, const Tiles& tiles) {
  static_cast<cuda::DeviceRbmEngine&>(engine).set_training(
      choice_from_name(kernels, "set_training"), tiles_from_name(tiles, "set_training"));
}

void set_sampling(udl::RbmEngine& engine, const std::string& kernels, const Tiles& tiles,
                  int64_t work_bytes) {
  check_positive(work_bytes, "set_sampling", "work_bytes");
  static_cast<cuda::DeviceRbmEngine&>(engine).set_sampling(
      choice_from_name(kernels, "set_sampling"), tiles_from_name(tiles, "set_sampling"),
      work_bytes);
}

}  // namespace
}  // namespace udl::bindings

/// Rows are those of _core, which knows the class: arguments and results of both modules are the
/// same objects.
void init_cuda_rbm(pybind11::module_& m) {
  using namespace udl::bindings;
  m.attr("Rows") = py::module_::import("udl_fast._core").attr("Rows");
  RbmEngineClass c(m, "RbmEngine", py::module_local());
  c.def(py::init(&make), py::arg("n_visible"), py::arg("n_hidden"), py::arg("precision"),
        py::arg("visible") = "bernoulli", py::arg("hidden") = "bernoulli",
        py::arg("visible_groups") = py::none(), py::arg("device") = 0,
        py::arg("driver") = py::none());
  define_facts(c);
  c.def_property_readonly("device", [](const udl::RbmEngine& engine) {
    return static_cast<const udl::cuda::DeviceRbmEngine&>(engine).device();
  });
  c.def("set_training", &set_training, py::arg("kernels"), py::arg("tiles") = py::none());
  c.def("set_sampling", &set_sampling, py::arg("kernels"), py::arg("tiles") = py::none(),
        py::arg("work_bytes") = udl::cuda::Work::kBytes);
  define_state_methods(c);
  define_training_methods(c);
  define_inference_methods(c);
  define_evaluation_methods(c);
  define_device_rows_methods(c);
}
