#include "runtime/rbm/train/rules/step_size.h"

#include <algorithm>

#include "base/bits.h"

namespace udl {
namespace {

double total(const Buffer<double>& of_tiles) {
  double sum = 0;
  for (int64_t tile = 0; tile < of_tiles.size(); ++tile) sum += of_tiles[tile];
  return sum;
}

double sum_of_bits(const BitMatrixView& bits, int64_t tile) {
  const uint64_t* words = bits.word_column(tile / kTilesPerWord);
  int64_t sum = 0;
  for (int64_t r = 0; r < bits.rows; ++r) sum += popcount(tile_bits(words + r, tile));
  return static_cast<double>(sum);
}

double sum_of_squares(const SparseRowsView& rows) {
  double sum = 0;
  for (int64_t r = 0; r < rows.rows; ++r)
    for (int64_t at = rows.first[r]; at < rows.last[r]; ++at) {
      const double value = rows.values != nullptr ? rows.values[at] : 1;
      sum += value * value;
    }
  return sum;
}

/// Times the variances of the units; null for 1.
double sum_of_squares(const StatesView& states, int64_t tile, const float* variances) {
  double sums[kTileUnits] = {};
  const float* row = states.value_tile(tile);
  for (int64_t r = 0; r < states.count; ++r, row += states.value_stride)
    for (int k = 0; k < kTileUnits; ++k) sums[k] += static_cast<double>(row[k]) * row[k];
  double sum = 0;
  for (int k = 0; k < kTileUnits; ++k)
    sum += variances != nullptr ? sums[k] * variances[k] : sums[k];
  return sum;
}

}  // namespace

StepSize::StepSize(const RbmState& state, const TrainSettings& settings)
    : visible_(state.visible),
      hidden_(state.hidden),
      learning_rate_(settings.learning_rate),
      largest_by_inputs_(is_normal(state.hidden.kind) ? 1 : 4) {
  if (is_normal(hidden_.kind) || visible_.counts_words()) inputs_.resize(state.visible_tiles());
  if (is_normal(hidden_.kind) || visible_.has_variances()) activities_.resize(state.hidden_tiles());
}

void StepSize::begin_hidden(int64_t tile, const float* means, int64_t rows) {
  if (activities_.size() == 0) return;
  double sum = 0;
  if (is_normal(hidden_.kind)) {  // their variance is at most 1
    for (int64_t n = 0; n < rows * kTileUnits; ++n) sum += static_cast<double>(means[n]) * means[n];
    sum += static_cast<double>(rows * tile_units(hidden_, tile));
  } else {
    for (int64_t n = 0; n < rows * kTileUnits; ++n) sum += means[n];
  }
  activities_[tile] = sum;
}

void StepSize::begin_visible(int64_t tile, const StatesView& data) {
  if (inputs_.size() == 0) return;
  if (data.is_sparse())
    inputs_[tile] = tile == 0 ? sum_of_squares(data.sparse) : 0;
  else if (data.real)
    inputs_[tile] = sum_of_squares(
        data, tile, visible_.has_variances() ? &visible_.variance[tile * kTileUnits] : nullptr);
  else
    inputs_[tile] = sum_of_bits(data.bits, tile);
}

float StepSize::by_activity(int64_t rows) const {
  if (activities_.size() == 0) return 1;
  return factor_below(1 / (1 + total(activities_) / static_cast<double>(rows)));
}

float StepSize::by_inputs(int64_t rows) const {
  if (inputs_.size() == 0) return 1;
  return factor_below(largest_by_inputs_ * static_cast<double>(rows) / total(inputs_));
}

float StepSize::by_lengths(const float* lengths, int64_t rows) const {
  if (lengths == nullptr) return 1;
  double squares = 0;
  for (int64_t r = 0; r < rows; ++r) squares += static_cast<double>(lengths[r]) * lengths[r];
  return factor_below(largest_by_inputs_ * static_cast<double>(rows) / squares);
}

/// Brings the rate down to `largest`.
float StepSize::factor_below(double largest) const {
  return static_cast<float>(std::min(1.0, largest / learning_rate_));
}

}  // namespace udl
