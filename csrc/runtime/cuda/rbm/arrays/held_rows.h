#pragma once
// Rows of a caller that stay in a device's memory: what Rows are for the CPU.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernels/cuda/plain/matrix.h"
#include "runtime/cuda/arrays/device_array.h"
#include "runtime/cuda/rbm/model/states.h"

namespace udl::cuda {

/// A caller's matrix in the device's memory, whose owner keeps it there.
struct GivenMatrix {
  plain::Matrix matrix;
  std::shared_ptr<void> owner;
  std::optional<uintptr_t> stream;  ///< whose work makes it; none: it is made
};

/// Immutable rows: a copy, bits where all values are 0 or 1 or there is a threshold, else float32.
class HeldRows {
 public:
  /// Complete when it returns: the given array may change then, unless it is of float64 and not of
  /// bits, of which column_means are those of its own values. Throws if a value is no number or
  /// infinite, in words that begin with `name`.
  static HeldRows of(std::shared_ptr<Driver> driver, const GivenMatrix& given,
                     std::optional<double> threshold, const std::string& name);
  /// What a device has drawn. `driver` does what is asked of it later; `maker`, if it is another
  /// one, is that of the rows.
  HeldRows(std::shared_ptr<Driver> driver, DeviceRows rows,
           std::shared_ptr<Driver> maker = nullptr);

  const DeviceRows& rows() const { return rows_; }
  const std::shared_ptr<Driver>& driver() const { return driver_; }
  int device() const { return driver_->facts().number; }
  /// Of all values, of bits and where units are held bounds of them.
  double minimum() const { return minimum_; }
  double maximum() const { return maximum_; }
  int64_t n_bytes() const;

  /// As Rows::column_means: float64, rows added in order.
  std::vector<double> column_means() const;
  /// A copy of the rows of these numbers, on the device.
  HeldRows select(const std::vector<uint32_t>& numbers) const;
  /// A copy with the values of held units: mask and values are bits, of one row or of as many.
  HeldRows with_held(const Rows& mask, const Rows& values) const;
  /// A copy of the host.
  Rows to_host() const;
  /// Truth values of bits, float32 or float64.
  DeviceArray to_array(plain::Element element) const;

 private:
  plain::Matrix matrix() const;
  DeviceBuffer<uint32_t> order_of_doubles() const;

  std::shared_ptr<Driver> driver_, maker_;  ///< first: they outlive the memory
  DeviceRows rows_;
  double minimum_ = 0, maximum_ = 1;
  std::optional<GivenMatrix> doubles_;            ///< where float32 has not all there is
  std::optional<std::vector<uint32_t>> numbers_;  ///< of rows of `doubles_`; none: all of them
};

}  // namespace udl::cuda
