#include "runtime/rbm/model/integer_weights.h"

#include "runtime/dispatch/target.h"

#if defined(__unix__)
#include <unistd.h>
#endif

namespace udl {
namespace {

// Rows up to which integers are kept: with more, adding rows outweighs writing them.
constexpr int64_t kMaxRows = 32;

/// Of one core; where the system does not tell, what nearly every processor has.
int64_t level2_cache_bytes() {
#if defined(_SC_LEVEL2_CACHE_SIZE)
  const auto bytes = static_cast<int64_t>(sysconf(_SC_LEVEL2_CACHE_SIZE));
  if (bytes > 0) return bytes;
#endif
  return int64_t{512} * 1024;
}

bool pays(const RbmState& state, int64_t max_rows, int n_threads) {
  const int64_t bytes = 2 * static_cast<int64_t>(sizeof(float)) * state.n_visible * state.n_hidden;
  return max_rows <= kMaxRows && bytes <= level2_cache_bytes() * n_threads;
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
