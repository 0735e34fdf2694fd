#pragma once
// What the up-down algorithm (Hinton, Osindero and Teh 2006) learns, and what it is told.
//
// Below the RBM at the top every two layers of units are joined by two directed layers of weights:
// recognition weights, by which units are given those below, and generative ones, by which they are
// given those above. A directed layer is an RbmState whose visible units are the inputs and whose
// hidden ones are what they lead to; visible biases of it are not used.
#include <cstdint>
#include <vector>

#include "runtime/rbm/engine.h"
#include "runtime/rbm/model/state.h"

namespace udl {

/// Layers of units count from the rows, which are layer 0.
struct UpDownNet {
  std::vector<RbmState*> recognition;  ///< [l]: units of layer l + 1 given those of layer l
  std::vector<RbmState*> generative;   ///< [l]: units of layer l given those of layer l + 1
  RbmState* top;  ///< its visible units are those of the last of these layers, and labels behind

  int64_t n_directed() const { return static_cast<int64_t>(recognition.size()); }
  /// Units of layer l that directed layers know.
  int64_t n_units(int64_t l) const {
    return l == 0 ? recognition[0]->n_visible : recognition[l - 1]->n_hidden;
  }
};

/// One pass over rows.
struct UpDownCall {
  /// Settings are those of every layer. At the top CD-k, without what RBMs alone have: sparsity,
  /// centring, limits of norms.
  const TrainCall& train;
  const Rows* labels;  ///< a one at the class of each row, or none at all; null without labels
};

}  // namespace udl
