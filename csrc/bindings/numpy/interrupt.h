#pragma once
// Work without the GIL that Ctrl-C ends.
#include <pybind11/pybind11.h>

#include <exception>
#include <utility>

#include "bindings/numpy/gil.h"
#include "runtime/threads/run.h"

namespace udl::bindings {

namespace py = pybind11;

/// Checks for signals and calls a Python callback, if there is one. An exception is kept and stops
/// the work. Made and destroyed with the GIL held.
class PythonPoll {
 public:
  PythonPoll() = default;
  explicit PythonPoll(py::object callback) : callback_(std::move(callback)) {}

  /// True when the work is to stop. `arguments` are the callback's, which returns a bool or None.
  template <class... Arguments>
  bool operator()(Arguments... arguments) {
    const HeldGil gil;
    try {
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
      return !callback_.is_none() && callback_(arguments...).template cast<bool>();
    } catch (const std::exception&) {
      error_ = std::current_exception();
      return true;
    } catch (...) {  // the interpreter ended while Python code ran: it throws nothing else
      hang_until_exit();
    }
  }
  bool has_failed() const { return error_ != nullptr; }
  /// After the work, with the GIL held.
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  py::object callback_ = py::none();
  std::exception_ptr error_;
};

/// Calls body(run) without the GIL; ask() tells whether to end it early, with what `poll` kept.
template <class Ask, class Body>
void run_polled(int n_threads, PythonPoll& poll, Ask&& ask, Body&& body) {
  Interrupt interrupt(std::forward<Ask>(ask));
  std::exception_ptr failure;
  {
    const ReleasedGil release;
    try {
      body(Run{n_threads, &interrupt});
    } catch (...) {
      failure = std::current_exception();
    }
  }
  poll.rethrow();
  if (failure) std::rethrow_exception(failure);
}

/// Calls body(run) without the GIL. Ctrl-C ends it early and is raised here, and so is whatever
/// else a signal's handler raises: then what body has found means nothing, nor what it has thrown,
/// since a signal that was taken and not raised would be lost.
template <class Body>
void run_interruptible(int n_threads, Body&& body) {
  PythonPoll poll;
  run_polled(n_threads, poll, [&poll] { return poll(); }, body);
}

/// The same where `watch` (None: nobody) is called with progress() now and then. It can end the
/// work by an exception only: half of a result is none.
template <class Progress, class Body>
void run_watched(int n_threads, py::object watch, Progress&& progress, Body&& body) {
  PythonPoll poll(std::move(watch));
  run_polled(n_threads, poll, [&] { return poll(progress()) && poll.has_failed(); }, body);
}

}  // namespace udl::bindings
