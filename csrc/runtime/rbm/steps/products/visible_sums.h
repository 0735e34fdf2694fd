#pragma once
// Sums of visible units, whole or split by thread.
//
// Threads own hidden units. For minibatches much smaller than the hidden layer each thread sums
// over the hidden units whose panels it updated itself: otherwise every thread would fetch all
// panels from where they were last written, and threads x rows x visible sums are less to exchange
// than hidden x visible weights. Sums are integers, so the split changes no bit.
#include <algorithm>
#include <cstdint>

#include "kernels/rbm.h"
#include "runtime/memory/buffer.h"
#include "runtime/rbm/model/state.h"
#include "runtime/rbm/steps/products/bit_product.h"
#include "runtime/threads/parallel.h"

namespace udl {

class VisibleSums {
 public:
  /// For minibatches of up to `max_rows` rows.
  VisibleSums(const RbmState& state, int64_t max_rows, int n_threads);

  /// Whether `sum_part` of every part must come, and a barrier, before `tile`.
  bool is_split() const { return is_split_; }
  int64_t n_parts() const { return n_threads_; }
  /// Hidden tiles of a part: whole words of hidden states.
  int64_t first_tile(int64_t part) const {
    return std::min(first_word(part) * kTilesPerWord, state_.hidden_tiles());
  }
  /// Sums of all visible tiles over the hidden units of one part, or none of meaning once the team
  /// stops.
  void sum_part(int64_t part, const BitMatrixView& hidden, int exponent, BitProduct& product,
                Team& team);

  /// sums[r][k] over all hidden units of visible units 16 tile .. 16 tile + 15, for `rows` rows.
  /// Where the sums are not split, `product` was prepared with the hidden states.
  void tile(int64_t tile, int64_t rows, int exponent, BitProduct& product, int32_t* sums) const;

 private:
  int64_t first_word(int64_t part) const {
    return divide_up(state_.n_hidden, kWordBits) * part / n_threads_;
  }
  int64_t offset(int64_t part, int64_t tile) const {
    return (part * state_.visible_tiles() + tile) * tile_size_;
  }

  const RbmState& state_;
  const int n_threads_;
  bool is_split_ = false;
  int64_t tile_size_ = 0;
  Buffer<int32_t> parts_;  ///< [part][visible tile][rows][16]
};

}  // namespace udl
