#pragma once
// The up-down algorithm of the packed-bit engine.
#include "runtime/rbm/engine.h"
#include "runtime/rbm/up_down/net.h"
#include "runtime/threads/run.h"

namespace udl {

/// One pass over the rows. The wake phase draws states upwards by the recognition weights, and the
/// generative ones learn to give them back; between, the RBM at the top learns by CD-k, and the
/// sleep phase goes on from where its chains end: it draws states downwards by the generative
/// weights, and the recognition ones learn to give those above. All weights of a minibatch are
/// those from before it. Draws are those of the streams `wake` and `sleep`, whose layers count from
/// the rows, 0, and of step `step` + k times the number of the minibatch; the top draws as it does
/// alone.
///
/// Where rows are real values, so are the visible units of the sleep phase: their probabilities.
TrainResult train_up_down(const UpDownNet& net, const UpDownCall& call, const Run& run);

}  // namespace udl
