#include "runtime/cuda/rbm/train/minibatches.h"

#include "kernels/cuda/plain/rows.h"

namespace udl::cuda {

DeviceMinibatches::DeviceMinibatches(Driver& driver, const DeviceTrainCall& call)
    : driver_(driver),
      rows_(call.rows),
      n_units_(call.rows.columns()),
      batch_size_(std::min(call.settings.batch_size, call.rows.rows())),
      binarize_(call.settings.binarize_sample && !rows_.are_bits()),
      order_(driver, call.order != nullptr ? call.rows.rows() : 0),
      bits_(driver, have_bits() ? batch_size_ * plain::state_words(n_units_) : 0),
      values_(driver, rows_.are_bits() ? 0 : batch_size_ * n_units_) {
  if (call.order != nullptr) order_.copy_from(call.order);
}

template <class T>
void DeviceMinibatches::gather(const Kernel& kernel, int64_t index, const T* from, int64_t columns,
                               T* to) const {
  const int64_t count = rows_of(index);
  driver_.launch(
      kernel, threads_for(count * columns),
      plain::GatherArguments<T>{to, from, order_.data(), index * batch_size_, count, columns});
}

plain::States DeviceMinibatches::fetch(int64_t index, const DrawKey& draws) {
  const int64_t count = rows_of(index);
  const plain::States all = rows_.states();
  if (rows_.are_bits()) {
    gather(plain::kGatherBits, index, all.bits, plain::state_words(n_units_), bits_.data());
    return {bits_.data(), nullptr, count};
  }
  gather(plain::kGatherValues, index, all.values, n_units_, values_.data());
  if (!binarize_) return {nullptr, values_.data(), count};
  const int64_t threads = count * plain::state_words(n_units_) * plain::kStateBits;
  driver_.launch(plain::kBinarise, threads_for(threads),
                 plain::BinariseArguments{bits_.data(), values_.data(), draws, count, n_units_});
  return {bits_.data(), nullptr, count};
}

}  // namespace udl::cuda
