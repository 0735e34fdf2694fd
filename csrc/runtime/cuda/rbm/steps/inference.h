#pragma once
// Launches of half steps by tensor cores, of one model at one temperature.
#include <cstdint>
#include <optional>

#include "kernels/cuda/tensor/sampling/inference.h"
#include "runtime/cuda/rbm/model/state.h"
#include "runtime/cuda/rbm/steps/half_step.h"
#include "runtime/cuda/tensor/images.h"
#include "runtime/cuda/tensor/shapes.h"

namespace udl::cuda {

/// Rows of states as tensor cores have them: state_stride words each, none beyond the units.
struct TensorStates {
  const uint32_t* words;
  int64_t n_rows;
};

class Inference {
 public:
  /// Draws are later by *steps_done steps (null: by none), a number in device memory.
  Inference(const DeviceRbmState& state, const WeightImages& images, float beta,
            std::optional<TileSize> tiles, const uint64_t* steps_done)
      : state_(state), images_(images), beta_(beta), tiles_(tiles), steps_done_(steps_done) {}

  /// Samples, as TensorStates, and means of a layer.
  void half_step(Towards layer, const TensorStates& from, const HalfStepOutput& to) const;

 private:
  const DeviceRbmState& state_;
  const WeightImages& images_;
  const float beta_;
  const std::optional<TileSize> tiles_;
  const uint64_t* const steps_done_;
};

}  // namespace udl::cuda
