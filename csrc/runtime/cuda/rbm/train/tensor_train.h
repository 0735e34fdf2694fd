#pragma once
// Training on tensor cores of a model that lies in a device's memory.
#include <memory>
#include <optional>

#include "runtime/cuda/rbm/model/state.h"
#include "runtime/cuda/rbm/train/call.h"
#include "runtime/cuda/tensor/trainer.h"
#include "runtime/threads/run.h"

namespace udl::cuda {

/// Whether tensor cores do what is asked for: rows of bits, and what tensor_cores_serve says.
bool tensor_cores_train(const DeviceRbmState& state, const DeviceTrainCall& call);

/// One pass over the rows as RbmEngine::train describes it. The trainer keeps its memory for the
/// next one.
TrainResult train_on_tensor_cores(DeviceRbmState& state, TensorTrainer& trainer,
                                  const DeviceTrainCall& call, const Run& run);

}  // namespace udl::cuda
