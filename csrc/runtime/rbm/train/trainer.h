#pragma once
// Training of the packed-bit engine: CD-k and PCD-k.
#include "runtime/rbm/engine.h"
#include "runtime/rbm/model/state.h"
#include "runtime/threads/run.h"

namespace udl {

/// One pass over the rows as RbmEngine::train describes it. CD leaves persistent chains alone.
TrainResult train_fixed(RbmState& state, const TrainCall& call, const Run& run);

}  // namespace udl
