#include "runtime/dense/plain/block.h"

#include <algorithm>

#include "runtime/dense/plain/products.h"

namespace udl {

template <class Real>
PlainBlock<Real>::PlainBlock(const PlainState<Real>& net, const BlockNoise* noise, int from, int to)
    : net_(net), noise_(noise), from_(from), to_(to) {
  const NetShape& shape = net.shape;
  const int n = shape.n_layers();
  values_.resize(n + 1);
  outputs_.resize(n);
  scales_.resize(n);
  deltas_.resize(n);
  values_[from].resize(kRows * shape.n_inputs(from));
  for (int l = from; l < to; ++l) {
    const int64_t size = kRows * shape.n_outputs(l);
    outputs_[l].resize(size);
    values_[l + 1].resize(size);
    deltas_[l].resize(size);
    if (l < shape.last_layer() && noise_ != nullptr && noise_->objective->dropout != 0)
      scales_[l].resize(size);
  }
  targets_.resize(kRows * shape.n_outputs(to - 1));
  logits_.resize(kRows * shape.n_outputs(to - 1));
}

// ---- up ----

template <class Real>
void PlainBlock<Real>::forward(int64_t r, int64_t chain, int64_t source) {
  const NetShape& shape = net_.shape;
  if (noise_ != nullptr) corrupt(row(values_[from_], shape.n_inputs(from_), r), chain);
  for (int l = from_; l < to_; ++l) {
    const int64_t n_in = shape.n_inputs(l), n_out = shape.n_outputs(l);
    const Real* x = row(values_[l], n_in, r);
    Real* z = row(outputs_[l], n_out, r);
    std::copy_n(net_.values[l].bias.data(), n_out, z);
    if (shape.is_tied(l))
      add_transposed_product(x, net_.weights(l), n_out, n_in, z);
    else
      add_product(x, net_.weights(l), n_in, n_out, z);
    add_code_noise(l, z, chain, source);
    if (l == to_ - 1) std::copy_n(z, n_out, row(logits_, n_out, r));
    activate(shape.activations[l], z, n_out);
    std::copy_n(z, n_out, row(values_[l + 1], n_out, r));
    if (changes_outputs(l)) change_outputs(l, r, chain);
  }
}

template <class Real>
void PlainBlock<Real>::corrupt(Real* x, int64_t chain) const {
  const Objective& objective = *noise_->objective;
  if (!objective.corrupts()) return;
  const DrawKey key = noise_->draws->corruption(noise_->batch);
  const auto level = static_cast<float>(objective.corruption_level);
  for (int64_t i = 0; i < net_.shape.n_inputs(from_); ++i) {
    const uint32_t bits = draw_bits(key, static_cast<uint32_t>(chain), static_cast<uint32_t>(i));
    x[i] = corrupted(x[i], bits, objective.corruption, level);
  }
}

template <class Real>
void PlainBlock<Real>::add_code_noise(int layer, Real* z, int64_t chain, int64_t source) const {
  if (noise_ == nullptr) return;
  const Objective& objective = *noise_->objective;
  if (layer != objective.code_layer || objective.code_noise == 0) return;
  const bool fixed = objective.fixed_code_noise;
  const DrawKey key = fixed ? noise_->draws->fixed_code_noise(layer)
                            : noise_->draws->code_noise(layer, noise_->batch);
  const auto deviation = static_cast<float>(objective.code_noise);
  for (int64_t j = 0; j < net_.shape.n_outputs(layer); ++j)
    z[j] += code_noise(
        draw_bits(key, static_cast<uint32_t>(fixed ? source : chain), static_cast<uint32_t>(j)),
        deviation);
}

template <class Real>
bool PlainBlock<Real>::changes_outputs(int layer) const {
  return noise_ != nullptr && layer < net_.shape.last_layer() &&
         noise_->objective->changes_outputs(layer);
}

/// What the next layer sees of a hidden layer whose units are rounded or dropped.
template <class Real>
void PlainBlock<Real>::change_outputs(int layer, int64_t r, int64_t chain) {
  const Objective& objective = *noise_->objective;
  const int64_t n = net_.shape.n_outputs(layer);
  Real* x = row(values_[layer + 1], n, r);
  if (objective.rounded_code && layer == objective.code_layer)
    for (int64_t j = 0; j < n; ++j) x[j] = x[j] >= Real{0.5} ? Real{1} : Real{0};
  if (objective.dropout == 0) return;
  const DrawKey key = noise_->draws->dropout(layer, noise_->batch);
  Real* scale = row(scales_[layer], n, r);
  for (int64_t j = 0; j < n; ++j) {
    scale[j] = dropout_scale(draw_bits(key, static_cast<uint32_t>(chain), static_cast<uint32_t>(j)),
                             static_cast<float>(objective.dropout));
    x[j] *= scale[j];
  }
}

// ---- down ----

template <class Real>
double PlainBlock<Real>::loss(int64_t r) {
  const NetShape& shape = net_.shape;
  const int last = shape.last_layer();
  const int64_t n = shape.n_outputs();
  const Real *y = outputs(last, r), *z = row(logits_, n, r), *t = row(targets_, n, r);
  Real* delta = row(deltas_[last], n, r);
  double loss = 0;
  switch (shape.loss) {
    case Loss::squared:
      for (int64_t i = 0; i < n; ++i) {
        const Real error = y[i] - t[i];
        loss += static_cast<double>(error * error) / 2;
        delta[i] = error * slope(shape.activations[last], y[i]);
      }
      break;
    case Loss::cross_entropy:
      for (int64_t i = 0; i < n; ++i) {
        loss += static_cast<double>(softplus_of(z[i]) - t[i] * z[i]);
        delta[i] = y[i] - t[i];
      }
      break;
    case Loss::multinomial: {
      Real count = 0;
      for (int64_t i = 0; i < n; ++i) count += t[i];
      loss += static_cast<double>(count * log_sum_exp(z, n));
      for (int64_t i = 0; i < n; ++i) {
        loss -= static_cast<double>(t[i] * z[i]);
        delta[i] = count * y[i] - t[i];
      }
    }
  }
  return loss;
}

/// Of softmax outputs y the gradient g becomes y (g - sum of g y).
template <class Real>
void PlainBlock<Real>::begin_backward(int64_t r, const Real* gradient) {
  const NetShape& shape = net_.shape;
  const int last = shape.last_layer();
  const int64_t n = shape.n_outputs();
  const Real* y = outputs(last, r);
  Real* delta = row(deltas_[last], n, r);
  const bool is_softmax = shape.activations[last] == Activation::softmax;
  const Real mean = is_softmax ? dot(gradient, y, n) : Real{0};
  for (int64_t i = 0; i < n; ++i)
    delta[i] = is_softmax ? y[i] * (gradient[i] - mean)
                          : gradient[i] * slope(shape.activations[last], y[i]);
}

template <class Real>
void PlainBlock<Real>::backward(int64_t r, const std::vector<std::vector<double>>& forces) {
  const NetShape& shape = net_.shape;
  for (int l = shape.last_layer(); l > 0; --l) {
    const int below = l - 1;
    const int64_t n_in = shape.n_inputs(l), n_out = shape.n_outputs(l);
    const Real* delta = row(deltas_[l], n_out, r);
    Real* out = row(deltas_[below], n_in, r);
    std::fill_n(out, n_in, Real{0});
    if (shape.is_tied(l))
      add_product(delta, net_.weights(l), n_out, n_in, out);
    else
      add_transposed_product(delta, net_.weights(l), n_in, n_out, out);
    const Real* y = outputs(below, r);
    for (int64_t i = 0; i < n_in; ++i) {
      if (!scales_[below].empty()) out[i] *= row(scales_[below], n_in, r)[i];
      if (!forces.empty() && !forces[below].empty()) out[i] += static_cast<Real>(forces[below][i]);
      out[i] *= slope(shape.activations[below], y[i]);
    }
  }
}

template <class Real>
void PlainBlock<Real>::add_input_gradient(int64_t r, Real* out) const {
  const int64_t n_in = net_.shape.n_inputs(0), n_out = net_.shape.n_outputs(0);
  add_transposed_product(row(deltas_[0], n_out, r), net_.weights(0), n_in, n_out, out);
}

/// x_i times the deltas, and the same of layers that use these weights, where inputs and deltas
/// change places.
template <class Real>
void PlainBlock<Real>::add_weight_gradient(int layer, int64_t i, int64_t n_rows,
                                           double* out) const {
  const NetShape& shape = net_.shape;
  const int64_t n_in = shape.n_inputs(layer), n_out = shape.n_outputs(layer);
  Matrix sum(n_out);
  for (int64_t r = 0; r < n_rows; ++r)
    add_product(row(values_[layer], n_in, r) + i, row(deltas_[layer], n_out, r), 1, n_out,
                sum.data());
  for (int l = layer + 1; l < shape.n_layers(); ++l) {
    if (shape.tied[l] != layer) continue;
    for (int64_t r = 0; r < n_rows; ++r)
      add_product(row(deltas_[l], n_in, r) + i, row(values_[l], n_out, r), 1, n_out, sum.data());
  }
  for (int64_t j = 0; j < n_out; ++j) out[j] += static_cast<double>(sum[j]);
}

template <class Real>
void PlainBlock<Real>::add_bias_gradient(int layer, int64_t n_rows, double* out) const {
  const int64_t n = net_.shape.n_outputs(layer);
  Matrix sum(n);
  for (int64_t r = 0; r < n_rows; ++r)
    for (int64_t j = 0; j < n; ++j) sum[j] += row(deltas_[layer], n, r)[j];
  for (int64_t j = 0; j < n; ++j) out[j] += static_cast<double>(sum[j]);
}

template class PlainBlock<double>;

}  // namespace udl
