#pragma once
// Objects of Python that C++ keeps alive.
#include <pybind11/pybind11.h>

#include <memory>
#include <utility>

#include "bindings/numpy/gil.h"

namespace udl::bindings {

/// Keeps an object; made with the GIL held. The last owner may be any thread.
inline std::shared_ptr<void> keep(pybind11::object object) {
  auto* held = new pybind11::object(std::move(object));
  return std::shared_ptr<void>(held, [](void* p) {
    const HeldGil gil;
    delete static_cast<pybind11::object*>(p);
  });
}

}  // namespace udl::bindings
