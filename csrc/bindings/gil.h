#pragma once
// Letting go of the GIL while kernels run, safely at interpreter exit.
#include <pybind11/pybind11.h>

#include <chrono>
#include <thread>

namespace udl::bindings {

inline bool interpreter_is_finalizing() {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsFinalizing() != 0;
#else
  return _Py_IsFinalizing() != 0;
#endif
}

/// A daemon thread that asks for the GIL of a finalizing interpreter is ended by unwinding its stack, which
/// no noexcept frame survives; Python 3.14 and newer let such a thread hang. So do we, everywhere.
inline void hang_if_finalizing() {
  while (interpreter_is_finalizing()) std::this_thread::sleep_for(std::chrono::hours(1));
}

/// The GIL is released in this scope.
class ReleasedGil {
 public:
  ReleasedGil() : state_(PyEval_SaveThread()) {}
  ~ReleasedGil() {
    hang_if_finalizing();
    PyEval_RestoreThread(state_);
  }
  ReleasedGil(const ReleasedGil&) = delete;
  ReleasedGil& operator=(const ReleasedGil&) = delete;

 private:
  PyThreadState* state_;
};

}  // namespace udl::bindings
