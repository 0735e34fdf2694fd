// The direction of L-BFGS.
#include "runtime/dense/lbfgs.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bindings/numpy/arrays.h"
#include "bindings/numpy/interrupt.h"

namespace udl::bindings {
namespace {

template <class Real>
void check_pairs(const std::vector<CArray<Real>>& vectors, size_t n_pairs, int64_t n,
                 const char* argument) {
  if (vectors.size() != n_pairs)
    throw_invalid(std::string("lbfgs_direction: ") + argument + " holds " +
                  std::to_string(vectors.size()) + " vectors, expected " + std::to_string(n_pairs) +
                  " as curvatures");
  for (const CArray<Real>& vector : vectors) check_shape(vector, {n}, "lbfgs_direction", argument);
}

template <class Real>
py::array_t<double> direction(const CArray<double>& gradient,
                              const std::vector<CArray<Real>>& steps,
                              const std::vector<CArray<Real>>& changes,
                              const std::vector<double>& curvatures, int n_threads) {
  const int64_t n = gradient.size();
  check_shape(gradient, {n}, "lbfgs_direction", "gradient");
  if (curvatures.empty()) throw_invalid("lbfgs_direction: curvatures is empty");
  check_pairs(steps, curvatures.size(), n, "steps");
  check_pairs(changes, curvatures.size(), n, "changes");
  check_threads(n_threads, "lbfgs_direction");
  std::vector<CurvaturePair<Real>> pairs;
  for (size_t i = 0; i < curvatures.size(); ++i)
    pairs.push_back({steps[i].data(), changes[i].data(), curvatures[i]});
  py::array_t<double> values(n);
  std::copy_n(gradient.data(), n, values.mutable_data());
  double* to = values.mutable_data();
  run_interruptible(n_threads, [&](const Run& run) { lbfgs_direction(pairs, n, to, run); });
  return values;
}

}  // namespace
}  // namespace udl::bindings

void init_lbfgs(pybind11::module_& m) {
  using namespace udl::bindings;
  const auto define = [&](auto direction) {
    m.def("lbfgs_direction", direction, py::arg("gradient"), py::arg("steps").noconvert(),
          py::arg("changes").noconvert(), py::arg("curvatures"), py::arg("n_threads"));
  };
  define(&direction<float>);
  define(&direction<double>);
}
