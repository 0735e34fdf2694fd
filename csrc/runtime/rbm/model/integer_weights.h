#pragma once
// The integers of the weights beside the weights, for training on small minibatches.
//
// Lists add integer rows of weights. With few rows a minibatch, writing these rows is as much work
// as adding them, and the update that makes new weights has their integers at hand: it stores them,
// and both sums of hidden units of a step read what it stored. That doubles the memory of the
// weights, so it is done only while both stay in the caches of the threads that own them.
#include <cstdint>

#include "kernels/rbm.h"
#include "runtime/memory/buffer.h"
#include "runtime/rbm/model/state.h"

namespace udl {

class IntegerWeights {
 public:
  /// For minibatches of up to `max_rows` rows.
  IntegerWeights(const RbmState& state, int64_t max_rows, int n_threads);

  /// The integer rows of a panel (kernels/rbm/lists.h), or null where none are kept.
  int32_t* panel(int64_t tile) {
    return integers_.size() == 0 ? nullptr : integers_.data() + tile * panel_size_;
  }
  /// Writes the integers of a panel anew, if any are kept.
  void quantise(int64_t tile, int exponent);

 private:
  const RbmState& state_;
  const RbmKernels& kernels_;
  int64_t panel_size_;
  Buffer<int32_t> integers_;
};

}  // namespace udl
