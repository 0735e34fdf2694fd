#pragma once
// Losses of output layers and their errors, in place.
#include <algorithm>
#include <cfloat>

#include "kernels/cpu/dense/activations.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/cpu/simd/vectors.h"
#include "kernels/dense/loss.h"

namespace udl {
namespace {

/// Rows whose losses are added in float before they go on in double.
constexpr int64_t kLossRows = 16;

#if defined(UDL_TARGET_AVX512)
constexpr int kLossesTogether = 4;  ///< rows whose cross-entropy is computed side by side
#else
constexpr int kLossesTogether = 1;
#endif
static_assert(kLossRows % kLossesTogether == 0, "rows side by side belong to one sum");

/// Errors and losses of 16 units, of one row or of several.
template <class Lanes>
struct UnitLoss {
  Lanes error, loss;
};

template <Activation kActivation>
UDL_ALWAYS_INLINE UnitLoss<f32x16> squared_loss(f32x16 x, f32x16 target) {
  const f32x16 y = activated<kActivation>(x), difference = y - target;
  return {difference * derivative<kActivation>(y), broadcast(0.5f) * (difference * difference)};
}

struct CrossEntropyLoss {
  template <class Lanes>
  UDL_ALWAYS_INLINE UnitLoss<Lanes> operator()(Lanes x, Lanes target, int64_t) const {
    const Lanes one = broadcast(1.0f), zero = broadcast(0.0f);
    const Lanes softplus = max(zero, x) + log_scaled(one + exp_negative(magnitude(x)), zero);
    return {logistic(x) - target, softplus - target * x};
  }
};

UDL_ALWAYS_INLINE UnitLoss<f32x16> multinomial_loss(f32x16 x, f32x16 target, f32x16 log_sum,
                                                    f32x16 target_sum) {
  const f32x16 minus_log = log_sum - x;
  return {exp_negative(minus_log) * target_sum - target, target * minus_log};
}

/// The first lanes of a; the others are `rest`.
UDL_ALWAYS_INLINE f32x16 first_lanes(f32x16 a, int64_t count, float rest = 0.0f) {
  static constexpr float kLane[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  if (count >= kTileUnits) return a;
  return where_less(load(kLane), broadcast(static_cast<float>(count)), a, broadcast(rest));
}

/// The lanes of a, in order.
UDL_ALWAYS_INLINE double lane_sum(f32x16 a) {
  float lanes[kTileUnits];
  store(lanes, a);
  double sum = 0;
  for (const float lane : lanes) sum += static_cast<double>(lane);
  return sum;
}

/// loss_of(x, target, row) for every unit of the call, for kTogether rows from `row` on where there
/// are as many. A sum adds one row after the other.
template <int kTogether, class LossOf>
UDL_ALWAYS_INLINE double errors_by(const LossCall& call, LossOf&& loss_of) {
  double total = 0;
  const f32x16 factor = broadcast(call.factor);
  for (int64_t panel = call.first_panel; panel < call.first_panel + call.n_panels; ++panel) {
    const int64_t present = call.n_units - panel * kTileUnits;
    float* units = call.units.panel(panel);
    const float* targets = call.targets.panel(panel);
    const int64_t end = call.first_row + call.n_rows;
    for (int64_t block = call.first_row; block < end; block += kLossRows) {
      const int64_t block_end = std::min(end, block + kLossRows);
      f32x16 losses = broadcast(0.0f);
      const auto take = [&](int64_t r, f32x16 error, f32x16 loss) {
        store(units + r * kTileUnits, first_lanes(factor * error, present));
        losses = losses + first_lanes(loss, present);
      };
      int64_t r = block;
      if constexpr (kTogether > 1)
        for (; r + kTogether <= block_end; r += kTogether) {
          Vectors<kTogether> x, target;
          for (int k = 0; k < kTogether; ++k) {
            x.of[k] = load(units + (r + k) * kTileUnits);
            target.of[k] = load(targets + (r + k) * kTileUnits);
          }
          const UnitLoss<Vectors<kTogether>> of_rows = loss_of(x, target, r);
          for (int k = 0; k < kTogether; ++k) take(r + k, of_rows.error.of[k], of_rows.loss.of[k]);
        }
      for (; r < block_end; ++r) {
        const int64_t at = r * kTileUnits;
        const UnitLoss<f32x16> of_row = loss_of(load(units + at), load(targets + at), r);
        take(r, of_row.error, of_row.loss);
      }
      total += lane_sum(losses);
    }
  }
  return total;
}

double loss_errors(const LossCall& call) {
  if (call.loss == Loss::cross_entropy) return errors_by<kLossesTogether>(call, CrossEntropyLoss());
  if (call.loss == Loss::multinomial)
    return errors_by<1>(call, [&](f32x16 x, f32x16 t, int64_t r) {
      return multinomial_loss(x, t, broadcast(call.log_sums[r]), broadcast(call.target_sums[r]));
    });
  double total = 0;
  with_activation(call.activation, [&](auto activation) {
    constexpr Activation kActivation = decltype(activation)::value;
    total = errors_by<1>(
        call, [](f32x16 x, f32x16 t, int64_t) { return squared_loss<kActivation>(x, t); });
  });
  return total;
}

void activate_units(const LossCall& call) {
  for (int64_t panel = call.first_panel; panel < call.first_panel + call.n_panels; ++panel) {
    float* rows = call.units.panel(panel);
    const int64_t end = call.first_row + call.n_rows;
    const int64_t present = call.n_units - panel * kTileUnits;
    if (call.activation == Activation::softmax) {
      for (int64_t r = call.first_row; r < end; ++r) {
        const f32x16 y = exp_negative(broadcast(call.log_sums[r]) - load(rows + r * kTileUnits));
        store(rows + r * kTileUnits, first_lanes(y, present));
      }
      continue;
    }
    with_activation(call.activation, [&](auto activation) {
      constexpr Activation kActivation = decltype(activation)::value;
      for (int64_t r = call.first_row; r < end; ++r)
        store(rows + r * kTileUnits,
              first_lanes(activated<kActivation>(load(rows + r * kTileUnits)), present));
    });
  }
}

UDL_ALWAYS_INLINE float lane_maximum(f32x16 a) {
  float lanes[kTileUnits];
  store(lanes, a);
  float most = lanes[0];
  for (const float lane : lanes) most = lane > most ? lane : most;
  return most;
}

void softmax_sums(const LossCall& call, float* log_sums, float* target_sums) {
  const int64_t n_panels = divide_up(call.n_units, kTileUnits);
  for (int64_t r = call.first_row; r < call.first_row + call.n_rows; ++r) {
    const auto row_of = [&](int64_t panel) { return call.units.panel(panel) + r * kTileUnits; };
    f32x16 most = broadcast(-FLT_MAX);
    for (int64_t panel = 0; panel < n_panels; ++panel)
      most =
          max(most, first_lanes(load(row_of(panel)), call.n_units - panel * kTileUnits, -FLT_MAX));
    const float largest = lane_maximum(most);
    f32x16 sum = broadcast(0.0f), targets = broadcast(0.0f);
    for (int64_t panel = 0; panel < n_panels; ++panel) {
      const f32x16 below = broadcast(largest) - load(row_of(panel));
      store(row_of(panel), broadcast(0.0f) - below);
      sum = sum + first_lanes(exp_negative(below), call.n_units - panel * kTileUnits);
      if (target_sums != nullptr)
        targets = targets + load(call.targets.panel(panel) + r * kTileUnits);
    }
    float logarithm[kTileUnits];
    store(logarithm, log_scaled(broadcast(static_cast<float>(lane_sum(sum))), broadcast(0.0f)));
    log_sums[r] = logarithm[0];
    if (target_sums != nullptr) target_sums[r] = static_cast<float>(lane_sum(targets));
  }
}

/// Of softmax outputs, row by row: their mean gradient first.
UDL_ALWAYS_INLINE void softmax_errors(const LossCall& call, const UnitPanels& gradient) {
  for (int64_t r = call.first_row; r < call.first_row + call.n_rows; ++r) {
    const int64_t at = r * kTileUnits;
    f32x16 products = broadcast(0.0f);
    for (int64_t panel = 0; panel < call.n_panels; ++panel)
      products = products + load(gradient.panel(panel) + at) * load(call.units.panel(panel) + at);
    const f32x16 mean = broadcast(static_cast<float>(lane_sum(products)));
    for (int64_t panel = 0; panel < call.n_panels; ++panel) {
      float* g = gradient.panel(panel) + at;
      store(g, load(call.units.panel(panel) + at) * (load(g) - mean));
    }
  }
}

void output_errors(const LossCall& call, const UnitPanels& gradient) {
  if (call.activation == Activation::softmax) return softmax_errors(call, gradient);
  const int64_t first = call.first_row * kTileUnits, n = call.n_rows * kTileUnits;
  for (int64_t panel = call.first_panel; panel < call.first_panel + call.n_panels; ++panel)
    with_activation(call.activation, [&](auto activation) {
      float* g = gradient.panel(panel) + first;
      const float* y = call.units.panel(panel) + first;
      for (int64_t at = 0; at < n; at += kTileUnits)
        store(g + at, load(g + at) * derivative<decltype(activation)::value>(load(y + at)));
    });
}

}  // namespace
}  // namespace udl
