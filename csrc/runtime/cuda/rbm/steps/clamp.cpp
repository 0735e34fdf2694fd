#include "runtime/cuda/rbm/steps/clamp.h"

#include "kernels/cuda/plain/rows.h"

namespace udl::cuda {

DeviceClamp::DeviceClamp(Driver& driver, const Clamp& clamp)
    : driver_(driver),
      n_units_(clamp.mask.columns()),
      words_(plain::state_words(n_units_)),
      mask_(upload_bits(driver, clamp.mask)),
      own_values_(upload_bits(driver, clamp.values)),
      values_(own_values_.data()),
      mask_stride_(stride(clamp.mask.rows(), words_)),
      value_stride_(stride(clamp.values.rows(), words_)) {}

DeviceClamp::DeviceClamp(Driver& driver, const Rows& mask, const DeviceRows& values)
    : driver_(driver),
      n_units_(mask.columns()),
      words_(plain::state_words(n_units_)),
      mask_(upload_bits(driver, mask)),
      own_values_(driver),
      values_(values.states().bits),
      mask_stride_(stride(mask.rows(), words_)),
      value_stride_(stride(values.rows(), words_)) {}

void DeviceClamp::put_back(uint32_t* states, int64_t rows, int64_t stride) const {
  driver_.launch(plain::kHold, threads_for(rows * words_),
                 plain::HoldArguments{states, mask_.data(), values_, rows, words_, stride,
                                      mask_stride_, value_stride_});
}

void DeviceClamp::put_back(float* means, int64_t rows) const {
  driver_.launch(plain::kHoldMeans, threads_for(rows * n_units_),
                 plain::HoldMeansArguments{means, mask_.data(), values_, rows, n_units_,
                                           mask_stride_, value_stride_});
}

}  // namespace udl::cuda
