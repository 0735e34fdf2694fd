#pragma once
// The up-down algorithm for engines: deep belief nets whose layers are packed-bit engines each.
#include <vector>

#include "runtime/rbm/engine.h"
#include "runtime/rbm/up_down/net.h"
#include "runtime/threads/run.h"

namespace udl {

/// as UpDownNet has their states; all are different engines of Bernoulli units, but that visible
/// units of the top may be groups.
struct UpDownEngines {
  std::vector<RbmEngine*> recognition, generative;
  RbmEngine* top;
};

/// runtime/rbm/up_down/trainer.h. Throws where layers do not fit each other, the rows or labels, or
/// settings are not of CD; NotAvailable where an engine is of float64.
TrainResult train_up_down(const UpDownEngines& engines, const UpDownCall& call, const Run& run);

}  // namespace udl
