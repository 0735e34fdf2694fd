#pragma once
// What engines that train are told, settings by name and the order of rows; and what they tell.
#include <pybind11/stl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bindings/numpy/arrays.h"

namespace udl::bindings {

/// Reads settings by name; what is missing, unless it has a default, or unknown is an error.
class SettingsReader {
 public:
  SettingsReader(const py::dict& settings, const char* function)
      : settings_(settings), function_(function) {}

  template <class T>
  T get(const char* name) {
    if (!settings_.contains(name))
      throw_invalid(std::string(function_) + ": settings lack '" + name + "'");
    ++used_;
    const py::object value = settings_[name];
    try {
      return value.template cast<T>();
    } catch (const py::cast_error&) {
      throw_invalid(std::string(function_) + ": " + name + " cannot be " +
                    std::string(py::repr(value)));
    }
  }
  template <class T>
  T get_or(const char* name, T value) {
    return settings_.contains(name) ? get<T>(name) : value;
  }
  void check_all_used() const {
    if (used_ != settings_.size())
      throw_invalid(std::string(function_) + ": settings hold " + std::to_string(settings_.size()) +
                    " entries, expected " + std::to_string(used_));
  }

 private:
  const py::dict& settings_;
  const char* function_;
  std::size_t used_ = 0;
};

/// A copy of the order, in which every entry is a row: a callback may change the array. Empty
/// without one.
inline std::vector<uint32_t> checked_order(const std::optional<CArray<uint32_t>>& order,
                                           int64_t n_rows, const char* function) {
  if (!order) return {};
  check_shape(*order, {n_rows}, function, "order");
  std::vector<uint32_t> copy(order->data(), order->data() + n_rows);
  for (std::size_t i = 0; i < copy.size(); ++i)
    if (copy[i] >= n_rows)
      throw_invalid(std::string(function) + ": order[" + std::to_string(i) + "] is " +
                    std::to_string(copy[i]) + ", but there are " + std::to_string(n_rows) +
                    " rows");
  return copy;
}

/// How far a pass came, and why it ended: what results of all engines have.
template <class Result>
py::dict result_dict(const Result& result) {
  py::dict out;
  out["n_updates"] = result.n_updates;
  out["n_rows"] = result.n_rows;
  out["step"] = result.step;
  out["stopped"] = result.stopped;
  out["finite"] = result.finite;
  out["seconds"] = result.seconds;
  return out;
}

}  // namespace udl::bindings
