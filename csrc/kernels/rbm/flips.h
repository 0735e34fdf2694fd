#pragma once
// What flipping one visible unit of a row does: the terms of the pseudo-likelihood.
//
// With d = 1 - 2 v_i, x_j the input of hidden unit j, h_j = P(h_j = 1 | v) and q_j = 1 - h_j,
//
//   log P(v_i | all others) = -log(1 + e^z),   z = d b_i + sum_j log(q_j + h_j e^(d w_ij)),
//
// since q + h e^(d w) = (1 + e^(x + d w)) / (1 + e^x). Every term is positive, so nothing cancels.
// The logarithm of the product is taken once for each unit; the exponent is kept apart. e^w and
// e^-w of bits lie in tables. Weights too large for a table, and real-valued rows, whose d is
// their own, take (1 + e^-|y|) max(h, q) e^(max(y, 0) - max(x, 0)) with y = x + d w instead.
//
// Hidden units that are real numbers change z by L(y) - L(x), L being what they add to minus the
// free energy: no table knows that beforehand.
#include <cstdint>

#include "base/units.h"
#include "base/view.h"
#include "kernels/rbm/products.h"
#include "kernels/rbm/units.h"

namespace udl {

/// Weights above this in size are no longer in tables. Inputs count as within kLargestFlipInput for
/// h and q: beyond, a weight of a table changes log(1 + e^x) by x or by nothing, within e^-20.
constexpr float kLargestFlipWeight = 32.0f;
constexpr float kLargestFlipInput = kLargestFlipWeight + 20.0f;

/// What a row needs of a panel of hidden units: h, q and x, sixteen of each; of real units, whose
/// kernels alone know, other numbers in place of h and q.
constexpr int64_t kResponseSize = 3 * kTileUnits;

/// Of 16 visible units: for each a row over all hidden units of e^w, then one of e^-w, then one of
/// the weights that are no part of these.
struct FlipTables {
  const float* values;
  int64_t n_panels;
  int64_t panels_per_rescale;  ///< factors that a product of float32 holds
  bool any_apart;              ///< whether the third rows hold anything but zeros

  static constexpr int64_t kRows = 3;
  static int64_t size(int64_t n_panels) { return kTileUnits * kRows * kTileUnits * n_panels; }
  const float* row(int64_t unit, int64_t which) const {
    return values + (unit * kRows + which) * kTileUnits * n_panels;
  }
};

/// One row at the visible units of a tile.
struct FlipRow {
  const float* responses;  ///< n_panels records of kResponseSize
  uint16_t bits;           ///< used where `values` is null
  const float* values;     ///< 16
};

/// By the kind of the hidden units.
struct HiddenFlipKernels {
  /// Row r of one panel's inputs to responses[r * row_stride ..]. Exact, given its input.
  void (*responses)(const UnitInput& input, int64_t row_stride, float* responses);

  /// out[k] = log P(v_i | all others) for the units of the tables. Exact, given its input.
  void (*log_probabilities)(const FlipTables& tables, const FlipRow& row, const float* visible_bias,
                            float* out);
};

struct FlipKernels {
  /// Tables of visible units 16 tile .. 16 tile + 15, in `values` of FlipTables::size. For bits the
  /// weights are those of the integer sums, round(W * inverse_scale) / inverse_scale; with real
  /// values in either layer they are W, and all are left apart. Exact.
  FlipTables (*tables)(const WeightPanelsView& weights, int64_t tile, bool real, float* values);

  HiddenFlipKernels of_hidden[kUnitKinds];  ///< by UnitKind; of units an RBM cannot have there none
};

}  // namespace udl
