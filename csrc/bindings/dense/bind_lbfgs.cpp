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

using Vectors = std::vector<py::array>;

void check_pairs(const Vectors& vectors, size_t n_pairs, int64_t n, const char* argument) {
  if (vectors.size() != n_pairs)
    throw_invalid(std::string("lbfgs_direction: ") + argument + " holds " +
                  std::to_string(vectors.size()) + " vectors, expected " + std::to_string(n_pairs) +
                  " as curvatures");
  for (const py::array& vector : vectors) check_shape(vector, {n}, "lbfgs_direction", argument);
}

template <class Real>
bool are_all(const Vectors& vectors) {
  return std::all_of(vectors.begin(), vectors.end(), [](const py::array& vector) {
    return py::isinstance<py::array_t<Real, py::array::c_style>>(vector);
  });
}

template <class Real>
void find_direction(const Vectors& steps, const Vectors& changes,
                    const std::vector<double>& curvatures, int64_t n, double* values,
                    int n_threads) {
  std::vector<CurvaturePair<Real>> pairs;
  for (size_t i = 0; i < curvatures.size(); ++i)
    pairs.push_back({static_cast<const Real*>(steps[i].data()),
                     static_cast<const Real*>(changes[i].data()), curvatures[i]});
  run_interruptible(n_threads, [&](const Run& run) { lbfgs_direction(pairs, n, values, run); });
}

py::array_t<double> direction(const CArray<double>& gradient, const Vectors& steps,
                              const Vectors& changes, const std::vector<double>& curvatures,
                              int n_threads) {
  const int64_t n = gradient.size();
  check_shape(gradient, {n}, "lbfgs_direction", "gradient");
  if (curvatures.empty()) throw_invalid("lbfgs_direction: curvatures is empty");
  check_pairs(steps, curvatures.size(), n, "steps");
  check_pairs(changes, curvatures.size(), n, "changes");
  check_threads(n_threads, "lbfgs_direction");
  py::array_t<double> values(n);
  double* to = values.mutable_data();
  std::copy_n(gradient.data(), n, to);
  if (are_all<float>(steps) && are_all<float>(changes))
    find_direction<float>(steps, changes, curvatures, n, to, n_threads);
  else if (are_all<double>(steps) && are_all<double>(changes))
    find_direction<double>(steps, changes, curvatures, n, to, n_threads);
  else
    throw_invalid(
        "lbfgs_direction: steps and changes must be contiguous, all of float32 or all of "
        "float64");
  return values;
}

}  // namespace
}  // namespace udl::bindings

void init_lbfgs(pybind11::module_& m) {
  using namespace udl::bindings;
  m.def("lbfgs_direction", &direction, py::arg("gradient"), py::arg("steps"), py::arg("changes"),
        py::arg("curvatures"), py::arg("n_threads"));
}
