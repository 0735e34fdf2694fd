#pragma once
// Products of states with weights, in both directions.
#include <cstdint>

#include "base/view.h"

namespace udl {

/// Weights in panels of 16 hidden units: panel t holds W[hidden 16 t + k][visible i] at
/// panels[t * panel_stride + 16 i + k], float32; panel_stride = 16 * round_up(n_visible, 16).
/// Lanes of missing hidden units and rows of missing visible units are zero.
struct WeightPanelsView {
  const float* panels;
  int64_t n_visible;
  int64_t n_hidden;
  float inverse_scale;  ///< 2^-e of base/fixed.h
  /// 2^-e bounds partial sums of 64 units to 16 bits, and tables have entries of 16 bits.
  bool narrow;
  /// They do not fit a core's own cache: tables ask for the next word's while they look up.
  bool far;

  int64_t panel_stride() const { return kTileUnits * round_up(n_visible, kTileUnits); }
  const float* panel(int64_t tile) const { return panels + tile * panel_stride(); }
};

/// Integers of scratch a product needs: tables of both cuts of a 64-bit word, of entries of 32 and
/// of 16 bits, and 64 staged rows (kernels/cpu/rbm/table_product.h). Callers hand over scratch that
/// was zeroed once and written by nothing but these kernels.
constexpr int64_t kTableScratch = ((256 + 400) + (256 + 400) / 2 + 64) * kTileUnits;

/// Real-valued states: unit 16 t + k of row r is values[t * tile_stride + r * row_stride + k]. Rows
/// that lie one after the other have a tile_stride of 16; where tiles do, a row_stride of 16.
struct RealRowsView {
  const float* values;
  int64_t rows, row_stride, tile_stride;
};

/// The integers round(W * inverse_scale) of a tile's units with all units of the other layer, kept
/// while weights do not change: integer rows as of ListKernels::integer_panel, of 32 bits or, for
/// tables of 16 bits, of 16. One of both is null.
struct IntegerPanelView {
  const int32_t* wide;
  const int16_t* narrow;
};

struct ProductKernels {
  /// sums[r][k] = sum over visible bits i of row r of round(W[16 tile + k][i] * inverse_scale).
  /// Exact.
  void (*hidden_sums)(const WeightPanelsView& weights, int64_t tile, const BitMatrixView& visible,
                      int32_t* scratch, int32_t* sums);

  /// sums[r][k] = sum over hidden bits j of row r of round(W[j][16 tile + k] * inverse_scale).
  /// Exact.
  void (*visible_sums)(const WeightPanelsView& weights, int64_t tile, const BitMatrixView& hidden,
                       int32_t* scratch, int32_t* sums);

  /// The sums of hidden_sums or of visible_sums from integers that are kept. Exact.
  void (*integer_sums)(const IntegerPanelView& integers, const BitMatrixView& bits,
                       int32_t* scratch, int32_t* sums);

  /// sums[r][k] = sum over visible units i, in order, of row r of values times W[16 tile + k][i].
  /// Exact.
  void (*dense_hidden_sums)(const WeightPanelsView& weights, int64_t tile,
                            const RealRowsView& values, float* sums);

  /// sums[r][k] = sum over hidden units j, in order, of row r of values times W[j][16 tile + k].
  /// Exact.
  void (*dense_visible_sums)(const WeightPanelsView& weights, int64_t tile,
                             const RealRowsView& values, float* sums);
};

}  // namespace udl
