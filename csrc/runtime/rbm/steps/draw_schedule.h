#pragma once
// Which draws a training run uses, in one place for all engines and devices. They are part of every
// sampled bit.
#include <cstdint>

#include "base/sampling.h"
#include "runtime/rbm/settings.h"

namespace udl {

/// Keys of the draws of minibatches 0, 1, ... of one call.
///
/// Gibbs step s of a chain goes from hidden to visible states and back. The k steps of a minibatch
/// take k numbers; where statistics are sampled, CD takes one more, for the hidden states its chain
/// ends with.
class DrawSchedule {
 public:
  /// `first_step` is the number of steps the stream has made before.
  DrawSchedule(const TrainSettings& settings, uint64_t seed, uint64_t first_step)
      : seed_(seed),
        first_step_(first_step),
        data_step_(settings.data_step),
        k_(settings.k),
        steps_per_batch_(settings.k +
                         (settings.sampled_statistics && !settings.persistent ? 1 : 0)),
        persistent_(settings.persistent) {}

  /// The first step number after those of the first n_batches minibatches.
  UDL_HD uint64_t step_after(int64_t n_batches) const { return step(n_batches, 0); }

  /// Binarises the rows of a minibatch.
  UDL_HD DrawKey data(int64_t batch) const {
    return make_draw_key(seed_, Stream::data, kVisibleLayer,
                         static_cast<uint64_t>(data_step_ + batch));
  }
  /// Hidden states given the data: those a chain of CD starts from. Chains of PCD start elsewhere
  /// and need such states for sampled statistics alone: they come from the stream CD would use.
  UDL_HD DrawKey hidden_given_data(int64_t batch) const {
    return make_draw_key(seed_, Stream::cd, kHiddenLayer, step(batch, 0));
  }
  /// The chain's visible states of step s, 0 <= s < k.
  UDL_HD DrawKey chain_visible(int64_t batch, int64_t s) const {
    return make_draw_key(seed_, stream(), kVisibleLayer, step(batch, s));
  }
  /// The chain's hidden states given its visible states of step s. CD has used number s for the
  /// hidden states before them.
  UDL_HD DrawKey chain_hidden(int64_t batch, int64_t s) const {
    return make_draw_key(seed_, stream(), kHiddenLayer, step(batch, persistent_ ? s : s + 1));
  }
  /// The hidden states a chain ends with: PCD goes on from them, CD draws them for sampled
  /// statistics only.
  UDL_HD DrawKey last_hidden(int64_t batch) const { return chain_hidden(batch, k_ - 1); }
  /// What decides which neighbours of a ladder swap after the visible states of step s: unit t for
  /// the pair (t, t + 1). Even and odd pairs take turns.
  struct Swaps {
    DrawKey draws;
    int64_t first;  ///< lower end of the first pair
  };
  UDL_HD Swaps swaps(int64_t batch, int64_t s) const {
    const uint64_t number = step(batch, s);
    return {make_draw_key(seed_, Stream::temper, kHiddenLayer, number),
            static_cast<int64_t>(number % 2)};
  }
  /// What row 0 of a minibatch is rounded at where its gradient takes probabilities of ten bits.
  UDL_HD int32_t first_offset(int64_t batch) const {
    const DrawKey key = make_draw_key(seed_, Stream::rounding, kHiddenLayer, step(batch, 0));
    return static_cast<int32_t>(draw_bits(key, 0, 0) >> (32 - kOffsetBits));
  }

 private:
  static constexpr int kOffsetBits = 6;  ///< 2^16 against 2^10 steps of a probability

  UDL_HD Stream stream() const { return persistent_ ? Stream::pcd : Stream::cd; }
  UDL_HD uint64_t step(int64_t batch, int64_t s) const {
    return first_step_ + static_cast<uint64_t>(batch * steps_per_batch_ + s);
  }

  uint64_t seed_, first_step_;
  int64_t data_step_, k_, steps_per_batch_;
  bool persistent_;
};

}  // namespace udl
