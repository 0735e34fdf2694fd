#include "runtime/dense/plain/optimiser.h"

#include <algorithm>
#include <cmath>

#include "runtime/threads/parallel.h"

namespace udl {
namespace {

Memory memory_of(const UpdateRule& rule) {
  if (rule.solver == Solver::adam) return Memory::adam;
  return rule.momentum != 0 ? Memory::velocity : Memory::none;
}

/// The rule for one parameter at update t, the first being 1; memory that there is not is null.
class ParameterRule {
 public:
  ParameterRule(const UpdateRule& rule, int64_t t)
      : rule_(rule),
        mean_correction_(1 - std::pow(rule.momentum, static_cast<double>(t))),
        square_correction_(1 - std::pow(rule.square_decay, static_cast<double>(t))) {}

  template <class Real>
  void apply(Real& w, double g, Real* first, Real* second) const {
    if (rule_.solver == Solver::adam) {
      const double m = rule_.momentum * static_cast<double>(*first) + (1 - rule_.momentum) * g;
      const double s =
          rule_.square_decay * static_cast<double>(*second) + (1 - rule_.square_decay) * g * g;
      *first = static_cast<Real>(m);
      *second = static_cast<Real>(s);
      const double size = std::sqrt(s / square_correction_) + rule_.epsilon;
      w = static_cast<Real>(static_cast<double>(w) -
                            rule_.learning_rate * (m / mean_correction_) / size);
      return;
    }
    double change = -rule_.learning_rate * g;
    if (first != nullptr) {
      const double v = rule_.momentum * static_cast<double>(*first) + change;
      *first = static_cast<Real>(v);
      change = rule_.nesterov ? rule_.momentum * v + change : v;
    }
    w = static_cast<Real>(static_cast<double>(w) + change);
  }

  /// A stretch of parameters.
  template <class Real>
  void apply(std::vector<Real>& w, const std::vector<double>& g, std::vector<Real>* first,
             std::vector<Real>* second, int64_t from, int64_t to) const {
    for (int64_t i = from; i < to; ++i)
      apply(w[i], g[i], first ? &(*first)[i] : nullptr, second ? &(*second)[i] : nullptr);
  }

 private:
  const UpdateRule& rule_;
  double mean_correction_, square_correction_;
};

template <class Real>
bool all_finite(const std::vector<Real>& x) {
  return std::all_of(x.begin(), x.end(), [](Real value) { return std::isfinite(value); });
}

}  // namespace

template <class Real>
void update(PlainState<Real>& net, const PlainLayers<double>& gradient, const UpdateRule& rule,
            const Run& run) {
  const Memory memory = memory_of(rule);
  if (net.memory != memory) net.set_memory(memory);
  if (memory == Memory::adam) ++net.adam_steps;
  const ParameterRule parameter(rule, net.adam_steps);
  for (int l = 0; l < net.shape.n_layers(); ++l) {
    PlainLayer<Real>* first = net.first.empty() ? nullptr : &net.first[l];
    PlainLayer<Real>* second = net.second.empty() ? nullptr : &net.second[l];
    PlainLayer<Real>& values = net.values[l];
    const PlainLayer<double>& g = gradient[l];
    const int64_t n = net.shape.n_outputs(l), n_rows = net.shape.n_weights(l) / n;
    parallel_for(run, n_rows, [&](int64_t i) {
      parameter.apply(values.weights, g.weights, first ? &first->weights : nullptr,
                      second ? &second->weights : nullptr, i * n, (i + 1) * n);
    });
    parameter.apply(values.bias, g.bias, first ? &first->bias : nullptr,
                    second ? &second->bias : nullptr, 0, n);
  }
}

template <class Real>
bool is_finite(const PlainState<Real>& net) {
  return std::all_of(net.values.begin(), net.values.end(), [](const PlainLayer<Real>& layer) {
    return all_finite(layer.weights) && all_finite(layer.bias);
  });
}

template void update<double>(PlainState<double>&, const PlainLayers<double>&, const UpdateRule&,
                             const Run&);
template bool is_finite<double>(const PlainState<double>&);

}  // namespace udl
