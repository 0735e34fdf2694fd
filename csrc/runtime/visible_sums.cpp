#include "runtime/visible_sums.h"

#include <algorithm>

#include "runtime/target.h"

namespace udl {
namespace {

// Sums are split where rows times this do not exceed the hidden units, and there are so many weights that
// fetching them costs more than another barrier.
constexpr int64_t kSplitRows = 4;
constexpr int64_t kSplitWeights = 1 << 16;

bool pays(const RbmState& state, int64_t rows, int n_threads) {
  const bool every_thread_has_units = divide_up(state.n_hidden, kWordBits) >= n_threads;
  return n_threads > 1 && every_thread_has_units && kSplitRows * rows <= state.n_hidden &&
         state.n_visible * state.n_hidden >= kSplitWeights;
}

}  // namespace

VisibleSums::VisibleSums(const RbmState& state, int64_t max_rows, int n_threads)
    : state_(state), kernels_(rbm_kernels()), n_threads_(n_threads), is_split_(pays(state, max_rows, n_threads)) {
  if (!is_split_) return;
  tile_size_ = round_up(max_rows, 4) * kTileUnits;
  parts_.resize(n_threads * state.visible_tiles() * tile_size_);
}

int64_t VisibleSums::first_word(int64_t part) const { return divide_up(state_.n_hidden, kWordBits) * part / n_threads_; }

void VisibleSums::part(int64_t item, const BitMatrixView& hidden, int exponent, int32_t* tables) {
  const int64_t part = item / state_.visible_tiles(), tile = item % state_.visible_tiles();
  const int64_t word = first_word(part);
  WeightPanelsView weights = state_.panels_at(exponent);
  weights.panels = weights.panel(word * kWordBits / kTileUnits);
  weights.n_hidden = std::min(state_.n_hidden, first_word(part + 1) * kWordBits) - word * kWordBits;
  BitMatrixView own = hidden;
  own.words = hidden.word_column(word);
  own.columns = weights.n_hidden;
  kernels_.visible_sums(weights, tile, own, tables, parts_.data() + offset(part, tile));
}

void VisibleSums::tile(int64_t tile, const BitMatrixView& hidden, int exponent, int32_t* tables, int32_t* sums) const {
  if (!is_split_) return kernels_.visible_sums(state_.panels_at(exponent), tile, hidden, tables, sums);
  const int64_t size = hidden.rows * kTileUnits;
  std::copy_n(parts_.data() + offset(0, tile), size, sums);
  for (int part = 1; part < n_threads_; ++part) {
    const int32_t* more = parts_.data() + offset(part, tile);
    for (int64_t n = 0; n < size; ++n) sums[n] += more[n];
  }
}

}  // namespace udl
