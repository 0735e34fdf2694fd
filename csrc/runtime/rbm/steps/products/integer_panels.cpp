#include "runtime/rbm/steps/products/integer_panels.h"

#include <algorithm>

#include "runtime/dispatch/target.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

/// Of both directions: weights of 3072 x 2048. Larger ones come from memory, as weights or
/// integers.
constexpr int64_t kMostBytes = int64_t{64} << 20;

int64_t panel_size(int64_t n_columns) { return divide_up(n_columns, kListColumns) * kListScratch; }

/// Those of 32 bits would take twice the memory of the weights, leave the caches of the cores, and
/// be read from farther away than they are made anew.
bool pay(const RbmState& state) {
  if (!state.narrow) return false;
  const int64_t up = state.hidden_tiles() * panel_size(state.n_visible),
                down = state.visible_tiles() * panel_size(state.n_hidden);
  return (up + down) * static_cast<int64_t>(sizeof(int16_t)) <= kMostBytes;
}

}  // namespace

IntegerPanels::IntegerPanels(const RbmState& state, Direction direction, int n_threads)
    : panel_size_(
          panel_size(direction == Direction::to_hidden ? state.n_visible : state.n_hidden)) {
  if (!has_bits(state.visible.kind) || !has_bits(state.hidden.kind) || !pay(state)) return;
  const ListKernels& lists = rbm_kernels().lists;
  const bool up = direction == Direction::to_hidden;
  const auto write = up ? lists.integer_panel : lists.visible_integer_panel;
  const WeightPanelsView weights = state.panels_at(state.scale_exponent);
  const int64_t n_tiles = up ? state.hidden_tiles() : state.visible_tiles();
  integers_.resize(n_tiles * panel_size_);
  parallel_for(Run{n_threads}, n_tiles, [&](int64_t tile) {
    Buffer<int32_t> wide(panel_size_);
    write(weights, tile, wide.data());
    std::copy_n(wide.data(), panel_size_, integers_.data() + tile * panel_size_);
  });
}

}  // namespace udl
