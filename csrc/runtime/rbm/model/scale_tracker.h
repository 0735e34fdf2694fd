#pragma once
// The fixed-point scale while weights move: the update gathers norms that prove the scale is still
// the one base/fixed.h asks for; only when they do not is it computed anew from the weights.
//
// Sums over at most kUntrackedUnits integers of 23 bits are bounded by the largest of them: a small
// layer needs no norms of the weights that lead to it.
#include <cstdint>
#include <vector>

#include "kernels/rbm.h"
#include "runtime/memory/buffer.h"
#include "runtime/rbm/model/state.h"

namespace udl {

class ScaleTracker {
 public:
  ScaleTracker(const RbmState& state, int n_threads);

  /// Before the panels of a minibatch are updated by this thread; no thread may be in `next`.
  void begin_minibatch(int thread);
  /// Tells the update where its norms go.
  void prepare(PanelUpdate& update, int64_t tile, int thread, int exponent);
  /// After the panel was updated, while it is in cache.
  void panel_updated(int64_t tile, int exponent);

  /// After a barrier: every thread finds the same next scale. False if weights are not finite.
  bool next(int& exponent) const;

 private:
  static constexpr int64_t kUntrackedUnits = 256;

  bool tracks_columns() const {
    return !state_.narrow && (state_.n_visible > kUntrackedUnits || tracks_rows());
  }
  bool tracks_rows() const { return !state_.narrow && state_.n_hidden > kUntrackedUnits; }
  int32_t largest_of(const Buffer<int32_t>& values) const;
  float largest_weight() const;
  bool wide_scale_still_right(int exponent, float largest) const;
  bool narrow_scale_still_right(int exponent, float largest) const;
  int32_t largest_narrow_norm() const;
  int64_t largest_row_norm() const;

  const RbmState& state_;
  const RbmKernels& kernels_;
  Buffer<int32_t> largest_bits_;  ///< [panel][16]
  Buffer<int32_t> column_norms_;  ///< wide, if tracked: [panel][2][16]; narrow: [panel]
  std::vector<Buffer<int32_t>>
      row_norms_;  ///< wide, if tracked: one array a thread; narrow: one array a panel
  std::vector<const int32_t*> row_norm_arrays_;
  struct alignas(64) Flag {
    bool set = false;
  };
  std::vector<Flag> has_row_norms_;  ///< wide: whether a thread updated panels of this minibatch
};

}  // namespace udl
