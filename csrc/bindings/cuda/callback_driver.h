#pragma once
// A device that is a Python object, which has these methods; addresses and sizes are integers:
//
//   facts() -> (name, capability, n_multiprocessors)      capability 80 is 8.0
//   allocate(n_bytes) -> address                          a multiple of 256, not 0; MemoryError
//   free(address)
//   copy_to_device(address, data)                         data: bytes
//   copy_to_host(address, n_bytes) -> bytes
//   copy_on_device(to, from, n_bytes)
//   fill(address, byte, n_bytes)
//   launch(name, blocks, threads, shared_bytes, arguments)
//       name of the kernel as in PTX; blocks and threads (x, y, z); arguments: bytes of its struct
//   synchronise()
//   stream() -> handle                                    of its work, for others to wait for
//   wait_for(handle)           what follows comes after all that stream was asked for
//   device_of(address) -> number                          -1 where it is no device's memory
//   begin_capture(), end_capture() -> graph, replay(graph)
//       work between the first two is noted and not done; a graph is any object
#include <memory>

#include <pybind11/pybind11.h>

#include "runtime/cuda/driver.h"

namespace udl::bindings {

/// Made with the GIL held; used from any thread, without it. What the object raises is thrown.
std::unique_ptr<cuda::Driver> make_callback_driver(pybind11::object device);

}  // namespace udl::bindings
