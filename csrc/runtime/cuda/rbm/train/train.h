#pragma once
// Training on a device: CD-k and PCD-k.
#include "runtime/cuda/rbm/model/state.h"
#include "runtime/cuda/rbm/train/call.h"
#include "runtime/threads/run.h"

namespace udl::cuda {

/// One pass over the rows as RbmEngine::train describes it. CD leaves persistent chains alone.
/// Throws NotAvailable for what a GPU does not learn yet.
TrainResult train_on_device(DeviceRbmState& state, const DeviceTrainCall& call, const Run& run);

}  // namespace udl::cuda
