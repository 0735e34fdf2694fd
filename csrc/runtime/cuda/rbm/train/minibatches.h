#pragma once
// Minibatches of rows that lie in a device's memory, in the order they are presented.
#include <algorithm>
#include <cstdint>

#include "base/sampling.h"
#include "kernels/cuda/plain/states.h"
#include "runtime/cuda/buffer.h"
#include "runtime/cuda/rbm/model/states.h"
#include "runtime/cuda/rbm/train/call.h"

namespace udl::cuda {

class DeviceMinibatches {
 public:
  /// Copies the order to the device, where the rows are and stay until this is gone.
  DeviceMinibatches(Driver& driver, const DeviceTrainCall& call);

  int64_t count() const { return divide_up(rows_.rows(), batch_size_); }
  int64_t max_rows() const { return batch_size_; }
  int64_t rows_of(int64_t index) const {
    return std::min(batch_size_, rows_.rows() - index * batch_size_);
  }
  /// Whether minibatches are bits: rows are, or are binarised.
  bool have_bits() const { return rows_.are_bits() || binarize_; }

  /// One minibatch, until the next is fetched. `draws` binarise, if anything does.
  plain::States fetch(int64_t index, const DrawKey& draws);

 private:
  template <class T>
  void gather(const Kernel& kernel, int64_t index, const T* from, int64_t columns, T* to) const;

  Driver& driver_;
  const DeviceRows& rows_;
  const int64_t n_units_, batch_size_;
  const bool binarize_;
  DeviceBuffer<uint32_t> order_;  ///< empty: as they are
  DeviceBuffer<uint32_t> bits_;
  DeviceBuffer<float> values_;
};

}  // namespace udl::cuda
