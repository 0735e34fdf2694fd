#pragma once
// Persistent chains at several temperatures (steps/tempering.h), in blocks of rows of one product.
#include <cstdint>
#include <vector>

#include "runtime/memory/buffer.h"
#include "runtime/rbm/model/state.h"
#include "runtime/rbm/settings.h"
#include "runtime/rbm/steps/draw_schedule.h"
#include "runtime/rbm/steps/group_step.h"
#include "runtime/rbm/steps/half_step.h"
#include "runtime/rbm/steps/tempering/spacing.h"

namespace udl {

class Tempering {
 public:
  Tempering(const RbmState& state, const TrainSettings& settings);

  bool is_on() const { return !ladder_.has_one(); }
  /// Chains of each temperature, which swap with those of the same number.
  int64_t n_chains() const { return n_chains_; }

  /// Activates a tile of all chains, each at its temperature. Means are those of beta = 1.
  void activate(const HalfStep& half, int64_t tile, const UnitInput& input,
                const UnitOutput& output) const;

  /// Keeps what a tile of visible units, just drawn from these sums, adds to the energies.
  void keep_energies(int64_t tile, const UnitInput& input, const BitMatrixView& visible);
  /// The same of units in groups, which draw a row at a time: where their part goes, and at which
  /// temperatures. Nothing of either where there is one temperature.
  GroupTempering of_groups();
  /// Once all tiles have: swaps visible states of chain c of the temperatures. `hidden` are the
  /// states they were drawn from.
  void swap(int64_t c, const DrawSchedule::Swaps& swaps, const BitMatrixView& visible,
            const BitMatrixView& hidden);
  /// After a training: leaves the model the inverse temperatures of the next.
  void respace(RbmState& state) const;

 private:
  double energy(int64_t row, const BitMatrixView& hidden) const;

  const RbmState& state_;
  const Ladder ladder_;
  const int64_t n_chains_;
  const std::vector<float> betas_;
  SwapRecord swaps_;
  Buffer<double> visible_terms_;  ///< [visible tile][row]: of minus the energy
  Buffer<float> row_betas_;       ///< padded to sixteen
};

}  // namespace udl
