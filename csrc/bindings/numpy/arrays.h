#pragma once
// NumPy arrays to pointers, with errors that name the function, the argument and what was expected.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <string>

#include "base/error.h"
#include "base/sampling.h"
#include "bindings/numpy/gil.h"
#include "runtime/threads/thread_count.h"

namespace udl::bindings {

namespace py = pybind11;

template <class T>
using CArray = py::array_t<T, py::array::c_style | py::array::forcecast>;

inline std::string shape_text(const py::array& a) {
  std::string text = "(";
  for (py::ssize_t d = 0; d < a.ndim(); ++d) text += (d ? ", " : "") + std::to_string(a.shape(d));
  return text + (a.ndim() == 1 ? ",)" : ")");
}

inline void check_shape(const py::array& a, std::initializer_list<int64_t> expected,
                        const char* function, const char* argument) {
  bool same = a.ndim() == static_cast<py::ssize_t>(expected.size());
  std::string want = "(";
  py::ssize_t d = 0;
  for (const int64_t n : expected) {
    want += (d ? ", " : "") + std::to_string(n);
    same = same && a.shape(d) == n;
    ++d;
  }
  want += expected.size() == 1 ? ",)" : ")";
  if (!same)
    throw_invalid(std::string(function) + ": " + argument + " has shape " + shape_text(a) +
                  ", expected " + want);
}

inline void check_positive(int64_t value, const char* function, const char* argument) {
  if (value < 1)
    throw_invalid(std::string(function) + ": " + argument + " must be >= 1, got " +
                  std::to_string(value));
}

inline int check_threads(int n_threads, const char* function) {
  if (n_threads < 1 || n_threads > kMaxThreads)
    throw_invalid(std::string(function) + ": n_threads must be between 1 and " +
                  std::to_string(kMaxThreads) + ", got " + std::to_string(n_threads));
  return n_threads;
}

/// Stream by name, as in base/sampling.h.
inline Stream stream_from_name(const std::string& name) {
  static const char* const kNames[] = {"init",    "data",   "gibbs",    "cd",         "pcd",
                                       "temper",  "ais",    "corrupt",  "code_noise", "dropout",
                                       "shuffle", "labels", "rounding", "wake",       "sleep"};
  uint32_t index = 0;
  for (const char* known : kNames) {
    if (name == known) return static_cast<Stream>(index);
    ++index;
  }
  throw_invalid(
      "stream must be one of init, data, gibbs, cd, pcd, temper, ais, corrupt, code_noise, "
      "dropout, shuffle, labels, rounding, wake, sleep, got '" +
      name + "'");
}

inline void check_step(int64_t step, const char* function) {
  if (step < 0 || static_cast<uint64_t>(step) >= kMaxStep)
    throw_invalid(std::string(function) + ": step must be between 0 and 2^48 - 1, got " +
                  std::to_string(step));
}

/// Chains first .. first + count - 1 must fit the 32 bits of the counter.
inline void check_chains(int64_t first, int64_t count, const char* function) {
  constexpr int64_t kMaxChains = int64_t{1} << 32;
  if (first < 0 || count > kMaxChains || first > kMaxChains - count)
    throw_invalid(std::string(function) + ": " + std::to_string(count) + " chains from " +
                  std::to_string(first) + " on do not fit in 32 bits");
}

}  // namespace udl::bindings
