#pragma once
// The gradient of weights over a minibatch, and the step of an optimizer with it.
#include <cstdint>

#include "base/view.h"
#include "kernels/dense/products.h"

namespace udl {

/// What is done with a gradient g, which is the sum over the minibatch plus weight_decay * w + l1 *
/// sign(w):
///
///   gradient   first = g: no step
///   accumulate first += g: no step
///   descent    w -= rate * g
///   sgd        first = momentum * first - rate * g;  w += first
///   nesterov   the same, but w += momentum * first - rate * g with the new `first`
///   adam       first += (1 - beta1) (g - first);  second += (1 - beta2) (g^2 - second);
///              w -= rate * first / (sqrt(second * correction) + epsilon)
enum class OptimizerRule : uint8_t { gradient, accumulate, descent, sgd, nesterov, adam };

struct OptimizerStep {
  OptimizerRule rule;
  float rate;  ///< of Adam, divided by 1 - beta1^t at step t
  float momentum;
  float weight_decay, l1;
  float one_minus_beta1, one_minus_beta2, epsilon;
  float correction;  ///< 1 / (1 - beta2^t)
};

/// Inputs and errors of one use of the weights.
struct GradientTerm {
  ConstUnitPanels inputs;   ///< of the units along a panel of weights
  ConstUnitPanels outputs;  ///< of the units across: 16 a panel
};

/// Inputs first_unit .. end_unit - 1 with outputs of panels first_panel .. first_panel + n_panels
/// - 1.
struct DenseUpdate {
  /// More than one where other layers use the weights transposed: their errors are inputs here.
  const GradientTerm* terms;
  int64_t n_terms;
  int64_t n_rows;
  float *weights, *first, *second;  ///< in panels like weights; null where the rule has no use
  bool in_halves;                   ///< weights (halves.h): of Bfloat16Kernels alone
  int64_t panel_stride;
  int64_t first_panel, n_panels;
  int64_t first_unit, end_unit;  ///< the first is a multiple of 16
  OptimizerStep step;
};

/// Panels and rows as in DenseProduct.
struct RowSums {
  ConstUnitPanels values;
  int64_t first_panel, n_panels;
  int64_t first_row, n_rows;
  float* sums;  ///< 16 a panel, of first_panel on
};

/// Rows of 16 parameters with their gradients; null where the rule has no use. Of weights in halves
/// (halves.h) an even number of rows: their upper and lower halves.
struct ParameterRows {
  float *weights, *first, *second;
  const float* gradient;
  int64_t n_rows;
  float* lower;  ///< null: weights are whole
};

/// Rows whose products are added up by themselves: sums of blocks are then added in order, which
/// keeps sums over many rows exact.
constexpr int64_t kGradientRows = 256;

struct DenseUpdateKernels {
  /// The gradient is the sum over rows of inputs[r][i] * outputs[r][n], in blocks of kGradientRows
  /// rows, those of a term before those of the next. Exact.
  void (*weights)(const DenseUpdate& update);
  /// Sums over rows, in such blocks from first_row on. Exact.
  void (*sum_rows)(const RowSums& call);
  /// The step alone; of biases it has no decays. Exact.
  void (*step)(const OptimizerStep& step, bool decays, const ParameterRows& rows);
};

}  // namespace udl
