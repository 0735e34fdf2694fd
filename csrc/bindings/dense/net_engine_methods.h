#pragma once
// Methods of NetEngine for Python, for the engine of any precision.
#include <pybind11/pybind11.h>

#include "runtime/dense/engine.h"

namespace udl::bindings {

using NetEngineClass = pybind11::class_<NetEngine>;

void define_net_state_methods(NetEngineClass& c);  ///< arrays by name, parameters, snapshots

}  // namespace udl::bindings
