#include "runtime/rbm/model/scale_tracker.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/fixed.h"
#include "runtime/dispatch/target.h"

namespace udl {
namespace {

constexpr int64_t kPanelsPerWord = kWordBits / kTileUnits;

}  // namespace

ScaleTracker::ScaleTracker(const RbmState& state, int n_threads)
    : state_(state), kernels_(rbm_kernels()), threads_(n_threads) {
  const int64_t n_panels = state.hidden_tiles();
  largest_bits_.resize(n_panels * kTileUnits);
  if (tracks_columns()) column_norms_.resize(n_panels * 2 * kTileUnits);
  row_norms_.resize(tracks_rows() ? n_threads : 0);
  for (Buffer<int32_t>& norms : row_norms_) norms.resize(state.n_visible * kTileUnits);
  if (!state.narrow) return;
  narrow_columns_.resize(n_panels * kTileUnits);
  narrow_rows_.resize(n_panels);
  for (Buffer<int16_t>& norms : narrow_rows_) {
    norms.resize(round_up(state.n_visible, 8) / 4 * kTileUnits);
    narrow_arrays_.push_back(norms.data());
  }
}

void ScaleTracker::begin_minibatch(int thread) { threads_[thread].has_row_norms = false; }

void ScaleTracker::prepare(PanelUpdate& update, int64_t tile, int thread, int exponent) {
  update.inverse_scale = power_of_two(-exponent);
  update.largest_bits = largest_bits_.data() + tile * kTileUnits;
  update.column_norms = tracks_columns() ? column_norms_.data() + tile * 2 * kTileUnits : nullptr;
  update.row_norms = tracks_rows() ? row_norms_[thread].data() : nullptr;
  update.add_row_norms = threads_[thread].has_row_norms;
  threads_[thread].has_row_norms = true;
  if (state_.narrow)
    update.narrow_norms = {narrow_rows_[tile].data(), narrow_columns_.data() + tile * kTileUnits};
}

bool ScaleTracker::next(Team& team, int& exponent) {
  const float largest = largest_weight();
  if (!std::isfinite(largest)) return false;
  ScaleSearch search(rule(), largest);
  // Norms of integers out of range mean nothing.
  if (!search.found() && rounds_within(largest * power_of_two(-exponent), rule().largest_integer()))
    search.learn(tracked(exponent));
  while (!search.found()) search.learn(measure(team, search.exponent()));
  exponent = search.exponent();
  return true;
}

float ScaleTracker::largest_weight() const {
  const int32_t bits = kernels_.norms.largest(largest_bits_.data(), largest_bits_.size());
  float largest;
  std::memcpy(&largest, &bits, sizeof bits);
  return largest;
}

HalfNorm ScaleTracker::tracked(int exponent) const {
  return state_.narrow ? tracked_narrow(exponent) : tracked_wide(exponent);
}

/// The shifted sums are a bound from below and, with one unit a weight, from above. Sides that are
/// not tracked cannot reach the limit.
HalfNorm ScaleTracker::tracked_wide(int exponent) const {
  const int64_t columns = kernels_.norms.largest(column_norms_.data(), column_norms_.size());
  const int64_t norm = std::max(columns, tracks_rows() ? largest_row_norm() : 0);
  const int64_t n = std::max(state_.n_visible, state_.n_hidden);
  const bool stopped = norm >= kMaxTrackedNorm;
  return {exponent, norm << kNormShift, stopped ? HalfNorm::kUnbounded : (norm + n) << kNormShift};
}

/// Over the threads that updated panels: what the others have is of another minibatch.
int64_t ScaleTracker::largest_row_norm() const {
  const int32_t* arrays[kMaxThreads];
  int n = 0;
  for (std::size_t thread = 0; thread < threads_.size(); ++thread)
    if (threads_[thread].has_row_norms) arrays[n++] = row_norms_[thread].data();
  return kernels_.norms.largest_row_norm(arrays, n, state_.n_visible);
}

/// Exact below the limit, where sums stop.
HalfNorm ScaleTracker::tracked_narrow(int exponent) const {
  const int16_t* columns = narrow_columns_.data();
  int64_t norm = *std::max_element(columns, columns + narrow_columns_.size());
  const auto n_panels = static_cast<int64_t>(narrow_arrays_.size());
  for (int64_t first = 0; first < n_panels; first += kPanelsPerWord) {
    const int n = static_cast<int>(std::min(kPanelsPerWord, n_panels - first));
    norm =
        std::max<int64_t>(norm, kernels_.norms.largest_narrow_row_norm(
                                    narrow_arrays_.data() + first, n, narrow_rows_[first].size()));
  }
  return {exponent, norm, norm >= kNarrowHalfNormLimit ? HalfNorm::kUnbounded : norm};
}

HalfNorm ScaleTracker::measure(Team& team, int exponent) {
  const HalfNormParts parts(state_.weights, rule(), exponent);
  int64_t& own = threads_[team.thread_index()].half_norm;
  own = 0;
  team.for_each(parts.count(), [&](int64_t n) { own = std::max(own, parts.part(n)); });
  int64_t largest = 0;
  for (const OfThread& thread : threads_) largest = std::max(largest, thread.half_norm);
  team.barrier();  // before the next measurement changes what others read
  return {exponent, largest, largest};
}

}  // namespace udl
