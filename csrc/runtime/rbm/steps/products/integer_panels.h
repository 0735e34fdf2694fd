#pragma once
// The 16-bit integers of weights that do not change for many half steps, in the layout that
// products of one direction read: they are rounded, and on the way down transposed, once instead of
// every time.
#include <cstdint>

#include "kernels/rbm.h"
#include "runtime/memory/buffer.h"
#include "runtime/rbm/model/state.h"

namespace udl {

enum class Direction : uint8_t { to_hidden, to_visible };

class IntegerPanels {
 public:
  /// At the scale of the state, whose weights must stay as they are. None where tables have entries
  /// of 32 bits, or those of both directions would take more memory than is worth it.
  IntegerPanels(const RbmState& state, Direction direction, int n_threads);

  bool are_kept() const { return integers_.size() > 0; }
  IntegerPanelView panel(int64_t tile) const {
    return {nullptr, integers_.data() + tile * panel_size_};
  }

 private:
  int64_t panel_size_;
  Buffer<int16_t> integers_;
};

}  // namespace udl
