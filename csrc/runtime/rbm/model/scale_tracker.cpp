#include "runtime/rbm/model/scale_tracker.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/fixed.h"
#include "runtime/dispatch/target.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

constexpr int64_t kPanelsPerWord = kWordBits / kTileUnits;

}  // namespace

ScaleTracker::ScaleTracker(const RbmState& state, int n_threads)
    : state_(state), kernels_(rbm_kernels()), has_row_norms_(n_threads) {
  const int64_t n_panels = state.hidden_tiles();
  largest_bits_.resize(n_panels * kTileUnits);
  if (state.narrow) column_norms_.resize(n_panels);
  if (tracks_columns()) column_norms_.resize(n_panels * 2 * kTileUnits);
  row_norms_.resize(state.narrow ? n_panels : tracks_rows() ? n_threads : 0);
  for (Buffer<int32_t>& norms : row_norms_) {
    norms.resize(state.narrow ? 2 * round_up(state.n_visible, kTileUnits)
                              : state.n_visible * kTileUnits);
    row_norm_arrays_.push_back(norms.data());
  }
}

void ScaleTracker::begin_minibatch(int thread) { has_row_norms_[thread].set = false; }

void ScaleTracker::prepare(PanelUpdate& update, int64_t tile, int thread, int exponent) {
  update.inverse_scale = power_of_two(-exponent);
  update.largest_bits = largest_bits_.data() + tile * kTileUnits;
  update.column_norms = tracks_columns() ? column_norms_.data() + tile * 2 * kTileUnits : nullptr;
  update.row_norms = tracks_rows() ? row_norms_[thread].data() : nullptr;
  update.add_row_norms = has_row_norms_[thread].set;
  has_row_norms_[thread].set = true;
}

void ScaleTracker::panel_updated(int64_t tile, int exponent) {
  if (!state_.narrow) return;
  column_norms_[tile] = kernels_.norms.narrow(state_.weights.panel(tile), state_.n_visible,
                                              power_of_two(-exponent), row_norms_[tile].data());
}

bool ScaleTracker::next(int& exponent) const {
  const float largest = largest_weight();
  if (!std::isfinite(largest)) return false;
  const bool right = state_.narrow ? narrow_scale_still_right(exponent, largest)
                                   : wide_scale_still_right(exponent, largest);
  if (!right) exponent = weight_scale_exponent(state_.weights, state_.narrow);
  return true;
}

int32_t ScaleTracker::largest_of(const Buffer<int32_t>& values) const {
  const int32_t* array = values.data();
  return kernels_.norms.largest_of_sums(&array, 1, values.size());
}

float ScaleTracker::largest_weight() const {
  const int32_t bits = largest_of(largest_bits_);
  float largest;
  std::memcpy(&largest, &bits, sizeof bits);
  return largest;
}

/// Over the threads that updated panels: what the others have is of another minibatch.
int64_t ScaleTracker::largest_row_norm() const {
  const int32_t* arrays[kMaxThreads];
  int n = 0;
  for (std::size_t thread = 0; thread < has_row_norms_.size(); ++thread)
    if (has_row_norms_[thread].set) arrays[n++] = row_norm_arrays_[thread];
  return kernels_.norms.largest_row_norm(arrays, n, state_.n_visible);
}

/// The shifted sums are a bound from below and, with one unit a weight, from above; where no norms
/// are kept the largest integer is one from above. Between the bounds the answer is false.
bool ScaleTracker::wide_scale_still_right(int exponent, float largest_weight) const {
  const float largest = largest_weight * power_of_two(-exponent);
  if (!rounds_within(largest, kMaxQuantised)) return false;
  const int64_t columns = tracks_columns() ? largest_of(column_norms_) : 0,
                rows = tracks_rows() ? largest_row_norm() : 0;
  const int64_t half_norm = std::max(columns, rows),
                n = std::max(state_.n_visible, state_.n_hidden);
  const int64_t n_untracked =
      std::max(tracks_columns() ? 0 : state_.n_visible, tracks_rows() ? 0 : state_.n_hidden);
  const int64_t lower = half_norm << kNormShift;
  const int64_t upper =
      std::max((half_norm + n) << kNormShift, n_untracked * int64_t{round_to_int(largest)});
  // At half the scale every integer doubles, up to a rounding of one.
  const bool half_does_not =
      !rounds_within(2 * largest, kMaxQuantised) || 2 * lower - n >= kHalfNormLimit;
  return upper < kHalfNormLimit && (half_does_not || exponent == kMinScaleExponent);
}

bool ScaleTracker::narrow_scale_still_right(int exponent, float largest_weight) const {
  const float largest = largest_weight * power_of_two(-exponent);
  if (largest > static_cast<float>(kNarrowHalfNormLimit))
    return false;  // norms of larger integers mean nothing
  const int64_t half_norm = largest_narrow_norm();
  const bool half_does_not = 2 * half_norm - kWordBits >= kNarrowHalfNormLimit;
  return half_norm < kNarrowHalfNormLimit && (half_does_not || exponent == kMinScaleExponent);
}

int32_t ScaleTracker::largest_narrow_norm() const {
  int32_t largest =
      *std::max_element(column_norms_.data(), column_norms_.data() + column_norms_.size());
  const auto n_panels = static_cast<int64_t>(row_norm_arrays_.size());
  for (int64_t first = 0; first < n_panels; first += kPanelsPerWord) {
    const int n = static_cast<int>(std::min(kPanelsPerWord, n_panels - first));
    largest = std::max(largest, kernels_.norms.largest_of_sums(row_norm_arrays_.data() + first, n,
                                                               row_norms_[first].size()));
  }
  return largest;
}

}  // namespace udl
