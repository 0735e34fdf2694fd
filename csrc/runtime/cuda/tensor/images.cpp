#include "runtime/cuda/tensor/images.h"

#include "base/fixed.h"
#include "kernels/cuda/layout.h"
#include "kernels/cuda/tensor/scale/rescale.h"
#include "runtime/cuda/tensor/shapes.h"

namespace udl::cuda {
namespace {

/// Under which `rescale` makes images: at this scale, for the first minibatch of one.
RunState at_scale(int exponent) {
  RunState state{};
  state.n_minibatches = 1;
  state.exponent = exponent;
  state.scale = power_of_two(exponent);
  state.inverse_scale = power_of_two(-exponent);
  return state;
}

}  // namespace

WeightImages::WeightImages(Driver& driver, const float* weights, int64_t n_visible,
                           int64_t n_hidden, int n_slices, int exponent)
    : n_slices_(n_slices),
      to_hidden_(driver, images_bytes(n_slices, n_hidden, n_visible)),
      to_visible_(driver, images_bytes(n_slices, n_visible, n_hidden)) {
  DeviceBuffer<RunState> run(driver, 1);
  const RunState state = at_scale(exponent);
  run.copy_from(&state);
  to_hidden_.zero();  // what tiles and chunks have beyond the units
  to_visible_.zero();
  driver.launch(
      kRescale[by_slices(n_slices)], rescale_grid(n_visible, n_hidden),
      RescaleArguments{run.data(), weights, static_cast<int32_t>(n_visible),
                       static_cast<int32_t>(n_hidden), to_hidden_.data(), to_visible_.data()});
}

}  // namespace udl::cuda
