#include "runtime/rbm/train/statistics/gradient.h"

#include <algorithm>

#include "runtime/dispatch/target.h"

namespace udl {
namespace {

/// Rows first .. first + count - 1 of a phase; first is a multiple of 64.
PhaseStatistics rows_of(const PhaseStatistics& phase, int64_t first, int64_t count) {
  PhaseStatistics part = phase;
  part.visible.count = std::min(count, phase.visible.count - first);
  part.visible.units.words = phase.visible.units.word_column(first / kWordBits);
  part.visible.units.columns = part.visible.count;
  part.hidden.count = part.visible.count;
  if (phase.hidden.fixed) part.hidden.fixed += first * kTileUnits;
  return part;
}

}  // namespace

TrainScratch::TrainScratch(int64_t n_visible, int64_t max_rows)
    : tile(max_rows, std::max(n_visible, max_rows)),
      means_fixed(2 * round_up(max_rows, 4) * kTileUnits),
      gradient(round_up(n_visible, 4) * kTileUnits),
      long_sums(n_visible * kTileUnits) {}

void TrainScratch::allow_paired(int64_t n_visible, int64_t max_rows) {
  tile.weight_pairs.resize(PairedStates::weight_pairs(n_visible));
  mean_pairs.resize(2 * divide_up(max_rows, 2) * kTileUnits);
}

Gradient::Gradient(const RbmState& state) : state_(state), kernels_(rbm_kernels()) {}

void Gradient::allow_joined(int64_t max_rows) {
  if (max_rows <= kMaxRowsPerSum) joined_.resize(state_.n_visible, 2 * max_rows);
}

bool Gradient::joins(const StatesView& up, const StatesView& down) const {
  return joined_.rows() > 0 && !up.real && !down.real && up.count == down.count;
}

void Gradient::fill(int64_t tile, const PhaseStatistics& up, const PhaseStatistics& down,
                    TrainScratch& scratch, PanelUpdate& update) const {
  if (up.hidden.sampled() && up.visible.count == down.visible.count) {
    kernels_.gradient.pair_counts(up.visible.units, up.hidden.samples, tile, Combine::overwrite,
                                  scratch.tile.sums.data());
    kernels_.gradient.pair_counts(down.visible.units, down.hidden.samples, tile, Combine::subtract,
                                  scratch.tile.sums.data());
    update.sums = scratch.tile.sums.data();
    update.sums_factor = factor_for(up.hidden, scratch);
    return;
  }
  if (joins(up.visible, down.visible)) {
    fill_joined(up, down, scratch, update);
    update.sums_factor = factor_for(up.hidden, scratch);
    return;
  }
  update.float_sums = scratch.gradient.data();
  if (up.visible.paired != nullptr) return fill_paired(up, down, scratch);
  add_phase(tile, up, +1, false, scratch);
  if (!down.fits()) return add_phase(tile, down, -1, true, scratch);
  phase_sums(tile, down, scratch);
  update.sums = scratch.tile.sums.data();
  update.sums_factor = -factor_for(down.hidden, scratch);
}

void Gradient::fill(int64_t tile, const PhaseStatistics& phase, TrainScratch& scratch,
                    PanelUpdate& update) const {
  if (!phase.fits()) {
    update.float_sums = scratch.gradient.data();
    return add_phase(tile, phase, +1, false, scratch);
  }
  phase_sums(tile, phase, scratch);
  update.sums = scratch.tile.sums.data();
  update.sums_factor = factor_for(phase.hidden, scratch);
}

/// Turns the integer sums of a phase into a mean.
float Gradient::factor_for(const HiddenStatistics& hidden, const TrainScratch& scratch) {
  const float narrow_one = kProbabilityOne / (1 << kNarrowProbabilityShift);
  const float one = hidden.sampled()          ? 1.0f
                    : scratch.rounding.narrow ? narrow_one
                                              : kProbabilityOne;
  return 1.0f / (one * static_cast<float>(hidden.count));
}

/// The update of a panel sums a short batch itself: storing the sums would cost as much as making
/// them.
void Gradient::fill_joined(const PhaseStatistics& up, const PhaseStatistics& down,
                           TrainScratch& scratch, PanelUpdate& update) const {
  BitMatrixView units = joined_.view();
  const int64_t first_down = first_negative(up.visible);
  units.columns = first_down + down.visible.count;
  if (units.columns <= kWordBits) {
    scratch.short_batch = {units, up.hidden.fixed, first_down, scratch.rounding,
                           scratch.tile.tables.data()};
    update.short_batch = &scratch.short_batch;
    return;
  }
  kernels_.gradient.sums(units, up.hidden.fixed, first_down, scratch.rounding,
                         scratch.tile.tables.data(), scratch.tile.sums.data());
  update.sums = scratch.tile.sums.data();
}

/// Both phases in one product.
void Gradient::fill_paired(const PhaseStatistics& up, const PhaseStatistics& down,
                           TrainScratch& scratch) const {
  const RbmBfloat16Kernels& kernels = up.visible.paired->kernels();
  float* of_up = scratch.mean_pairs.data();
  float* of_down = of_up + divide_up(up.visible.count, 2) * kTileUnits;
  kernels.pack_means(up.hidden.probabilities, up.visible.count, 1.0f, of_up);
  kernels.pack_means(down.hidden.probabilities, down.visible.count, -1.0f, of_down);
  kernels.gradient_sums({up.visible.paired->rows(up.visible.count), of_up},
                        {down.visible.paired->rows(down.visible.count), of_down}, state_.n_visible,
                        scratch.gradient.data());
}

/// Sums of one phase, not subtracted.
void Gradient::phase_sums(int64_t tile, const PhaseStatistics& phase, TrainScratch& scratch) const {
  const BitMatrixView units = phase.visible.units;
  if (phase.hidden.sampled())
    return kernels_.gradient.pair_counts(units, phase.hidden.samples, tile, Combine::overwrite,
                                         scratch.tile.sums.data());
  const int64_t none_negative = round_up(units.columns, 4);
  kernels_.gradient.sums(units, phase.hidden.fixed, none_negative, scratch.rounding,
                         scratch.tile.tables.data(), scratch.tile.sums.data());
}

/// scratch.gradient (+)= sign * mean over the batch of visible * hidden.
void Gradient::add_phase(int64_t tile, const PhaseStatistics& phase, int sign, bool accumulate,
                         TrainScratch& scratch) const {
  const StatesView& visible = phase.visible;
  if (phase.hidden.probabilities) {
    const float factor = static_cast<float>(sign) / static_cast<float>(visible.count);
    if (visible.is_sparse() && accumulate)
      return kernels_.sparse.add_gradient_sums(visible.sparse, phase.hidden.probabilities, factor,
                                               scratch.gradient.data());
    if (visible.is_sparse())
      return kernels_.sparse.gradient_sums(visible.sparse, state_.n_visible,
                                           phase.hidden.probabilities, factor,
                                           scratch.gradient.data());
    kernels_.gradient.dense_sums(visible.real_rows(), state_.n_visible, phase.hidden.probabilities,
                                 factor, accumulate, scratch.gradient.data());
    return;
  }
  long_sums(tile, phase, scratch);
  const float factor = static_cast<float>(sign) * factor_for(phase.hidden, scratch);
  for (int64_t n = 0; n < state_.n_visible * kTileUnits; ++n) {
    const float mean = static_cast<float>(scratch.long_sums[n]) * factor;
    scratch.gradient[n] = accumulate ? scratch.gradient[n] + mean : mean;
  }
}

/// Exact sums for any batch: blocks of rows whose int32 sums cannot overflow, added in int64.
void Gradient::long_sums(int64_t tile, const PhaseStatistics& phase, TrainScratch& scratch) const {
  const int64_t size = state_.n_visible * kTileUnits;
  scratch.long_sums.zero();
  const int64_t block_rows = phase.fits() ? phase.visible.count : kMaxRowsPerSum;
  for (int64_t first = 0; first < phase.visible.count; first += block_rows) {
    phase_sums(tile, rows_of(phase, first, block_rows), scratch);
    for (int64_t n = 0; n < size; ++n) scratch.long_sums[n] += scratch.tile.sums[n];
  }
}

}  // namespace udl
