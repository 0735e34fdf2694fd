// RbmEngine of the CPU: how it is made, and a table of contents of its methods.
#include <string>

#include "bindings/rbm_engine_methods.h"

namespace udl::bindings {
namespace {

/// Draws number units by 32 bits; sizes of arrays are products of two such numbers.
void check_units(int64_t n, const char* argument) {
  check_positive(n, "RbmEngine", argument);
  if (n >= int64_t{1} << 31)
    throw_invalid(std::string("RbmEngine: ") + argument + " must be below 2^31, got " +
                  std::to_string(n));
}

}  // namespace
}  // namespace udl::bindings

void init_rbm(pybind11::module_& m) {
  using namespace udl::bindings;
  using udl::RbmEngine;
  RbmEngineClass c(m, "RbmEngine");
  c.def(py::init([](int64_t n_visible, int64_t n_hidden, const std::string& precision) {
          check_units(n_visible, "n_visible");
          check_units(n_hidden, "n_hidden");
          return udl::make_rbm_engine(n_visible, n_hidden, udl::precision_from_name(precision));
        }),
        py::arg("n_visible"), py::arg("n_hidden"), py::arg("precision"));
  c.def_property_readonly("n_visible", &RbmEngine::n_visible);
  c.def_property_readonly("n_hidden", &RbmEngine::n_hidden);
  c.def_property_readonly(
      "precision", [](const RbmEngine& engine) { return udl::precision_name(engine.precision()); });
  define_state_methods(c);
  define_training_methods(c);
  define_inference_methods(c);
}
