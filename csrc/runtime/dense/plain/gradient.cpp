#include "runtime/dense/plain/gradient.h"

#include <algorithm>
#include <cmath>

#include "runtime/dense/sparsity.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

double sign(double x) { return static_cast<double>((x > 0) - (x < 0)); }

/// Block `index` of a minibatch.
template <class Real>
Minibatch part_of(const Minibatch& batch, int64_t index) {
  const int64_t first = index * PlainBlock<Real>::kRows;
  return {batch.index, batch.first + first, std::min(PlainBlock<Real>::kRows, batch.count - first)};
}
template <class Real>
int64_t count_parts(const Minibatch& batch) {
  return divide_up(batch.count, PlainBlock<Real>::kRows);
}

template <class Real>
void fetch(const Minibatches& from, const Minibatch& part, int64_t n_columns, Real* to,
           const Run& run) {
  parallel_for(run, Minibatches::blocks(part),
               [&](int64_t block) { from.fetch_values(part, block, to, n_columns); });
}

}  // namespace

template <class Real>
PlainGradient<Real>::PlainGradient(const PlainState<Real>& net, const Examples& examples,
                                   int64_t batch_size, const Objective& objective,
                                   const NetDraws& draws, const Run& run)
    : net_(net),
      examples_(examples),
      objective_(objective),
      draws_(draws),
      run_(run),
      inputs_(examples.rows, examples.order, batch_size, false),
      targets_(examples.targets != nullptr ? *examples.targets : examples.rows, examples.order,
               batch_size, false),
      gradient_(zero_layers<double>(net.shape)) {}

template <class Real>
double PlainGradient<Real>::compute(const Minibatch& batch) {
  const BlockNoise noise{&objective_, &draws_, batch.index};
  for (PlainLayer<double>& layer : gradient_) {
    std::fill(layer.weights.begin(), layer.weights.end(), 0.0);
    std::fill(layer.bias.begin(), layer.bias.end(), 0.0);
  }
  if (objective_.has_sparsity()) compute_forces(batch);
  double loss = 0;
  for (int64_t i = 0; i < count_parts<Real>(batch) && !run_.stopped(); ++i)
    loss += learn(part_of<Real>(batch, i), noise);
  const auto n = static_cast<double>(batch.count);
  for (PlainLayer<double>& layer : gradient_) {
    for (double& g : layer.weights) g /= n;
    for (double& g : layer.bias) g /= n;
  }
  add_weight_penalties(net_, objective_, run_, gradient_);
  return loss / n;
}

/// Targets are taken before the inputs are corrupted.
template <class Real>
void PlainGradient<Real>::forward(const Minibatch& part, const BlockNoise& noise,
                                  PlainBlock<Real>& block) const {
  const NetShape& shape = net_.shape;
  fetch(inputs_, part, shape.n_inputs(), block.inputs(), run_);
  fetch(targets_, part, shape.n_outputs(), block.targets(), run_);
  const int64_t before = part.first - inputs_[noise.batch].first;
  parallel_for(run_, part.count, [&](int64_t r) {
    block.forward(r, before + r, Rows::source_row(examples_.order, part.first + r));
  });
}

template <class Real>
double PlainGradient<Real>::learn(const Minibatch& part, const BlockNoise& noise) {
  const NetShape& shape = net_.shape;
  PlainBlock<Real> block(net_, &noise);
  forward(part, noise, block);
  std::vector<double> losses(part.count);
  parallel_for(run_, part.count, [&](int64_t r) {
    losses[r] = block.loss(r);
    block.backward(r, forces_);
  });
  for (int l = 0; l < shape.n_layers(); ++l) {
    PlainLayer<double>& to = gradient_[l];
    if (!shape.is_tied(l))
      parallel_for(run_, shape.n_inputs(l), [&](int64_t i) {
        block.add_weight_gradient(l, i, part.count, &to.weights[i * shape.n_outputs(l)]);
      });
    block.add_bias_gradient(l, part.count, to.bias.data());
  }
  double loss = 0;
  for (const double of_row : losses) loss += of_row;
  return loss;
}

// ---- sparsity ----

template <class Real>
bool PlainGradient<Real>::is_sparse(int layer) const {
  return objective_.has_sparsity() && layer < net_.shape.last_layer() &&
         net_.shape.activations[layer] == Activation::logistic;
}

/// Means over the whole minibatch have to be known before the gradient of its first row.
template <class Real>
void PlainGradient<Real>::compute_forces(const Minibatch& batch) {
  const NetShape& shape = net_.shape;
  const BlockNoise noise{&objective_, &draws_, batch.index};
  means_.assign(shape.n_layers(), {});
  forces_.assign(shape.n_layers(), {});
  for (int l = 0; l < shape.n_layers(); ++l)
    if (is_sparse(l)) means_[l].resize(shape.n_outputs(l));
  PlainBlock<Real> block(net_, &noise);
  for (int64_t i = 0; i < count_parts<Real>(batch) && !run_.stopped(); ++i) {
    const Minibatch part = part_of<Real>(batch, i);
    forward(part, noise, block);
    for (int l = 0; l < shape.n_layers(); ++l)
      for (std::size_t j = 0; j < means_[l].size(); ++j)
        for (int64_t r = 0; r < part.count; ++r)
          means_[l][j] += static_cast<double>(block.outputs(l, r)[j]);
  }
  for (int l = 0; l < shape.n_layers(); ++l)
    for (double& mean : means_[l]) {
      mean /= static_cast<double>(batch.count);
      forces_[l].push_back(objective_.sparsity_cost *
                           bernoulli_divergence_slope(objective_.sparsity_target, mean));
    }
}

// ---- penalties ----

template <class Real>
double PlainGradient<Real>::penalties() const {
  double sum = 0;
  for (const std::vector<double>& means : means_)
    for (const double mean : means)
      sum += objective_.sparsity_cost * bernoulli_divergence(objective_.sparsity_target, mean);
  return sum + weight_penalties(net_, objective_);
}

template <class Real>
double weight_penalties(const PlainState<Real>& net, const Objective& objective) {
  double squares = 0, sizes = 0;
  for (int l = 0; l < net.shape.n_layers(); ++l)
    for (const Real w : net.values[l].weights) {
      if (objective.decays(l)) squares += static_cast<double>(w) * static_cast<double>(w);
      sizes += std::fabs(static_cast<double>(w));
    }
  return objective.weight_decay / 2 * squares + objective.l1 * sizes;
}

template <class Real>
void add_weight_penalties(const PlainState<Real>& net, const Objective& objective, const Run& run,
                          PlainLayers<double>& gradient) {
  if (objective.weight_decay == 0 && objective.l1 == 0) return;
  for (int l = 0; l < net.shape.n_layers(); ++l) {
    if (net.shape.is_tied(l)) continue;
    const int64_t n = net.shape.n_outputs(l);
    const double decay = objective.weight_decay_of(l);
    parallel_for(run, net.shape.n_inputs(l), [&](int64_t i) {
      for (int64_t at = i * n; at < (i + 1) * n; ++at) {
        const auto w = static_cast<double>(net.values[l].weights[at]);
        gradient[l].weights[at] += decay * w + objective.l1 * sign(w);
      }
    });
  }
}

void copy_flat(const NetShape& shape, const PlainLayers<double>& layers, double* flat) {
  for (int l = 0; l < shape.n_layers(); ++l) {
    const int64_t n_in = shape.n_inputs(l), n_out = shape.n_outputs(l);
    if (!shape.is_tied(l))
      for (int64_t j = 0; j < n_out; ++j)
        for (int64_t i = 0; i < n_in; ++i) *flat++ = layers[l].weights[i * n_out + j];
    flat = std::copy(layers[l].bias.begin(), layers[l].bias.end(), flat);
  }
}

template class PlainGradient<double>;
template double weight_penalties<double>(const PlainState<double>&, const Objective&);
template void add_weight_penalties<double>(const PlainState<double>&, const Objective&, const Run&,
                                           PlainLayers<double>&);

}  // namespace udl
