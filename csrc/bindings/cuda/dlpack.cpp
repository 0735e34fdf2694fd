#include "bindings/cuda/dlpack.h"

#include <functional>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace udl::bindings {
namespace {

namespace py = pybind11;

// The structs of DLPack, whose layout is that of every library that speaks it.
struct Device {
  int32_t kind, number;
};
struct DataType {
  uint8_t code, bits;
  uint16_t lanes;
};
struct Tensor {
  void* data;
  Device device;
  int32_t ndim;
  DataType dtype;
  int64_t* shape;
  int64_t* strides;  ///< in values; may be null: C order
  uint64_t byte_offset;
};
struct ManagedTensor {
  Tensor tensor;
  void* context;
  void (*deleter)(ManagedTensor*);
};

constexpr const char* kFresh = "dltensor";
constexpr const char* kUsed = "used_dltensor";
constexpr int32_t kCuda = 2;
enum Code : uint8_t { kInt = 0, kFloat = 2, kBool = 6 };

void let_go(ManagedTensor* managed) {
  if (managed->deleter != nullptr) managed->deleter(managed);
}

py::tuple numbers(const int64_t* values, int32_t n) {
  py::tuple out(n);
  for (int32_t d = 0; d < n; ++d) out[d] = values[d];
  return out;
}

/// What an exported tensor points to.
struct Exported {
  ManagedTensor managed;
  cuda::DeviceArray array;
  std::vector<int64_t> shape;
};

DataType type_of(const cuda::DeviceArray& array) {
  using cuda::plain::Element;
  switch (array.element()) {
    case Element::truth:
      return {kBool, 8, 1};
    case Element::int32:
      return {kInt, 32, 1};
    case Element::int64:
      return {kInt, 64, 1};
    case Element::float32:
      return {kFloat, 32, 1};
    default:
      return {kFloat, 64, 1};
  }
}

}  // namespace

py::tuple read_dlpack(const py::object& capsule) {
  if (!PyCapsule_IsValid(capsule.ptr(), kFresh))
    throw_invalid("read_dlpack: expected a capsule named 'dltensor' that nobody has used, got " +
                  std::string(py::repr(capsule)));
  auto* managed = static_cast<ManagedTensor*>(PyCapsule_GetPointer(capsule.ptr(), kFresh));
  if (PyCapsule_SetName(capsule.ptr(), kUsed) != 0) throw py::error_already_set();
  const py::capsule owner(managed, [](void* p) { let_go(static_cast<ManagedTensor*>(p)); });
  const Tensor& t = managed->tensor;
  const uintptr_t address =
      t.data == nullptr ? 0 : reinterpret_cast<uintptr_t>(t.data) + t.byte_offset;
  const py::object strides =
      t.strides == nullptr ? py::object(py::none()) : py::object(numbers(t.strides, t.ndim));
  return py::make_tuple(address, numbers(t.shape, t.ndim), strides, t.dtype.code, t.dtype.bits,
                        t.dtype.lanes, t.device.kind, t.device.number, owner);
}

py::object make_dlpack(const cuda::DeviceArray& array, const std::vector<int64_t>& shape) {
  const auto count = [](const std::vector<int64_t>& of) {
    return std::accumulate(of.begin(), of.end(), int64_t{1}, std::multiplies<>());
  };
  if (count(shape) != count(array.shape()))
    throw_invalid("to_dlpack: shape has " + std::to_string(count(shape)) + " values, expected " +
                  std::to_string(count(array.shape())));
  auto* exported = new Exported{{}, array, shape};
  ManagedTensor& managed = exported->managed;
  managed.tensor = {const_cast<void*>(array.address()),
                    {kCuda, array.device()},
                    static_cast<int32_t>(exported->shape.size()),
                    type_of(array),
                    exported->shape.data(),
                    nullptr,
                    0};
  managed.context = exported;
  managed.deleter = [](ManagedTensor* m) { delete static_cast<Exported*>(m->context); };
  PyObject* capsule = PyCapsule_New(&managed, kFresh, [](PyObject* c) {
    if (PyCapsule_IsValid(c, kFresh))  // nobody has taken it over
      let_go(static_cast<ManagedTensor*>(PyCapsule_GetPointer(c, kFresh)));
  });
  if (capsule == nullptr) {
    let_go(&managed);
    throw py::error_already_set();
  }
  return py::reinterpret_steal<py::object>(capsule);
}

}  // namespace udl::bindings
