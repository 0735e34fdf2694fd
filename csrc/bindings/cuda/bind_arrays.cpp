// A device for arrays of callers, rows made of them, and arrays that are results.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/cuda/device_argument.h"
#include "bindings/cuda/dlpack.h"
#include "bindings/cuda/given_codes.h"
#include "bindings/numpy/arrays.h"
#include "bindings/numpy/keep.h"
#include "runtime/cuda/rbm/arrays/held_rows.h"

namespace udl::bindings {
namespace {

using cuda::DeviceArray;
using cuda::HeldRows;
using cuda::plain::Element;
using Pair = std::pair<int64_t, int64_t>;

struct ElementName {
  const char* name;
  Element element;
  int64_t n_bytes;
};
constexpr ElementName kElements[] = {
    {"bool", Element::truth, 1},      {"uint8", Element::byte, 1},
    {"int32", Element::int32, 4},     {"int64", Element::int64, 8},
    {"float32", Element::float32, 4}, {"float64", Element::float64, 8}};

const ElementName& element_of(const std::string& name, const char* function) {
  for (const ElementName& each : kElements)
    if (name == each.name) return each;
  throw_invalid(std::string(function) +
                ": dtype must be bool, uint8, int32, int64, float32 or float64, got '" + name +
                "'");
}

/// Device number `number` of this machine, or what a driver stands for, and a stream of its own.
class Device {
 public:
  Device(int number, py::object driver) : driver_(driver_of(number, std::move(driver))) {}

  int number() const { return driver_->facts().number; }
  uintptr_t stream() const { return driver_->stream(); }
  int device_of(uintptr_t address) { return driver_->device_of(reinterpret_cast<void*>(address)); }

  HeldRows rows(uintptr_t address, Pair shape, Pair strides, const std::string& dtype,
                py::object owner, std::optional<uintptr_t> stream, std::optional<double> threshold,
                const std::string& name) {
    const ElementName& type = element_of(dtype, "Device.rows");
    if (shape.first < 0 || shape.second < 0)
      throw_invalid("Device.rows: shape must not be negative");
    const bool is_aligned = static_cast<int64_t>(address % type.n_bytes) == 0 &&
                            strides.first % type.n_bytes == 0 && strides.second % type.n_bytes == 0;
    if (!is_aligned)
      throw_invalid(name + " lies at an address, or has strides, that are no multiples of the " +
                    std::to_string(type.n_bytes) + " bytes of a value; copy it");
    if (stream == driver_->stream()) stream.reset();  // our own work is in order
    const cuda::GivenMatrix given = {{reinterpret_cast<const void*>(address), shape.first,
                                      shape.second, strides.first, strides.second, type.element},
                                     keep(std::move(owner)),
                                     stream};
    const ReleasedGil release;
    return HeldRows::of(driver_, given, threshold, name);
  }

  /// Of float64, int32 or int64.
  DeviceArray upload(const py::array& values) {
    const auto dtype = py::str(values.dtype()).cast<std::string>();
    if (dtype == "int32") return uploaded<int32_t>(values, Element::int32);
    if (dtype == "int64") return uploaded<int64_t>(values, Element::int64);
    return uploaded<double>(values, Element::float64);
  }

  /// Codes of a caller, copied to the host.
  py::array_t<uint8_t> download(const GivenCodes& given) {
    const int64_t n = given.shape.first, n_bytes = given.shape.second;
    const auto row_words = static_cast<int32_t>(divide_up(n_bytes, 4));
    py::array_t<uint8_t> out({n, n_bytes});
    uint8_t* to = out.mutable_data();
    const ReleasedGil release;
    if (given.stream && *given.stream != driver_->stream()) driver_->wait_for(*given.stream);
    cuda::DeviceBuffer<uint32_t> words(*driver_, n * row_words);
    cuda::take_rows(*driver_, given.rows, n, n_bytes, row_words, words.data());
    std::vector<uint32_t> here(static_cast<std::size_t>(words.size()));
    words.copy_to(here.data());
    for (int64_t r = 0; r < n; ++r)
      std::memcpy(to + r * n_bytes, here.data() + r * row_words, static_cast<std::size_t>(n_bytes));
    return out;
  }

 private:
  template <class T>
  DeviceArray uploaded(const CArray<T>& values, Element element) {
    cuda::DeviceBuffer<T> there(*driver_, values.size());
    std::vector<int64_t> shape(values.shape(), values.shape() + values.ndim());
    const T* data = values.data();
    const ReleasedGil release;
    there.copy_from(data);
    return {driver_, element, std::move(shape), std::move(there)};
  }

  std::shared_ptr<cuda::Driver> driver_;
};

std::vector<double> column_means(const HeldRows& rows) {
  const ReleasedGil release;
  return rows.column_means();
}

HeldRows selected(const HeldRows& rows, const CArray<int64_t>& indices) {
  if (indices.ndim() != 1)
    throw_invalid("DeviceRows.select: indices must have 1 dimension, got shape " +
                  shape_text(indices));
  std::vector<uint32_t> numbers;
  numbers.reserve(static_cast<std::size_t>(indices.size()));
  for (py::ssize_t i = 0; i < indices.size(); ++i) {
    const int64_t number = indices.data()[i];
    if (number < 0 || number >= rows.rows().rows())
      throw_invalid("DeviceRows.select: indices[" + std::to_string(i) + "] is " +
                    std::to_string(number) + ", but there are " +
                    std::to_string(rows.rows().rows()) + " rows");
    numbers.push_back(static_cast<uint32_t>(number));
  }
  const ReleasedGil release;
  return rows.select(numbers);
}

HeldRows with_held(const HeldRows& rows, const Rows& mask, const Rows& values) {
  const int64_t n = rows.rows().rows(), n_columns = rows.rows().columns();
  for (const Rows* part : {&mask, &values})
    if (!part->is_bits() || part->columns() != n_columns ||
        (part->rows() != 1 && part->rows() != n))
      throw_invalid("DeviceRows.with_held: mask and values must be bits of 1 or " +
                    std::to_string(n) + " rows and " + std::to_string(n_columns) + " columns");
  const ReleasedGil release;
  return rows.with_held(mask, values);
}

Rows to_host(const HeldRows& rows) {
  const ReleasedGil release;
  return rows.to_host();
}

DeviceArray to_array(const HeldRows& rows, const std::string& dtype) {
  const Element element = element_of(dtype, "DeviceRows.to_array").element;
  const bool is_real = element == Element::float32 || element == Element::float64;
  if (!is_real && element != Element::truth)
    throw_invalid("DeviceRows.to_array: dtype must be bool, float32 or float64, got '" + dtype +
                  "'");
  if (!is_real && !rows.rows().are_bits())
    throw_invalid("DeviceRows.to_array: real values do not fit dtype bool");
  const ReleasedGil release;
  return rows.to_array(element);
}

const char* dtype_of(const DeviceArray& array) {
  for (const ElementName& each : kElements)
    if (array.element() == each.element) return each.name;
  return "bits";
}

py::array to_numpy(const DeviceArray& array) {
  py::array out(py::dtype(dtype_of(array)), array.shape());
  void* data = out.mutable_data();
  const ReleasedGil release;
  array.copy_to(data);
  return out;
}

/// Of float32 another of float64.
DeviceArray as_float64(const DeviceArray& array) {
  if (array.element() != Element::float32)
    throw_invalid(std::string("DeviceArray.as_float64: dtype must be float32, got ") +
                  dtype_of(array));
  const ReleasedGil release;
  return array.as_float64();
}

}  // namespace
}  // namespace udl::bindings

void init_cuda_arrays(pybind11::module_& m) {
  using namespace udl::bindings;
  m.def("read_dlpack", &read_dlpack, py::arg("capsule"));
  py::class_<Device>(m, "Device")
      .def(py::init<int, py::object>(), py::arg("number") = 0, py::arg("driver") = py::none())
      .def_property_readonly("number", &Device::number)
      .def_property_readonly("stream", &Device::stream)
      .def("device_of", &Device::device_of, py::arg("address"))
      .def("rows", &Device::rows, py::arg("address"), py::arg("shape"), py::arg("strides"),
           py::arg("dtype"), py::arg("owner"), py::arg("stream"), py::arg("threshold"),
           py::arg("name"))
      .def("download", &Device::download, py::arg("codes"))
      .def("upload", &Device::upload, py::arg("values"));
  py::class_<DeviceArray>(m, "DeviceArray")
      .def_property_readonly(
          "address", [](const DeviceArray& a) { return reinterpret_cast<uintptr_t>(a.address()); })
      .def_property_readonly("shape",
                             [](const DeviceArray& a) { return py::tuple(py::cast(a.shape())); })
      .def_property_readonly("dtype", &dtype_of)
      .def_property_readonly("nbytes", &DeviceArray::n_bytes)
      .def_property_readonly("device", &DeviceArray::device)
      .def("as_float64", &as_float64)
      .def("to_numpy", &to_numpy)
      .def("to_dlpack", &make_dlpack, py::arg("shape"));
  py::class_<HeldRows>(m, "DeviceRows")
      .def_property_readonly(
          "kind", [](const HeldRows& r) { return r.rows().are_bits() ? "bits" : "dense"; })
      .def_property_readonly(
          "shape",
          [](const HeldRows& r) { return std::make_pair(r.rows().rows(), r.rows().columns()); })
      .def(
          "value_range",
          [](const HeldRows& r, int) { return std::make_pair(r.minimum(), r.maximum()); },
          py::arg("n_threads") = 1)
      .def_property_readonly("nbytes", &HeldRows::n_bytes)
      .def_property_readonly("device", &HeldRows::device)
      .def("column_means",
           [](const HeldRows& r) {
             const std::vector<double> means = column_means(r);
             return py::array_t<double>(static_cast<py::ssize_t>(means.size()), means.data());
           })
      .def("select", &selected, py::arg("indices"))
      .def("with_held", &with_held, py::arg("mask"), py::arg("values"))
      .def("to_array", &to_array, py::arg("dtype"))
      .def("to_host", &to_host);
}
