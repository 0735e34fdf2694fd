#include "runtime/cuda/rbm/steps/clamp.h"

#include "kernels/cuda/plain/rows.h"

namespace udl::cuda {

DeviceClamp::DeviceClamp(Driver& driver, const Clamp& clamp)
    : driver_(driver),
      words_(plain::state_words(clamp.mask.columns())),
      mask_(upload_bits(driver, clamp.mask)),
      values_(upload_bits(driver, clamp.values)),
      mask_stride_(stride(clamp.mask.rows(), words_)),
      value_stride_(stride(clamp.values.rows(), words_)) {}

void DeviceClamp::put_back(uint32_t* states, int64_t rows, int64_t stride) const {
  driver_.launch(plain::kHold, threads_for(rows * words_),
                 plain::HoldArguments{states, mask_.data(), values_.data(), rows, words_, stride,
                                      mask_stride_, value_stride_});
}

}  // namespace udl::cuda
