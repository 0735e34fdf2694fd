#pragma once
// Arrays of other libraries by DLPack, as capsules of its first version ("dltensor").
#include <cstdint>
#include <vector>

#include <pybind11/pybind11.h>

#include "runtime/cuda/arrays/device_array.h"

namespace udl::bindings {

/// What a capsule holds: (address, shape, strides in values or None, code, bits, lanes, kind of
/// device, its number, owner). The capsule is used up; the tensor is let go with the owner. A
/// ValueError if it is no such capsule, or used already.
pybind11::tuple read_dlpack(const pybind11::object& capsule);

/// A capsule that shares the array's memory, in this shape of as many values.
pybind11::object make_dlpack(const cuda::DeviceArray& array, const std::vector<int64_t>& shape);

}  // namespace udl::bindings
