#include "runtime/rbm/train/statistics/phase.h"

#include <algorithm>

namespace udl {
namespace {

TileStatistic counts(const RbmKernels& kernels, const BitMatrixView& units, int64_t tile) {
  TileStatistic out{true, units.columns, 1.0f, {}, {}};
  int32_t ones[kTileUnits];
  kernels.gradient.unit_counts(units, tile, ones);
  std::copy_n(ones, kTileUnits, out.sums);
  return out;
}

/// Column sums of a row-major array of floats, in row order.
TileStatistic float_sums(const float* values, int64_t rows, int64_t row_stride) {
  TileStatistic out{false, rows, 1.0f, {}, {}};
  for (int64_t r = 0; r < rows; ++r)
    for (int k = 0; k < kTileUnits; ++k) out.float_sums[k] += values[r * row_stride + k];
  return out;
}

TileStatistic fixed_sums(const RbmKernels& kernels, const int32_t* probabilities, int64_t rows) {
  TileStatistic out{true, rows, kProbabilityOne, {}, {}};
  for (int64_t first = 0; first < rows; first += kMaxRowsPerSum) {
    int32_t sums[kTileUnits];
    kernels.gradient.column_sums(probabilities + first * kTileUnits,
                                 std::min(kMaxRowsPerSum, rows - first), sums);
    for (int k = 0; k < kTileUnits; ++k) out.sums[k] += sums[k];
  }
  return out;
}

}  // namespace

TileMeans TileStatistic::means() const {
  TileMeans out;
  const float f = factor();
  for (int k = 0; k < kTileUnits; ++k)
    out.units[k] = (exact ? static_cast<float>(sums[k]) : float_sums[k]) * f;
  return out;
}

TileMeans difference(const TileStatistic& up, const TileStatistic& down) {
  TileMeans out;
  if (up.exact && down.exact && up.count == down.count) {
    const float factor = up.factor();
    for (int k = 0; k < kTileUnits; ++k)
      out.units[k] = static_cast<float>(up.sums[k] - down.sums[k]) * factor;
    return out;
  }
  const TileMeans positive = up.means(), negative = down.means();
  for (int k = 0; k < kTileUnits; ++k) out.units[k] = positive.units[k] - negative.units[k];
  return out;
}

TileStatistic visible_statistic(const RbmKernels& kernels, const StatesView& visible,
                                int64_t tile) {
  if (!visible.real) return counts(kernels, visible.units, tile);
  if (visible.is_sparse()) {
    TileStatistic out{false, visible.count, 1.0f, {}, {}};
    std::copy_n(visible.column_sums + tile * kTileUnits, kTileUnits, out.float_sums);
    return out;
  }
  return float_sums(visible.value_tile(tile), visible.count, visible.value_stride);
}

TileStatistic hidden_statistic(const RbmKernels& kernels, const HiddenStatistics& hidden,
                               int64_t tile) {
  if (hidden.sampled()) return counts(kernels, hidden.samples, tile);
  if (hidden.fixed) return fixed_sums(kernels, hidden.fixed, hidden.count);
  return float_sums(hidden.probabilities, hidden.count, kTileUnits);
}

TileStatistic word_statistic(const HiddenStatistics& hidden, const float* lengths) {
  TileStatistic out{false, hidden.count, 1.0f, {}, {}};
  for (int64_t r = 0; r < hidden.count; ++r)
    for (int k = 0; k < kTileUnits; ++k)
      out.float_sums[k] += lengths[r] * hidden.probabilities[r * kTileUnits + k];
  return out;
}

}  // namespace udl
