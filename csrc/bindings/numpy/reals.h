#pragma once
// Arrays of the real type of an engine: float64 where it is_double(), else float32.
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings/numpy/arrays.h"
#include "runtime/memory/reals.h"

namespace udl::bindings {

/// An array of the engine's real type to be written.
class RealArray {
 public:
  template <class Engine>
  RealArray(const Engine& engine, const std::vector<py::ssize_t>& shape) {
    if (engine.is_double())
      set(py::array_t<double>(shape));
    else
      set(py::array_t<float>(shape));
  }
  const py::array& array() const { return array_; }
  RealSpan span() const { return span_; }

 private:
  template <class Real>
  void set(py::array_t<Real> array) {
    span_ = array.mutable_data();
    array_ = std::move(array);
  }

  py::array array_;
  RealSpan span_;
};

/// Finite values of the engine's real type to be read: a copy, which nobody can change later.
class CheckedReals {
 public:
  CheckedReals() = default;
  template <class Engine>
  CheckedReals(const Engine& engine, const py::object& x, std::initializer_list<int64_t> shape,
               const char* function, const char* argument) {
    if (engine.is_double())
      set(CArray<double>(x), shape, function, argument);
    else
      set(CArray<float>(x), shape, function, argument);
  }
  RealView view() const { return view_; }

 private:
  template <class Real>
  void set(const CArray<Real>& array, std::initializer_list<int64_t> shape, const char* function,
           const char* argument) {
    check_shape(array, shape, function, argument);
    auto copy = std::make_shared<std::vector<Real>>(array.data(), array.data() + array.size());
    if (!std::all_of(copy->begin(), copy->end(), [](Real x) { return std::isfinite(x); }))
      throw_invalid(std::string(argument) + " holds a value that is not finite");
    view_ = static_cast<const Real*>(copy->data());
    copy_ = std::move(copy);
  }

  std::shared_ptr<const void> copy_;  ///< a vector
  RealView view_;
};

}  // namespace udl::bindings
