// CPU targets, threads and build facts.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>

#include "runtime/dispatch/target.h"
#include "runtime/threads/thread_count.h"

#if defined(_MSC_VER)
#define UDL_EXPORT __declspec(dllexport)
#else
#define UDL_EXPORT __attribute__((visibility("default")))
#endif

// For threadpoolctl, which finds loaded libraries by such names and calls them through ctypes:
// no exception may leave them.
extern "C" {

UDL_EXPORT int udl_fast_get_num_threads() {
  try {
    return udl::num_threads();
  } catch (...) {  // UDL_FAST_NUM_THREADS is no number; every call from Python says so
    return udl::usable_processors();
  }
}

/// Values out of range are brought into it, as OpenMP and BLAS libraries do.
UDL_EXPORT void udl_fast_set_num_threads(int n) {
  udl::set_num_threads(std::clamp(n, 1, udl::kMaxThreads));
}
}

namespace py = pybind11;

void init_runtime(py::module_& m) {
  m.attr("CUDA_STATUS") = UDL_FAST_CUDA_STATUS;
  m.attr("MAX_THREADS") = udl::kMaxThreads;
  m.def("compiled_targets", &udl::compiled_targets, "Targets of this build, slowest first.");
  m.def("available_targets", &udl::available_targets, "Compiled targets that this CPU can run.");
  m.def("current_target", &udl::current_target);
  m.def("set_target", &udl::set_target, py::arg("name"),
        "Forces a target for the whole process; \"\" returns to UDL_FAST_TARGET or detection.");
  m.def("num_threads", &udl::num_threads, "Threads used where the caller names no number.");
  m.def(
      "num_threads_source", [] { return udl::default_thread_count().source; },
      "Where num_threads() comes from.");
  m.def("set_num_threads", &udl::set_num_threads, py::arg("n"),
        "0 returns to the environment's number.");
  m.def("usable_processors", &udl::usable_processors,
        "Affinity, lowered by a container's CPU quota.");
}
