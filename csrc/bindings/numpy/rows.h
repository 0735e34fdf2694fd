#pragma once
// Python-side helpers shared by the bindings that take or return Rows.
#include <memory>

#include "bindings/numpy/arrays.h"
#include "runtime/data/rows.h"

namespace udl::bindings {

/// Bits if every value is 0 or 1, otherwise real values (bind_rows.cpp).
Rows rows_from_array(const py::array& x, int n_threads = num_threads());
/// Bits as a bool array.
py::array bool_array(const Rows& rows);
/// Rows of any kind as an array of float64 or float32.
py::array real_array(const Rows& rows, bool is_double);

/// Throws unless rows, of the host or of a device, has `columns` columns.
template <class AnyRows>
void check_columns(const AnyRows& rows, int64_t columns, const char* function, const char* argument,
                   const char* expected_by) {
  if (rows.columns() != columns)
    throw_invalid(std::string(function) + ": " + argument + " has " +
                  std::to_string(rows.columns()) + " columns, " + expected_by + " expects " +
                  std::to_string(columns));
}

}  // namespace udl::bindings
