#pragma once
// Training of the packed-bit engine: CD-k and PCD-k.
#include <cstdint>

#include "runtime/data/rows.h"
#include "runtime/memory/buffer.h"
#include "runtime/rbm/engine.h"
#include "runtime/rbm/model/state.h"

namespace udl {

/// One pass over `rows` as RbmEngine::train describes it. `chains` are the hidden states of
/// persistent chains; CD leaves them alone.
TrainResult train_fixed(RbmState& state, BitMatrix& chains, const Rows& rows, const uint32_t* order,
                        const TrainSettings& settings, uint64_t seed, uint64_t step, int n_threads,
                        const Poll& poll);

}  // namespace udl
