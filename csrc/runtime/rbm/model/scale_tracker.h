#pragma once
// The fixed-point scale while weights move: the update gathers norms that nearly always tell which
// scale base/fixed.h asks for; where they leave a doubt all threads look at the weights.
//
// Sums over at most kUntrackedUnits integers of 23 bits never reach the limit: a small layer needs
// no norms of the weights that lead to it.
#include <cstdint>
#include <vector>

#include "kernels/rbm.h"
#include "runtime/memory/buffer.h"
#include "runtime/rbm/model/state.h"
#include "runtime/threads/parallel.h"

namespace udl {

class ScaleTracker {
 public:
  ScaleTracker(const RbmState& state, int n_threads);

  /// Before the panels of a minibatch are updated by this thread; no thread may be in `next`.
  void begin_minibatch(int thread);
  /// Tells the update where its norms go.
  void prepare(PanelUpdate& update, int64_t tile, int thread, int exponent);

  /// After a barrier, called by every thread: all find the same next scale. False if weights are
  /// not finite.
  bool next(Team& team, int& exponent);

 private:
  static constexpr int64_t kUntrackedUnits = 256;

  ScaleRule rule() const { return {state_.n_visible, state_.n_hidden, state_.narrow}; }
  bool tracks_columns() const {
    return !state_.narrow && (state_.n_visible > kUntrackedUnits || tracks_rows());
  }
  bool tracks_rows() const { return !state_.narrow && state_.n_hidden > kUntrackedUnits; }
  float largest_weight() const;
  HalfNorm tracked(int exponent) const;
  HalfNorm tracked_wide(int exponent) const;
  HalfNorm tracked_narrow(int exponent) const;
  int64_t largest_row_norm() const;
  HalfNorm measure(Team& team, int exponent);

  const RbmState& state_;
  const RbmKernels& kernels_;
  Buffer<int32_t> largest_bits_;  ///< [panel][16]
  // Wide norms, where they are tracked.
  Buffer<int32_t> column_norms_;            ///< [panel][2][16]
  std::vector<Buffer<int32_t>> row_norms_;  ///< one array a thread
  // Narrow norms (kernels/rbm/update.h).
  Buffer<int16_t> narrow_columns_;             ///< [panel][16]
  std::vector<Buffer<int16_t>> narrow_rows_;   ///< one array a panel
  std::vector<const int16_t*> narrow_arrays_;  ///< the same
  struct alignas(64) OfThread {
    bool has_row_norms = false;  ///< wide: whether it updated panels of this minibatch
    int64_t half_norm = 0;       ///< the largest that it measured
  };
  std::vector<OfThread> threads_;
};

}  // namespace udl
