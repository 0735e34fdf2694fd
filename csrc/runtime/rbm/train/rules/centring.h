#pragma once
// The centred gradient of the packed-bit engine (steps/centring.h): offsets, the two rank-one terms
// of the weight gradient, and what moved weights take from the biases.
#include <cstdint>

#include "kernels/rbm.h"
#include "runtime/memory/buffer.h"
#include "runtime/rbm/model/state.h"
#include "runtime/rbm/train/statistics/phase.h"

namespace udl {

class Centring {
 public:
  /// A model that is not to be centred forgets its offsets; one that has none starts them.
  Centring(RbmState& state, bool is_on);

  bool is_on() const { return is_on_; }

  // Offsets follow the data, tile by tile, before they serve. Means are of the data, gradients
  // those of biases.
  void begin_visible(int64_t tile, bool first_batch, const TileMeans& means,
                     const TileMeans& gradient);
  void begin_hidden(int64_t tile, bool first_batch, const TileMeans& means);

  const float* visible_offset() const { return state_.visible.offset.data(); }
  /// The terms of a panel's gradient once all visible tiles and this hidden one have begun.
  OuterTerm visible_term(const TileMeans& hidden_gradient) const;
  OuterTerm hidden_term(int64_t tile) const;

  /// After a panel's update: corrects its hidden biases, and keeps what visible ones are due.
  void shift_hidden(int64_t tile, const float* weights_before);
  /// After all panels: corrects the biases of a visible tile, panel after panel.
  void shift_visible(int64_t tile);

 private:
  void follow(Layer& layer, int64_t tile, bool first_batch, const TileMeans& means) const;

  RbmState& state_;
  const RbmKernels& kernels_;
  const bool is_on_;
  bool starts_ = false;             ///< offsets start with the first minibatch
  Buffer<float> visible_gradient_;  ///< data less model, whole tiles
  Buffer<float> shifts_;            ///< [panel][visible units in whole tiles]
};

}  // namespace udl
