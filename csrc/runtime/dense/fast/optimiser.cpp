#include "runtime/dense/fast/optimiser.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "kernels/dense/halves.h"
#include "runtime/dispatch/target.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

Memory memory_of(const UpdateRule& rule) {
  if (rule.solver == Solver::adam) return Memory::adam;
  return rule.momentum != 0 ? Memory::velocity : Memory::none;
}

OptimizerRule rule_of(const UpdateRule& rule) {
  if (rule.solver == Solver::adam) return OptimizerRule::adam;
  if (rule.momentum == 0) return OptimizerRule::descent;
  return rule.nesterov ? OptimizerRule::nesterov : OptimizerRule::sgd;
}

/// Sums of squares and of sizes.
struct WeightSums {
  double squares = 0, sizes = 0;
};

/// Of all weights of a layer, and of zeros in the place of missing ones. Panels are read as they
/// lie.
WeightSums sums_of(const PanelMatrix& weights) {
  constexpr int64_t kLanes = 8;
  double squares[kLanes] = {}, sizes[kLanes] = {};
  const int64_t n = weights.n_panels() * weights.panel_stride();
  const float* values = n > 0 ? weights.panel(0) : nullptr;
  for (int64_t i = 0; i < n; i += kLanes)
    for (int64_t k = 0; k < kLanes; ++k) {
      const auto w = static_cast<double>(values[i + k]);
      squares[k] += w * w;
      sizes[k] += std::fabs(w);
    }
  return {std::accumulate(squares, squares + kLanes, 0.0),
          std::accumulate(sizes, sizes + kLanes, 0.0)};
}

bool has_penalties(const Objective& objective) {
  return objective.weight_decay != 0 || objective.l1 != 0;
}

double sign(double x) { return static_cast<double>((x > 0) - (x < 0)); }

}  // namespace

void prepare_memory(FastState& net, const UpdateRule& rule) {
  if (net.memory != memory_of(rule)) net.set_memory(memory_of(rule));
}

OptimizerStep optimizer_step(const UpdateRule& rule, const Objective& objective, int64_t t) {
  const auto power = static_cast<double>(t);
  const bool is_adam = rule.solver == Solver::adam;
  OptimizerStep step{};
  step.rule = rule_of(rule);
  step.rate = static_cast<float>(is_adam ? rule.learning_rate / (1 - std::pow(rule.momentum, power))
                                         : rule.learning_rate);
  step.momentum = static_cast<float>(rule.momentum);
  step.weight_decay = static_cast<float>(objective.weight_decay);
  step.l1 = static_cast<float>(objective.l1);
  step.one_minus_beta1 = static_cast<float>(1 - rule.momentum);
  step.one_minus_beta2 = static_cast<float>(1 - rule.square_decay);
  step.epsilon = static_cast<float>(rule.epsilon);
  step.correction =
      is_adam ? static_cast<float>(1 / (1 - std::pow(rule.square_decay, power))) : 1.0f;
  return step;
}

OptimizerStep accumulating_step() {
  OptimizerStep step{};
  step.rule = OptimizerRule::accumulate;
  return step;
}

void update_by(FastState& net, FastLayers& gradient, const UpdateRule& rule,
               const Objective& objective, const Run& run) {
  prepare_memory(net, rule);
  if (net.memory == Memory::adam) ++net.adam_steps;
  OptimizerStep step = optimizer_step(rule, objective, net.adam_steps);
  const DenseUpdateKernels& kernels = dense_kernels().update;
  for (int l = 0; l < net.shape.n_layers(); ++l) {
    step.weight_decay = static_cast<float>(objective.weight_decay_of(l));
    const auto memory = [l](FastLayers& layers) { return layers.empty() ? nullptr : &layers[l]; };
    FastLayer *first = memory(net.first), *second = memory(net.second);
    PanelMatrix& weights = net.values[l].weights;
    parallel_for(run, weights.empty() ? 0 : weights.n_panels(), [&](int64_t panel) {
      float* values = weights.panel(panel);
      const int64_t n = weights.panel_stride();
      kernels.step(
          step, true,
          {values, first ? first->weights.panel(panel) : nullptr,
           second ? second->weights.panel(panel) : nullptr, gradient[l].weights.panel(panel),
           n / kTileUnits, net.bfloat16 ? values + lower_halves(n) : nullptr});
    });
    Buffer<float>& bias = net.values[l].bias;
    kernels.step(
        step, false,
        {bias.data(), first ? first->bias.data() : nullptr, second ? second->bias.data() : nullptr,
         gradient[l].bias.data(), bias.size() / kTileUnits, nullptr});
  }
}

double weight_penalties(const FastState& net, const Objective& objective) {
  if (!has_penalties(objective)) return 0;
  double squares = 0, sizes = 0;
  for (int l = 0; l < net.shape.n_layers(); ++l) {
    PanelMatrix room;
    const WeightSums sums = sums_of(net.whole_weights(l, room));
    if (objective.decays(l)) squares += sums.squares;
    sizes += sums.sizes;
  }
  return objective.weight_decay / 2 * squares + objective.l1 * sizes;
}

void copy_gradient(const FastState& net, const FastLayers& gradient, const Objective& objective,
                   double* flat) {
  for (int l = 0; l < net.shape.n_layers(); ++l) {
    const PanelMatrix& slopes = gradient[l].weights;
    slopes.copy_to(flat);
    if (has_penalties(objective)) {
      PanelMatrix room;
      const PanelMatrix& weights = net.whole_weights(l, room);
      const double decay = objective.weight_decay_of(l);
      weights.for_each_weight([&](int64_t index, int64_t at) {
        const auto w = static_cast<double>(weights.panel(0)[at]);
        flat[index] += decay * w + objective.l1 * sign(w);
      });
    }
    flat += slopes.n_hidden() * slopes.n_visible();
    flat = std::copy_n(gradient[l].bias.data(), net.shape.n_outputs(l), flat);
  }
}

}  // namespace udl
