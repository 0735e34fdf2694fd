#pragma once
// Output layers: from the sums x + bias of a layer to its loss and its errors, and activations by
// themselves.
//
// With outputs y and targets t of a row, summed over units:
//
//   squared        1/2 (y - t)^2
//   cross_entropy  log(1 + e^x) - t x, which is -t log y - (1 - t) log(1 - y) of logistic outputs
//   multinomial    log(sum e^x) sum(t) - t x, which is -t log y of softmax outputs
#include <cstdint>

#include "base/nets.h"
#include "kernels/dense/products.h"

namespace udl {

/// Panels and rows as in DenseProduct.
struct LossCall {
  Loss loss;
  Activation activation;  ///< of squared; logistic for cross_entropy, softmax for multinomial
  UnitPanels units;       ///< x in, errors out: factor times the derivative of the loss by x
  ConstUnitPanels targets;
  int64_t n_units;
  int64_t first_panel, n_panels;
  int64_t first_row, n_rows;
  float factor;
  const float* log_sums;     ///< multinomial: by row, of softmax_sums
  const float* target_sums;  ///< multinomial: by row, of softmax_sums
};

struct LossKernels {
  /// Errors in place; the loss of these panels and rows, each row's units added in double in the
  /// order of lanes, then of panels, then of rows. Not softmax with squared. Errors are exact; so
  /// is the loss.
  double (*errors)(const LossCall& call);

  /// f(x) in place over panels and rows; softmax over all units of a row takes log_sums. Exact.
  void (*activate)(const LossCall& call);

  /// The errors of some units y = f(x) from the gradient by y, in place: gradient * f'(x); of
  /// softmax y (gradient - sum over all units of gradient * y), for whole rows only. Exact.
  void (*output_errors)(const LossCall& call, const UnitPanels& gradient);

  /// In place x minus the largest x of its row, which changes no softmax and keeps the logarithm
  /// below exact where x is large; then log_sums[r] = log(sum over units of e^x), target_sums[r] =
  /// sum of the targets where they are given, for rows first_row .. first_row + n_rows - 1 over all
  /// n_units. Exact.
  void (*softmax_sums)(const LossCall& call, float* log_sums, float* target_sums);
};

}  // namespace udl
