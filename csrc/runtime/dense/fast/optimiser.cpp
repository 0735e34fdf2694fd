#include "runtime/dense/fast/optimiser.h"

#include <algorithm>
#include <cmath>
#include <vector>

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

/// The weights of each layer as a (outputs, inputs) array.
template <class Work>
void for_weights(const FastState& net, Work&& work) {
  for (int l = 0; l < net.shape.n_layers(); ++l) {
    std::vector<float> weights(net.shape.n_weights(l));
    if (!weights.empty()) net.values[l].weights.copy_to(weights.data());
    work(l, weights);
  }
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
      kernels.step(step, true,
                   {weights.panel(panel), first ? first->weights.panel(panel) : nullptr,
                    second ? second->weights.panel(panel) : nullptr,
                    gradient[l].weights.panel(panel), weights.panel_stride() / kTileUnits});
    });
    Buffer<float>& bias = net.values[l].bias;
    kernels.step(
        step, false,
        {bias.data(), first ? first->bias.data() : nullptr, second ? second->bias.data() : nullptr,
         gradient[l].bias.data(), bias.size() / kTileUnits});
  }
}

double weight_penalties(const FastState& net, const Objective& objective) {
  double squares = 0, sizes = 0;
  for_weights(net, [&](int l, const std::vector<float>& weights) {
    for (const float w : weights) {
      if (objective.decays(l)) squares += static_cast<double>(w) * static_cast<double>(w);
      sizes += std::fabs(static_cast<double>(w));
    }
  });
  return objective.weight_decay / 2 * squares + objective.l1 * sizes;
}

void copy_gradient(const FastState& net, const FastLayers& gradient, const Objective& objective,
                   double* flat) {
  for_weights(net, [&](int l, const std::vector<float>& weights) {
    if (!weights.empty()) gradient[l].weights.copy_to(flat);
    const double decay = objective.weight_decay_of(l);
    for (const float weight : weights) {
      const auto w = static_cast<double>(weight);
      *flat++ += decay * w + objective.l1 * sign(w);
    }
    flat = std::copy_n(gradient[l].bias.data(), net.shape.n_outputs(l), flat);
  });
}

}  // namespace udl
