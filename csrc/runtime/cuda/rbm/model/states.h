#pragma once
// States of layers in a device's memory, to and from the rows of callers.
#include <cstdint>
#include <utility>

#include "kernels/cuda/plain/states.h"
#include "runtime/cuda/buffer.h"
#include "runtime/data/rows.h"

namespace udl::cuda {

/// All rows, which are bits.
DeviceBuffer<uint32_t> upload_bits(Driver& driver, const Rows& rows);
/// All rows as float32, of any kind.
DeviceBuffer<float> upload_values(Driver& driver, const Rows& rows);
/// n_rows rows of states of n_units units.
Rows download_bits(const uint32_t* states, int64_t n_rows, int64_t n_units, Driver& driver);

// Tensor cores read rows of bits in whole chunks, state_stride(n_units) words apart.
/// A copy of plain states as they read them.
DeviceBuffer<uint32_t> tensor_states(Driver& driver, const uint32_t* states, int64_t n_rows,
                                     int64_t n_units);
/// And back, into plain states.
void plain_states(Driver& driver, const DeviceBuffer<uint32_t>& from, int64_t n_rows,
                  int64_t n_units, uint32_t* to);

/// Rows as they are: bits, or values. They keep no driver: it must outlive them.
class DeviceRows {
 public:
  DeviceRows(Driver& driver, const Rows& rows);
  /// States that a device has drawn or packed.
  DeviceRows(Driver& driver, int64_t n_rows, int64_t n_columns, DeviceBuffer<uint32_t> bits)
      : n_rows_(n_rows),
        n_columns_(n_columns),
        are_bits_(true),
        bits_(std::move(bits)),
        values_(driver) {}
  DeviceRows(Driver& driver, int64_t n_rows, int64_t n_columns, DeviceBuffer<float> values)
      : n_rows_(n_rows),
        n_columns_(n_columns),
        are_bits_(false),
        bits_(driver),
        values_(std::move(values)) {}

  int64_t rows() const { return n_rows_; }
  int64_t columns() const { return n_columns_; }
  bool are_bits() const { return are_bits_; }
  plain::States states() const { return {bits_.data(), values_.data(), n_rows_}; }

 private:
  int64_t n_rows_, n_columns_;
  bool are_bits_;
  DeviceBuffer<uint32_t> bits_;
  DeviceBuffer<float> values_;
};

/// A copy of the host.
Rows download(const DeviceRows& rows, Driver& driver);

/// Room for drawn states of `rows` rows.
inline DeviceBuffer<uint32_t> room_for_bits(Driver& driver, int64_t rows, int64_t n_units) {
  return {driver, rows * plain::state_words(n_units)};
}

}  // namespace udl::cuda
