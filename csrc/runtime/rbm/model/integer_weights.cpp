#include "runtime/rbm/model/integer_weights.h"

#include "runtime/dispatch/target.h"
#include "runtime/memory/cache_size.h"

namespace udl {
namespace {

// Rows up to which integers are kept: with more, adding rows outweighs writing them.
constexpr int64_t kMaxRows = 32;

bool pays(const RbmState& state, int64_t max_rows, int n_threads) {
  const int64_t bytes = 2 * static_cast<int64_t>(sizeof(float)) * state.n_visible * state.n_hidden;
  return has_bits(state.visible.kind) && max_rows <= kMaxRows &&
         bytes <= level2_cache_bytes() * n_threads;
}

}  // namespace

IntegerWeights::IntegerWeights(const RbmState& state, int64_t max_rows, int n_threads)
    : state_(state),
      kernels_(rbm_kernels()),
      panel_size_(divide_up(state.n_visible, kListColumns) * kListScratch) {
  if (pays(state, max_rows, n_threads)) integers_.resize(state.hidden_tiles() * panel_size_);
}

void IntegerWeights::quantise(int64_t tile, int exponent) {
  if (panel(tile) != nullptr)
    kernels_.lists.integer_panel(state_.panels_at(exponent), tile, panel(tile));
}

}  // namespace udl
