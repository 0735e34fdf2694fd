// RbmEngine of the CPU: how it is made, and a table of contents of its methods.
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <vector>

#include "bindings/rbm/rbm_engine_methods.h"

namespace udl::bindings {
namespace {

using Groups = std::optional<std::vector<int64_t>>;

Units units_of(const std::string& visible, const std::string& hidden, const Groups& groups) {
  return {unit_kind_from_name(visible, "visible"), unit_kind_from_name(hidden, "hidden"),
          groups.value_or(std::vector<int64_t>())};
}

/// NotAvailable is Python's NotImplementedError.
void translate_not_available(std::exception_ptr raised) {
  try {
    if (raised) std::rethrow_exception(raised);
  } catch (const NotAvailable& error) {
    PyErr_SetString(PyExc_NotImplementedError, error.what());
  }
}

}  // namespace
}  // namespace udl::bindings

void init_rbm(pybind11::module_& m) {
  using namespace udl::bindings;
  py::register_exception_translator(&translate_not_available);
  RbmEngineClass c(m, "RbmEngine");
  c.def(py::init([](int64_t n_visible, int64_t n_hidden, const std::string& precision,
                    const std::string& visible, const std::string& hidden, const Groups& groups) {
          check_layer_size(n_visible, "n_visible");
          check_layer_size(n_hidden, "n_hidden");
          return udl::make_rbm_engine(n_visible, n_hidden, udl::precision_from_name(precision),
                                      units_of(visible, hidden, groups));
        }),
        py::arg("n_visible"), py::arg("n_hidden"), py::arg("precision"),
        py::arg("visible") = "bernoulli", py::arg("hidden") = "bernoulli",
        py::arg("visible_groups") = py::none());
  define_facts(c);
  define_state_methods(c);
  define_training_methods(c);
  define_inference_methods(c);
  define_evaluation_methods(c);
}
