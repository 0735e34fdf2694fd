#pragma once
// Sums of visible units, whole or split by thread.
//
// Threads own hidden units. For minibatches much smaller than the hidden layer each thread sums over the
// hidden units whose panels it updated itself: otherwise every thread would fetch all panels from where
// they were last written, and rows x visible sums are much less to exchange than hidden x visible weights.
// Sums are integers, so the split changes no bit.
#include <cstdint>

#include "kernels/rbm.h"
#include "runtime/buffer.h"
#include "runtime/rbm_state.h"

namespace udl {

class VisibleSums {
 public:
  /// For minibatches of up to `max_rows` rows.
  VisibleSums(const RbmState& state, int64_t max_rows, int n_threads);

  /// Work items to do before any call of `tile`; 0 unless the sums are split. The items of thread t come
  /// together, t-th of all.
  int64_t n_parts() const { return is_split_ ? n_threads_ * state_.visible_tiles() : 0; }
  void part(int64_t item, const BitMatrixView& hidden, int exponent, int32_t* tables);

  /// sums[r][k] over all hidden units of visible units 16 tile .. 16 tile + 15.
  void tile(int64_t tile, const BitMatrixView& hidden, int exponent, int32_t* tables, int32_t* sums) const;

 private:
  /// Whole words of hidden states, shared out like panels are.
  int64_t first_word(int64_t part) const;
  int64_t offset(int64_t part, int64_t tile) const { return (part * state_.visible_tiles() + tile) * tile_size_; }

  const RbmState& state_;
  const RbmKernels& kernels_;
  const int n_threads_;
  bool is_split_ = false;
  int64_t tile_size_ = 0;
  Buffer<int32_t> parts_;  ///< [thread][visible tile][rows][16]
};

}  // namespace udl
