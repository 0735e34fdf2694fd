#include "runtime/rbm/steps/products/visible_sums.h"

#include <algorithm>

namespace udl {
namespace {

// Sums are split where threads x rows numbers a visible unit are few against the hidden units whose
// weights would be fetched instead.
constexpr int64_t kSplitShare = 2;

bool pays(const RbmState& state, int64_t rows, int n_threads) {
  const bool every_thread_has_units = divide_up(state.n_hidden, kWordBits) >= n_threads;
  return n_threads > 1 && has_bits(state.hidden.kind) && every_thread_has_units &&
         kSplitShare * rows * n_threads <= state.n_hidden;
}

}  // namespace

VisibleSums::VisibleSums(const RbmState& state, int64_t max_rows, int n_threads)
    : state_(state), n_threads_(n_threads), is_split_(pays(state, max_rows, n_threads)) {
  if (!is_split_) return;
  tile_size_ = round_up(max_rows, 4) * kTileUnits;
  parts_.resize(n_threads * state.visible_tiles() * tile_size_);
}

void VisibleSums::sum_part(int64_t part, const BitMatrixView& hidden, int exponent,
                           BitProduct& product, Team& team) {
  const int64_t word = first_word(part);
  WeightPanelsView weights = state_.panels_at(exponent);
  weights.panels = weights.panel(first_tile(part));
  weights.n_hidden = std::min(state_.n_hidden, first_word(part + 1) * kWordBits) - word * kWordBits;
  BitMatrixView own = hidden;
  own.words = hidden.word_column(word);
  own.columns = weights.n_hidden;
  product.prepare(own, state_.visible_tiles());
  for (int64_t tile = 0; tile < state_.visible_tiles() && !team.check_stop(); ++tile)
    product.visible_sums(weights, tile, parts_.data() + offset(part, tile));
}

void VisibleSums::tile(int64_t tile, int64_t rows, int exponent, BitProduct& product,
                       int32_t* sums) const {
  if (!is_split_) return product.visible_sums(state_.panels_at(exponent), tile, sums);
  const int64_t size = rows * kTileUnits;
  const int32_t *first = parts_.data() + offset(0, tile), *second = parts_.data() + offset(1, tile);
  for (int64_t n = 0; n < size; ++n) sums[n] = first[n] + second[n];
  for (int64_t part = 2; part < n_parts(); ++part) {
    const int32_t* more = parts_.data() + offset(part, tile);
    for (int64_t n = 0; n < size; ++n) sums[n] += more[n];
  }
}

}  // namespace udl
