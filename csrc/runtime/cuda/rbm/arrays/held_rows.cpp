#include "runtime/cuda/rbm/arrays/held_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "kernels/cuda/plain/rows.h"
#include "runtime/cuda/rbm/steps/clamp.h"

namespace udl::cuda {
namespace {

using plain::Element;
using plain::Matrix;

/// Threads that look for what there is: enough to keep a card's memory busy, few enough results to
/// copy.
constexpr int64_t kLookThreads = int64_t{1} << 15;

plain::Found look(Driver& driver, const Matrix& from) {
  plain::Found all = {std::numeric_limits<double>::infinity(),
                      -std::numeric_limits<double>::infinity(), 0, 0};
  const int64_t threads = std::min(kLookThreads, from.rows * from.columns);
  if (threads == 0) return all;
  DeviceBuffer<plain::Found> found(driver, threads);
  driver.launch(plain::kLook, threads_for(threads),
                plain::LookArguments{from, found.data(), threads});
  std::vector<plain::Found> here(static_cast<std::size_t>(threads));
  found.copy_to(here.data());
  for (const plain::Found& each : here) {
    all.low = std::min(all.low, each.low);
    all.high = std::max(all.high, each.high);
    all.has_other |= each.has_other;
    all.has_nan |= each.has_nan;
  }
  return all;
}

void check_finite(const plain::Found& found, const std::string& name) {
  if (found.has_nan != 0) throw_invalid(name + " holds NaN");
  if (std::isinf(found.high) && found.high > 0) throw_invalid(name + " holds infinity");
  if (std::isinf(found.low) && found.low < 0) throw_invalid(name + " holds -infinity");
}

DeviceRows packed(Driver& driver, const Matrix& from, double threshold) {
  DeviceBuffer<uint32_t> bits = room_for_bits(driver, from.rows, from.columns);
  if (bits.size() > 0)
    driver.launch(plain::kPack, threads_for(bits.size() * plain::kStateBits),
                  plain::PackArguments{bits.data(), from, threshold});
  return {driver, from.rows, from.columns, std::move(bits)};
}

DeviceRows as_values(Driver& driver, const Matrix& from) {
  const int64_t n = from.rows * from.columns;
  DeviceBuffer<float> values(driver, n);
  driver.launch(plain::kConvert, threads_for(n),
                plain::ConvertArguments{values.data(), from, Element::float32, nullptr, from.rows});
  return {driver, from.rows, from.columns, std::move(values)};
}

/// Words of a row of bits, or values.
int64_t row_units(const DeviceRows& rows) {
  return rows.are_bits() ? plain::state_words(rows.columns()) : rows.columns();
}

template <class T>
DeviceRows gathered(Driver& driver, const Kernel& kernel, const DeviceRows& rows, const T* from,
                    const DeviceBuffer<uint32_t>& numbers) {
  const int64_t n_rows = numbers.size(), n = row_units(rows);
  DeviceBuffer<T> to(driver, n_rows * n);
  if (to.size() > 0)
    driver.launch(kernel, threads_for(n_rows * n),
                  plain::GatherArguments<T>{to.data(), from, numbers.data(), 0, n_rows, n});
  return {driver, n_rows, rows.columns(), std::move(to)};
}

void put_back(const DeviceClamp& clamp, uint32_t* states, int64_t rows) {
  clamp.put_back(states, rows, clamp.words());
}
void put_back(const DeviceClamp& clamp, float* values, int64_t rows) {
  clamp.put_back(values, rows);
}

template <class T>
DeviceRows held(Driver& driver, const DeviceRows& rows, const T* from, const DeviceClamp& clamp) {
  const int64_t n = rows.rows() * row_units(rows);
  DeviceBuffer<T> to(driver, n);
  driver.copy_on_device(to.data(), from, static_cast<std::size_t>(n) * sizeof(T));
  if (n > 0) put_back(clamp, to.data(), rows.rows());
  return {driver, rows.rows(), rows.columns(), std::move(to)};
}

}  // namespace

HeldRows::HeldRows(std::shared_ptr<Driver> driver, DeviceRows rows, std::shared_ptr<Driver> maker)
    : driver_(std::move(driver)), maker_(std::move(maker)), rows_(std::move(rows)) {}

HeldRows HeldRows::of(std::shared_ptr<Driver> driver, const GivenMatrix& given,
                      std::optional<double> threshold, const std::string& name) {
  const Matrix& from = given.matrix;
  if (given.stream) driver->wait_for(*given.stream);
  const plain::Found found = look(*driver, from);
  check_finite(found, name);
  const bool are_states = from.element == Element::truth || found.has_other == 0;
  if (are_states || threshold) {
    // States are 0 and 1; what is true meets no threshold.
    const double above = threshold && from.element != Element::truth ? *threshold : 0.0;
    HeldRows rows(driver, packed(*driver, from, above));
    driver->synchronise();
    return rows;
  }
  HeldRows rows(driver, as_values(*driver, from));
  rows.minimum_ = found.low;
  rows.maximum_ = found.high;
  if (from.element == Element::float64) rows.doubles_ = given;
  driver->synchronise();
  return rows;
}

int64_t HeldRows::n_bytes() const { return 4 * rows_.rows() * row_units(rows_); }

Matrix HeldRows::matrix() const {
  const plain::States states = rows_.states();
  const bool bits = rows_.are_bits();
  return {bits ? static_cast<const void*>(states.bits) : states.values,
          rows_.rows(),
          rows_.columns(),
          4 * row_units(rows_),
          bits ? 0 : 4,
          bits ? Element::bits : Element::float32};
}

DeviceBuffer<uint32_t> HeldRows::order_of_doubles() const {
  DeviceBuffer<uint32_t> order(*driver_, numbers_ ? rows_.rows() : 0);
  if (numbers_) order.copy_from(numbers_->data());
  return order;
}

std::vector<double> HeldRows::column_means() const {
  const int64_t n = rows_.columns();
  std::vector<double> means(static_cast<std::size_t>(n));
  DeviceBuffer<double> sums(*driver_, n);
  const DeviceBuffer<uint32_t> order = order_of_doubles();
  driver_->launch(plain::kColumnSums, threads_for(n),
                  plain::ColumnSumArguments{sums.data(), doubles_ ? doubles_->matrix : matrix(),
                                            order.data(), rows_.rows()});
  sums.copy_to(means.data());
  for (double& mean : means) mean /= static_cast<double>(rows_.rows());
  return means;
}

HeldRows HeldRows::select(const std::vector<uint32_t>& numbers) const {
  DeviceBuffer<uint32_t> there(*driver_, static_cast<int64_t>(numbers.size()));
  there.copy_from(numbers.data());
  const plain::States states = rows_.states();
  HeldRows selected(driver_,
                    rows_.are_bits()
                        ? gathered(*driver_, plain::kGatherBits, rows_, states.bits, there)
                        : gathered(*driver_, plain::kGatherValues, rows_, states.values, there));
  if (doubles_) {
    selected.doubles_ = doubles_;
    selected.numbers_ = numbers;
    if (numbers_)
      for (uint32_t& number : *selected.numbers_) number = (*numbers_)[number];
  }
  const plain::Found found = look(*driver_, selected.matrix());
  selected.minimum_ = found.low;
  selected.maximum_ = found.high;
  driver_->synchronise();
  return selected;
}

HeldRows HeldRows::with_held(const Rows& mask, const Rows& values) const {
  const DeviceClamp clamp(*driver_, {mask, values});
  const plain::States states = rows_.states();
  HeldRows other(driver_, rows_.are_bits() ? held(*driver_, rows_, states.bits, clamp)
                                           : held(*driver_, rows_, states.values, clamp));
  other.minimum_ = std::min(minimum_, 0.0);
  other.maximum_ = std::max(maximum_, 1.0);
  driver_->synchronise();
  return other;
}

Rows HeldRows::to_host() const {
  if (!doubles_ || rows_.rows() == 0) return download(rows_, *driver_);
  const int64_t n = rows_.rows() * rows_.columns();
  DeviceBuffer<double> values(*driver_, n);
  const DeviceBuffer<uint32_t> order = order_of_doubles();
  driver_->launch(plain::kConvert, threads_for(n),
                  plain::ConvertArguments{values.data(), doubles_->matrix, Element::float64,
                                          order.data(), rows_.rows()});
  std::vector<double> here(static_cast<std::size_t>(n));
  values.copy_to(here.data());
  return Rows::of_values(std::move(here), rows_.rows(), rows_.columns());
}

DeviceArray HeldRows::to_array(Element element) const {
  return converted(driver_, matrix(), element);
}

}  // namespace udl::cuda
