#include "runtime/cuda/arrays/device_array.h"

namespace udl::cuda {
namespace {

template <class T>
DeviceArray converted_to(const std::shared_ptr<Driver>& driver, const plain::Matrix& from,
                         plain::Element element) {
  const int64_t n = from.rows * from.columns;
  DeviceBuffer<T> to(*driver, n);
  if (n > 0)
    driver->launch(plain::kConvert, threads_for(n),
                   plain::ConvertArguments{to.data(), from, element, nullptr, from.rows});
  driver->synchronise();
  return {driver, element, {from.rows, from.columns}, std::move(to)};
}

}  // namespace

DeviceArray converted(const std::shared_ptr<Driver>& driver, const plain::Matrix& from,
                      plain::Element element) {
  if (element == plain::Element::truth) return converted_to<uint8_t>(driver, from, element);
  if (element == plain::Element::float32) return converted_to<float>(driver, from, element);
  return converted_to<double>(driver, from, element);
}

DeviceArray DeviceArray::as_float64() const {
  const int64_t n = n_bytes_ / static_cast<int64_t>(sizeof(float));
  DeviceArray flat = converted(driver_, {address_, 1, n, 0, sizeof(float), plain::Element::float32},
                               plain::Element::float64);
  flat.shape_ = shape_;
  return flat;
}

}  // namespace udl::cuda
