#pragma once
// Letting go of the GIL while kernels run and taking it back, safely at interpreter exit.
#include <pybind11/pybind11.h>

#include <chrono>
#include <thread>

namespace udl::bindings {

/// In the handler of what is no exception. A daemon thread that asks for the GIL while the
/// interpreter ends is ended by unwinding its stack, which no noexcept frame survives. Python 3.14
/// and newer let it hang: so does this, everywhere. The handler must not be left, since that kind
/// of unwinding may not be stopped.
[[noreturn]] inline void hang_until_exit() noexcept {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

/// Runs `take`, which asks for the GIL.
template <class Take>
auto take_gil_or_hang(Take take) noexcept {
  try {
    return take();
  } catch (...) {
    hang_until_exit();
  }
}

/// The GIL is released in this scope.
class ReleasedGil {
 public:
  ReleasedGil() : state_(PyEval_SaveThread()) {}
  ~ReleasedGil() {
    take_gil_or_hang([this] { PyEval_RestoreThread(state_); });
  }
  ReleasedGil(const ReleasedGil&) = delete;
  ReleasedGil& operator=(const ReleasedGil&) = delete;

 private:
  PyThreadState* state_;
};

/// The GIL is held in this scope, on any thread.
class HeldGil {
 public:
  HeldGil() : state_(take_gil_or_hang([] { return PyGILState_Ensure(); })) {}
  ~HeldGil() { PyGILState_Release(state_); }
  HeldGil(const HeldGil&) = delete;
  HeldGil& operator=(const HeldGil&) = delete;

 private:
  PyGILState_STATE state_;
};

}  // namespace udl::bindings
