// RbmEngine of the CPU: how it is made, and a table of contents of its methods.
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <vector>

#include "bindings/rbm/rbm_engine_methods.h"

namespace udl::bindings {
namespace {

/// Draws number units by 32 bits; sizes of arrays are products of two such numbers.
void check_size(int64_t n, const char* argument) {
  check_positive(n, "RbmEngine", argument);
  if (n >= int64_t{1} << 31)
    throw_invalid(std::string("RbmEngine: ") + argument + " must be below 2^31, got " +
                  std::to_string(n));
}

using Groups = std::optional<std::vector<int64_t>>;

Units units_of(const std::string& visible, const std::string& hidden, const Groups& groups) {
  return {unit_kind_from_name(visible, "visible"), unit_kind_from_name(hidden, "hidden"),
          groups.value_or(std::vector<int64_t>())};
}

/// None where units are in no groups.
Groups visible_groups(const RbmEngine& engine) {
  if (engine.units().visible != UnitKind::softmax) return std::nullopt;
  return engine.units().visible_groups;
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
  using udl::RbmEngine;
  py::register_exception_translator(&translate_not_available);
  RbmEngineClass c(m, "RbmEngine");
  c.def(py::init([](int64_t n_visible, int64_t n_hidden, const std::string& precision,
                    const std::string& visible, const std::string& hidden, const Groups& groups) {
          check_size(n_visible, "n_visible");
          check_size(n_hidden, "n_hidden");
          return udl::make_rbm_engine(n_visible, n_hidden, udl::precision_from_name(precision),
                                      units_of(visible, hidden, groups));
        }),
        py::arg("n_visible"), py::arg("n_hidden"), py::arg("precision"),
        py::arg("visible") = "bernoulli", py::arg("hidden") = "bernoulli",
        py::arg("visible_groups") = py::none());
  c.def_property_readonly("n_visible", &RbmEngine::n_visible);
  c.def_property_readonly("n_hidden", &RbmEngine::n_hidden);
  c.def_property_readonly(
      "precision", [](const RbmEngine& engine) { return udl::precision_name(engine.precision()); });
  c.def_property_readonly("visible", [](const RbmEngine& engine) {
    return udl::unit_kind_name(engine.units().visible);
  });
  c.def_property_readonly(
      "hidden", [](const RbmEngine& engine) { return udl::unit_kind_name(engine.units().hidden); });
  c.def_property_readonly("visible_groups", &visible_groups);
  define_state_methods(c);
  define_training_methods(c);
  define_inference_methods(c);
  define_evaluation_methods(c);
}
