// Rows: arrays and sparse matrices in, packed bits or values out.
#include <pybind11/stl.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <type_traits>
#include <vector>

#include "bindings/numpy/interrupt.h"
#include "bindings/numpy/keep.h"
#include "bindings/numpy/rows.h"
#include "runtime/threads/parallel.h"

namespace udl::bindings {
namespace {

void check_matrix(const py::array& x, const char* function) {
  if (x.ndim() != 2)
    throw_invalid(std::string(function) + ": x must have 2 dimensions, got shape " + shape_text(x));
}

template <class T>
StridedView<T> strided(const py::array& x) {
  const auto size = static_cast<py::ssize_t>(sizeof(T));
  return {static_cast<const T*>(x.data()), x.shape(0), x.shape(1), x.strides(0) / size,
          x.strides(1) / size};
}

bool whole_strides(const py::array& x) {
  return x.strides(0) % x.itemsize() == 0 && x.strides(1) % x.itemsize() == 0;
}

/// Calls work(row) without the GIL for the rows of a copy, in order.
template <class Work>
void for_each_row(int64_t n_rows, Work&& work) {
  run_interruptible(1, [&](const Run& run) { parallel_for(run, n_rows, work); });
}

/// Calls f with a StridedView of the array's own type; other types are an error.
template <class Function>
auto visit(const py::array& x, const char* function, Function&& f) {
  check_matrix(x, function);
  const py::array aligned = whole_strides(x) ? x : py::array(x.attr("copy")());
  const py::dtype dtype = aligned.dtype();
  if (dtype.equal(py::dtype::of<float>())) return f(strided<float>(aligned));
  if (dtype.equal(py::dtype::of<double>())) return f(strided<double>(aligned));
  if (dtype.equal(py::dtype::of<uint8_t>())) return f(strided<uint8_t>(aligned));
  if (dtype.equal(py::dtype::of<bool>())) return f(strided<TruthByte>(aligned));
  throw py::type_error(std::string(function) + ": x has dtype " + std::string(py::str(dtype)) +
                       ", expected float32, float64, uint8 or bool");
}

template <class Real>
Rows dense_rows(const py::array& x) {
  CArray<Real> contiguous(x);
  const Real* data = contiguous.data();
  const int64_t rows = contiguous.shape(0), columns = contiguous.shape(1);
  return Rows::dense(data, rows, columns, keep(std::move(contiguous)));
}

}  // namespace

Rows rows_from_array(const py::array& given, int n_threads) {
  // Foreign byte orders are real numbers of the same size.
  const bool foreign_double = given.dtype().kind() == 'f' && given.itemsize() == sizeof(double);
  const py::array x =
      foreign_double ? py::array(py::array_t<double, py::array::forcecast>(given)) : given;
  std::unique_ptr<Rows> bits;
  visit(x, "Rows.from_array", [&](const auto& view) {
    run_interruptible(n_threads, [&](const Run& run) { bits = Rows::pack_binary(view, run); });
  });
  if (bits) return std::move(*bits);
  return x.dtype().equal(py::dtype::of<double>()) ? dense_rows<double>(x) : dense_rows<float>(x);
}

namespace {

/// None is the number that holds where nobody says.
int threads_or_default(std::optional<int> n_threads, const char* function) {
  return n_threads ? check_threads(*n_threads, function) : num_threads();
}

Rows from_array(const py::array& x, std::optional<int> n_threads) {
  return rows_from_array(x, threads_or_default(n_threads, "Rows.from_array"));
}

Rows from_threshold(const py::array& x, double threshold, std::optional<int> wanted) {
  const int n_threads = threads_or_default(wanted, "Rows.from_threshold");
  Rows rows;
  visit(x, "Rows.from_threshold", [&](const auto& view) {
    run_interruptible(n_threads,
                      [&](const Run& run) { rows = Rows::pack_threshold(view, threshold, run); });
  });
  return rows;
}

void check_column_count(int64_t n_columns, const char* function) {
  if (n_columns < 0 || n_columns > std::numeric_limits<int32_t>::max())
    throw_invalid(std::string(function) + ": n_columns must be from 0 to 2^31 - 1, got " +
                  std::to_string(n_columns));
}

Rows from_packed(const py::array& packed, int64_t n_columns) {
  check_column_count(n_columns, "Rows.from_packed");
  if (!packed.dtype().equal(py::dtype::of<uint8_t>()))
    throw py::type_error("Rows.from_packed: packed has dtype " +
                         std::string(py::str(packed.dtype())) + ", expected uint8");
  check_shape(packed, {packed.ndim() ? packed.shape(0) : 0, divide_up(n_columns, 8)},
              "Rows.from_packed", "packed");
  const CArray<uint8_t> bytes(packed);
  Rows rows = Rows::zero_bits(bytes.shape(0), n_columns);
  const int64_t n_bytes = bytes.shape(1);
  const uint8_t* data = bytes.data();
  const uint64_t unused = n_columns % kWordBits ? ~uint64_t{0} << (n_columns % kWordBits) : 0;
  for_each_row(rows.rows(), [&](int64_t r) {
    uint64_t* words = rows.bits_row(r);
    for (int64_t b = 0; b < n_bytes; ++b)
      words[b / 8] |= static_cast<uint64_t>(data[r * n_bytes + b]) << (8 * (b % 8));
    if (unused && (words[n_columns / kWordBits] & unused))
      throw_invalid("Rows.from_packed: row " + std::to_string(r) + " has bits beyond column " +
                    std::to_string(n_columns - 1));
  });
  return rows;
}

/// A copy, which nobody can change later: the ends of rows lie within the arrays.
std::vector<int64_t> checked_row_starts(const CArray<int64_t>& indptr, const py::array& indices,
                                        const py::array& data) {
  if (indptr.ndim() != 1 || indptr.size() < 1)
    throw_invalid("Rows.from_csr: indptr must have one dimension and at least one entry");
  std::vector<int64_t> starts(indptr.data(), indptr.data() + indptr.size());
  const int64_t n_values = starts.back();
  if (starts[0] != 0)
    throw_invalid("Rows.from_csr: indptr must start with 0, got " + std::to_string(starts[0]));
  if (indices.ndim() != 1 || data.ndim() != 1 || indices.size() < n_values ||
      data.size() < n_values)
    throw_invalid("Rows.from_csr: indptr ends at " + std::to_string(n_values) + ", but there are " +
                  std::to_string(indices.size()) + " indices and " + std::to_string(data.size()) +
                  " values");
  for (std::size_t r = 0; r + 1 < starts.size(); ++r)
    if (starts[r] > starts[r + 1])
      throw_invalid("Rows.from_csr: indptr decreases at row " + std::to_string(r));
  return starts;
}

/// Calls f with the array's values as they are, or as doubles.
template <class Function>
Rows visit_values(const py::array& data, Function&& f) {
  const py::dtype dtype = data.dtype();
  if (dtype.equal(py::dtype::of<float>())) return f(CArray<float>(data).data());
  if (dtype.equal(py::dtype::of<uint8_t>())) return f(CArray<uint8_t>(data).data());
  if (dtype.equal(py::dtype::of<bool>()))
    return f(reinterpret_cast<const TruthByte*>(CArray<bool>(data).data()));
  return f(CArray<double>(data).data());
}

template <class Index>
Rows csr_rows(const std::vector<int64_t>& starts, const CArray<Index>& indices,
              const py::array& data, int64_t n_columns, std::optional<double> threshold,
              int n_threads) {
  return visit_values(data, [&](const auto* values) {
    Rows checked;
    const CsrView<Index, std::remove_const_t<std::remove_pointer_t<decltype(values)>>> view{
        starts.data(), indices.data(), values};
    const auto n_rows = static_cast<int64_t>(starts.size()) - 1;
    run_interruptible(n_threads, [&](const Run& run) {
      checked = Rows::csr(view, n_rows, n_columns, threshold, run);
    });
    return checked;
  });
}

Rows from_csr(const CArray<int64_t>& indptr, const py::array& indices, const py::array& data,
              int64_t n_columns, std::optional<double> threshold, std::optional<int> wanted) {
  const std::vector<int64_t> starts = checked_row_starts(indptr, indices, data);
  check_column_count(n_columns, "Rows.from_csr");
  const int n_threads = threads_or_default(wanted, "Rows.from_csr");
  if (indices.dtype().equal(py::dtype::of<int32_t>()))
    return csr_rows(starts, CArray<int32_t>(indices), data, n_columns, threshold, n_threads);
  return csr_rows(starts, CArray<int64_t>(indices), data, n_columns, threshold, n_threads);
}

void check_range(const Rows& rows, int64_t first, int64_t count, const char* function) {
  if (first < 0 || count < 0 || count > rows.rows() - first)
    throw_invalid(std::string(function) + ": there are " + std::to_string(rows.rows()) +
                  " rows, got first " + std::to_string(first) + " and count " +
                  std::to_string(count));
}

template <class T>
py::array_t<T> to_typed_array(const Rows& rows, int64_t first, int64_t count) {
  py::array_t<T> out({count, rows.columns()});
  T* data = out.mutable_data();
  for_each_row(count, [&](int64_t r) {
    rows.gather_values<T>(nullptr, first + r, 1, data + r * rows.columns(), rows.columns());
  });
  return out;
}

py::array to_array(const Rows& rows, const std::string& dtype, int64_t first,
                   std::optional<int64_t> wanted) {
  const int64_t count = wanted.value_or(rows.rows() - first);
  check_range(rows, first, count, "Rows.to_array");
  if (dtype == "float32") return to_typed_array<float>(rows, first, count);
  if (dtype == "float64") return to_typed_array<double>(rows, first, count);
  if (dtype != "bool" && dtype != "uint8")
    throw_invalid("Rows.to_array: dtype must be bool, uint8, float32 or float64, got '" + dtype +
                  "'");
  if (!rows.is_bits()) throw_invalid("Rows.to_array: real values do not fit dtype " + dtype);
  if (dtype == "bool") return to_typed_array<bool>(rows, first, count);
  return to_typed_array<uint8_t>(rows, first, count);
}

/// A copy, which nobody can change later, in which every entry is a row.
std::vector<int64_t> checked_row_numbers(const Rows& rows, const CArray<int64_t>& indices,
                                         const char* function) {
  if (indices.ndim() != 1)
    throw_invalid(std::string(function) + ": indices must have 1 dimension, got shape " +
                  shape_text(indices));
  std::vector<int64_t> numbers(indices.data(), indices.data() + indices.size());
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (numbers[i] < 0 || numbers[i] >= rows.rows())
      throw_invalid(std::string(function) + ": indices[" + std::to_string(i) + "] is " +
                    std::to_string(numbers[i]) + ", but there are " + std::to_string(rows.rows()) +
                    " rows");
  return numbers;
}

Rows selected(const Rows& rows, const CArray<int64_t>& indices) {
  const std::vector<int64_t> numbers = checked_row_numbers(rows, indices, "Rows.select");
  const ReleasedGil release;
  return rows.select(numbers.data(), static_cast<int64_t>(numbers.size()));
}

template <class T>
py::array_t<T> taken(const Rows& rows, const std::vector<int64_t>& numbers) {
  const auto count = static_cast<int64_t>(numbers.size());
  py::array_t<T> out({count, rows.columns()});
  T* data = out.mutable_data();
  for_each_row(count, [&](int64_t r) {
    rows.gather_values<T>(nullptr, numbers[r], 1, data + r * rows.columns(), rows.columns());
  });
  return out;
}

py::array take(const Rows& rows, const CArray<int64_t>& indices, const std::string& dtype) {
  const std::vector<int64_t> numbers = checked_row_numbers(rows, indices, "Rows.take");
  if (dtype == "float32") return taken<float>(rows, numbers);
  if (dtype == "float64") return taken<double>(rows, numbers);
  throw_invalid("Rows.take: dtype must be float32 or float64, got '" + dtype + "'");
}

Rows flipped_once(const Rows& rows, int64_t first, int64_t count, const std::string& dtype) {
  check_range(rows, first, count, "Rows.flipped_once");
  if (rows.columns() < 1) throw_invalid("Rows.flipped_once: rows have no columns, expected some");
  if (dtype != "float32" && dtype != "float64")
    throw_invalid("Rows.flipped_once: dtype must be float32 or float64, got '" + dtype + "'");
  const ReleasedGil release;
  return dtype == "float32" ? rows.flipped_once<float>(first, count)
                            : rows.flipped_once<double>(first, count);
}

py::array_t<uint8_t> to_packed(const Rows& rows) {
  if (!rows.is_bits()) throw_invalid("Rows.to_packed: the rows are real values, expected bits");
  const int64_t n_bytes = divide_up(rows.columns(), 8);
  py::array_t<uint8_t> out({rows.rows(), n_bytes});
  uint8_t* data = out.mutable_data();
  for_each_row(rows.rows(), [&](int64_t r) {
    uint8_t* bytes = data + r * n_bytes;
    if (rows.kind() == Rows::Kind::bits) {
      const uint64_t* words = rows.bits_row(r);
      for (int64_t k = 0; k < n_bytes; ++k)
        bytes[k] = static_cast<uint8_t>(words[k / 8] >> (8 * (k % 8)));
      return;
    }
    std::fill_n(bytes, n_bytes, uint8_t{0});
    rows.visit_row(r, [&](int64_t column, double) {
      bytes[column / 8] = static_cast<uint8_t>(bytes[column / 8] | 1 << (column % 8));
    });
  });
  return out;
}

py::array_t<double> column_means(const Rows& rows) {
  py::array_t<double> out(rows.columns());
  double* data = out.mutable_data();
  run_interruptible(1, [&](const Run& run) { rows.column_means(run, data); });
  return out;
}

std::pair<double, double> value_range(const Rows& rows, int n_threads) {
  check_threads(n_threads, "value_range");
  ValueRange found;
  run_interruptible(n_threads, [&](const Run& run) { found = rows.value_range(run); });
  return {found.low, found.high};
}

const char* kind_name(const Rows& rows) {
  switch (rows.kind()) {
    case Rows::Kind::bits:
    case Rows::Kind::listed_bits:
      return "bits";
    case Rows::Kind::csr:
      return "csr";
    default:
      return "dense";
  }
}

}  // namespace

py::array bool_array(const Rows& rows) { return to_typed_array<bool>(rows, 0, rows.rows()); }

py::array real_array(const Rows& rows, bool is_double) {
  if (is_double) return to_typed_array<double>(rows, 0, rows.rows());
  return to_typed_array<float>(rows, 0, rows.rows());
}

}  // namespace udl::bindings

void init_rows(pybind11::module_& m) {
  using namespace udl::bindings;
  using udl::Rows;
  py::class_<Rows>(m, "Rows")
      .def_static("from_array", &from_array, py::arg("x"), py::arg("n_threads") = py::none())
      .def_static("from_threshold", &from_threshold, py::arg("x"), py::arg("threshold"),
                  py::arg("n_threads") = py::none())
      .def_static("from_packed", &from_packed, py::arg("packed"), py::arg("n_columns"))
      .def_static("from_csr", &from_csr, py::arg("indptr"), py::arg("indices"), py::arg("data"),
                  py::arg("n_columns"), py::arg("threshold") = py::none(),
                  py::arg("n_threads") = py::none())
      .def_property_readonly("kind", &kind_name)
      .def_property_readonly(
          "shape", [](const Rows& rows) { return std::make_pair(rows.rows(), rows.columns()); })
      .def_property_readonly("nbytes", &Rows::nbytes)
      .def("value_range", &value_range, py::arg("n_threads") = 1)
      .def("column_means", &column_means)
      .def("to_array", &to_array, py::arg("dtype"), py::arg("first") = 0,
           py::arg("count") = py::none())
      .def("select", &selected, py::arg("indices"))
      .def("take", &take, py::arg("indices"), py::arg("dtype"))
      .def("flipped_once", &flipped_once, py::arg("first"), py::arg("count"), py::arg("dtype"))
      .def("to_packed", &to_packed);
}
