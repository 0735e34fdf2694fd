#pragma once
// A pass over rows that lie in the memory of the model's device.
#include <cstdint>

#include "runtime/cuda/rbm/model/states.h"
#include "runtime/rbm/engine.h"

namespace udl::cuda {

/// TrainCall (runtime/rbm/engine.h) of such rows.
struct DeviceTrainCall {
  const DeviceRows& rows;
  const uint32_t* order;  ///< of the host; rows in the order they are presented; null: as they are
  TrainSettings settings;
  uint64_t seed;
  uint64_t step;
  Poll poll;
};

}  // namespace udl::cuda
