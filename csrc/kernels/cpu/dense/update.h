#pragma once
// Gradients of weights, and the step of an optimizer while they are at hand; sums over rows. A
// block of inputs by one or two panels of outputs stays in registers while rows of a minibatch
// pass, and those of a panel take turns while the rows are near.
#include <algorithm>

#include "kernels/cpu/dense/halves.h"
#include "kernels/cpu/dense/outer_product.h"
#include "kernels/cpu/simd/blocks.h"
#include "kernels/cpu/simd/prefetch.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/dense/update.h"

namespace udl {
namespace {

#if defined(UDL_TARGET_AVX512)
constexpr int kGradientUnits = 8;
constexpr int kGradientPanels = 2;
constexpr int kSummedPanels = 4;  ///< whose sums over rows do not wait for each other
#elif defined(UDL_TARGET_AVX2)
constexpr int kGradientUnits = 6;
constexpr int kGradientPanels = 1;
constexpr int kSummedPanels = 2;
#else
constexpr int kGradientUnits = 2;
constexpr int kGradientPanels = 1;
constexpr int kSummedPanels = 1;
#endif

/// What weights w become that have the gradient at `at`; what is remembered of them changes in
/// place.
template <OptimizerRule kRule, bool kDecays>
UDL_ALWAYS_INLINE f32x16 stepped(const OptimizerStep& step, const ParameterRows& rows, int64_t at,
                                 f32x16 w) {
  const f32x16 rate = broadcast(step.rate), momentum = broadcast(step.momentum);
  f32x16 g = load(rows.gradient + at);
  if constexpr (kDecays) g = (g + broadcast(step.weight_decay) * w) + broadcast(step.l1) * sign(w);
  if constexpr (kRule == OptimizerRule::gradient) {
    store(rows.first + at, g);
  } else if constexpr (kRule == OptimizerRule::accumulate) {
    store(rows.first + at, load(rows.first + at) + g);
  } else if constexpr (kRule == OptimizerRule::descent) {
    w = w - rate * g;
  } else if constexpr (kRule == OptimizerRule::adam) {
    f32x16 first = load(rows.first + at), second = load(rows.second + at);
    first = first + broadcast(step.one_minus_beta1) * (g - first);
    second = second + broadcast(step.one_minus_beta2) * (g * g - second);
    store(rows.first + at, first);
    store(rows.second + at, second);
    const f32x16 size = square_root(second * broadcast(step.correction)) + broadcast(step.epsilon);
    w = w - (rate * first) / size;
  } else {
    const f32x16 move = rate * g, velocity = momentum * load(rows.first + at) - move;
    store(rows.first + at, velocity);
    w = w + (kRule == OptimizerRule::nesterov ? momentum * velocity - move : velocity);
  }
  return w;
}

// Step and rows are taken by value: nothing that is stored can change them on the way.

template <OptimizerRule kRule, bool kDecays>
UDL_ALWAYS_INLINE void step_halves(const OptimizerStep step, const ParameterRows rows) {
  for (int64_t at = 0; at < rows.n_rows * kTileUnits; at += 2 * kTileUnits) {
    float *const upper = rows.weights + at / 2, *const lower = rows.lower + at / 2;
    RowPair w = join_halves({bits_of_float(load(upper)), bits_of_float(load(lower))});
    w.even = stepped<kRule, kDecays>(step, rows, at, w.even);
    w.odd = stepped<kRule, kDecays>(step, rows, at + kTileUnits, w.odd);
    if constexpr (kRule > OptimizerRule::accumulate) {
      const RowHalves halves = split_rows(w);
      store(upper, float_from_bits(halves.upper));
      store(lower, float_from_bits(halves.lower));
    }
  }
}

template <OptimizerRule kRule, bool kDecays>
UDL_ALWAYS_INLINE void step_rows(const OptimizerStep step, const ParameterRows rows) {
  constexpr bool kChanges = kRule > OptimizerRule::accumulate;
  if constexpr (kDecays || kChanges)
    if (rows.lower != nullptr) return step_halves<kRule, kDecays>(step, rows);
  for (int64_t at = 0; at < rows.n_rows * kTileUnits; at += kTileUnits) {
    f32x16 w = broadcast(0.0f);
    if constexpr (kDecays || kChanges) w = load(rows.weights + at);
    w = stepped<kRule, kDecays>(step, rows, at, w);
    if constexpr (kChanges) store(rows.weights + at, w);
  }
}

template <bool kDecays>
UDL_ALWAYS_INLINE void step_by_rule(const OptimizerStep& step, const ParameterRows& rows) {
  switch (step.rule) {
    case OptimizerRule::gradient:
      return step_rows<OptimizerRule::gradient, kDecays>(step, rows);
    case OptimizerRule::accumulate:
      return step_rows<OptimizerRule::accumulate, kDecays>(step, rows);
    case OptimizerRule::descent:
      return step_rows<OptimizerRule::descent, kDecays>(step, rows);
    case OptimizerRule::sgd:
      return step_rows<OptimizerRule::sgd, kDecays>(step, rows);
    case OptimizerRule::nesterov:
      return step_rows<OptimizerRule::nesterov, kDecays>(step, rows);
    case OptimizerRule::adam:
      return step_rows<OptimizerRule::adam, kDecays>(step, rows);
  }
}

UDL_NEVER_INLINE void take_step(const OptimizerStep& step, bool decays, const ParameterRows& rows) {
  if (decays && (step.weight_decay != 0.0f || step.l1 != 0.0f))
    step_by_rule<true>(step, rows);
  else
    step_by_rule<false>(step, rows);
}

/// Inputs and errors of some rows: of a few units, and of one or two panels.
struct GradientRows {
  const float *inputs, *outputs;
  int64_t panel_stride;  ///< of outputs
  int64_t n_rows;
};

/// sums[u][p] += the products of all rows. On the way ask(u) asks for parameters.
template <int kUnits, int kPanels, class Ask>
UDL_ALWAYS_INLINE void add_rows(const GradientRows& rows, Ask&& ask,
                                f32x16 (&sums)[kUnits][kPanels]) {
  const float *inputs = rows.inputs, *outputs = rows.outputs;
  int64_t n = rows.n_rows;
  for (int u = 0; n >= 4; n -= 4) {
    if (u < kUnits) ask(u++);
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k)
      add_outer<1>(inputs + k * kTileUnits, outputs + k * kTileUnits, rows.panel_stride, sums);
    inputs += 4 * kTileUnits;
    outputs += 4 * kTileUnits;
  }
  for (; n > 0; --n) {
    add_outer<1>(inputs, outputs, rows.panel_stride, sums);
    inputs += kTileUnits;
    outputs += kTileUnits;
  }
}

/// Asks for a row of parameters, which may lie behind the last; of halves, for those of two rows.
UDL_ALWAYS_INLINE void ask_for_row(const DenseUpdate& update, int64_t panel, int64_t unit) {
  const int64_t at = panel * update.panel_stride + unit * kTileUnits;
  if (update.in_halves) {
    float* upper = update.weights + panel * update.panel_stride + unit / 2 * kTileUnits;
    prefetch_to_write(unit % 2 == 0 ? upper : upper + lower_halves(update.panel_stride));
  } else if (update.weights != nullptr) {
    prefetch_to_write(update.weights + at);
  }
  if (update.first != nullptr) prefetch(update.first + at);
  if (update.second != nullptr) prefetch(update.second + at);
}

/// sums[p][u] of kUnits units, 16 by panel: begins them, or adds to them.
template <int kUnits, int kPanels, class Ask>
UDL_ALWAYS_INLINE void add_near_rows(const GradientRows& rows, bool begins, float* at, Ask&& ask) {
  constexpr int kCorner = kTileUnits * kTileUnits;
  f32x16 sums[kUnits][kPanels];
  for (int u = 0; u < kUnits; ++u)
    for (int p = 0; p < kPanels; ++p)
      sums[u][p] = begins ? broadcast(0.0f) : load(at + p * kCorner + u * kTileUnits);
  add_rows(rows, ask, sums);
  for (int u = 0; u < kUnits; ++u)
    for (int p = 0; p < kPanels; ++p) store(at + p * kCorner + u * kTileUnits, sums[u][p]);
}

/// A part of some weights: rows `unit` .. of a panel. Of halves, `unit` is even, and of an odd
/// number of rows the gradient of the one behind them, which is missing, is 0.
UDL_ALWAYS_INLINE ParameterRows step_rows_of(const DenseUpdate& update, int64_t panel, int64_t unit,
                                             const float* gradient, int64_t n_rows) {
  const int64_t at = panel * update.panel_stride + unit * kTileUnits;
  const auto part = [at](float* values) { return values != nullptr ? values + at : nullptr; };
  ParameterRows rows{
      part(update.weights), part(update.first), part(update.second), gradient, n_rows, nullptr};
  if (update.in_halves) {
    rows.weights = update.weights + panel * update.panel_stride + unit / 2 * kTileUnits;
    rows.lower = rows.weights + lower_halves(update.panel_stride);
    rows.n_rows = round_up(n_rows, 2);
  }
  return rows;
}

/// Rows of a block of kGradientRows whose inputs and errors stay in a core's first cache while all
/// units of a panel are multiplied with them.
constexpr int64_t kNearRows = 128;

/// sums[p][u] of `count` units from `unit` on over rows first .. first + n - 1 of a term.
template <int kPanels>
UDL_NEVER_INLINE void add_gradient_block(const DenseUpdate& update, const GradientTerm& term,
                                         int64_t first, int64_t n, int64_t unit, int64_t count,
                                         int64_t panel, float* sums) {
  for (int64_t r = first; r < first + n; r += kNearRows) {
    const float* inputs = term.inputs.panel(unit / kTileUnits) + r * kTileUnits;
    const float* outputs = term.outputs.panel(panel) + r * kTileUnits;
    const int64_t n_near = std::min(kNearRows, first + n - r);
    for_even_blocks<kGradientUnits>(count, [&](int64_t u, auto height) {
      const auto ask = [&](int row) {
        for (int p = 0; p < kPanels; ++p) ask_for_row(update, panel + p, unit + u + row);
      };
      add_near_rows<decltype(height)::value, kPanels>(
          {inputs + u, outputs, term.outputs.panel_stride, n_near}, r == first,
          sums + u * kTileUnits, ask);
    });
  }
}

template <int kPanels>
UDL_ALWAYS_INLINE void update_units(const DenseUpdate& update, int64_t unit, int64_t count,
                                    int64_t panel) {
  constexpr int64_t kCorner = kTileUnits * kTileUnits;
  alignas(64) float gradient[kPanels * kCorner], block[kPanels * kCorner];
  bool begun = false;
  for (int64_t t = 0; t < update.n_terms; ++t)
    for (int64_t r = 0; r < update.n_rows; r += kGradientRows, begun = true) {
      add_gradient_block<kPanels>(update, update.terms[t], r,
                                  std::min(kGradientRows, update.n_rows - r), unit, count, panel,
                                  begun ? block : gradient);
      if (!begun) continue;
      for (int p = 0; p < kPanels; ++p)
        for (int64_t u = 0; u < count; ++u) {
          const int64_t at = p * kCorner + u * kTileUnits;
          store(gradient + at, load(gradient + at) + load(block + at));
        }
    }
  for (int p = 0; p < kPanels; ++p)
    take_step(update.step, true,
              step_rows_of(update, panel + p, unit, gradient + p * kCorner, count));
}

void update_weights(const DenseUpdate& update) {
  for (int64_t unit = update.first_unit; unit < update.end_unit; unit += kTileUnits) {
    const int64_t count = std::min<int64_t>(kTileUnits, update.end_unit - unit);
    const int64_t end = update.first_panel + update.n_panels;
    int64_t panel = update.first_panel;
    for (; panel + kGradientPanels <= end; panel += kGradientPanels)
      update_units<kGradientPanels>(update, unit, count, panel);
    if (panel < end) update_units<1>(update, unit, count, panel);
  }
}

/// Of kPanels panels side by side, from the one at `values` on: additions to one wait for each
/// other.
template <int kPanels>
UDL_ALWAYS_INLINE void sum_panels(const float* values, int64_t panel_stride, int64_t n_rows,
                                  float* sums) {
  f32x16 total[kPanels];
  for (f32x16& of_panel : total) of_panel = broadcast(0.0f);
  for (int64_t block = 0; block < n_rows; block += kGradientRows) {
    f32x16 sum[kPanels];
    for (f32x16& of_panel : sum) of_panel = broadcast(0.0f);
    for (int64_t r = block; r < std::min(n_rows, block + kGradientRows); ++r)
      for (int p = 0; p < kPanels; ++p)
        sum[p] = sum[p] + load(values + p * panel_stride + r * kTileUnits);
    for (int p = 0; p < kPanels; ++p) total[p] = total[p] + sum[p];
  }
  for (int p = 0; p < kPanels; ++p) store(sums + p * kTileUnits, total[p]);
}

void sum_rows(const RowSums& call) {
  for_even_blocks<kSummedPanels>(call.n_panels, [&](int64_t panel, auto count) {
    const float* values = call.values.panel(call.first_panel + panel) + call.first_row * kTileUnits;
    sum_panels<decltype(count)::value>(values, call.values.panel_stride, call.n_rows,
                                       call.sums + panel * kTileUnits);
  });
}

}  // namespace
}  // namespace udl
