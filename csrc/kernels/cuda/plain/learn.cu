#include "kernels/cuda/plain/learn.h"

#include "base/fixed.h"
#include "kernels/cuda/thread.h"

namespace udl::cuda::plain {
namespace {

// ---- biases: sums of one unit over the rows of a phase ----

/// Integers in units of 1 / one, or a float, whose rows are added in order.
struct UnitSum {
  bool exact;
  int64_t integer;
  float real;
  float factor;  ///< makes a mean of either

  __device__ float mean() const { return (exact ? static_cast<float>(integer) : real) * factor; }
};

__device__ UnitSum sum_of_bits(const uint32_t* bits, int64_t n_units, int64_t rows, int64_t unit) {
  UnitSum sum{true, 0, 0, 1.0f / static_cast<float>(rows)};
  for (int64_t r = 0; r < rows; ++r)
    sum.integer += state_bit(bits + r * state_words(n_units), unit) ? 1 : 0;
  return sum;
}

__device__ UnitSum sum_of_fixed(const uint16_t* p, int64_t n_units, int64_t rows, int64_t unit) {
  UnitSum sum{true, 0, 0, 1.0f / (kProbabilityOne * static_cast<float>(rows))};
  for (int64_t r = 0; r < rows; ++r) sum.integer += p[r * n_units + unit];
  return sum;
}

__device__ UnitSum sum_of_reals(const float* x, int64_t n_units, int64_t rows, int64_t unit) {
  UnitSum sum{false, 0, 0, 1.0f / static_cast<float>(rows)};
  for (int64_t r = 0; r < rows; ++r) sum.real = sum.real + x[r * n_units + unit];
  return sum;
}

__device__ UnitSum unit_sum(const BiasArguments& a, const Phase& phase, int64_t unit) {
  const int64_t n = a.n_units, rows = phase.rows();
  const uint32_t* bits = a.hidden ? phase.hidden.bits : phase.visible.bits;
  if (bits != nullptr) return sum_of_bits(bits, n, rows, unit);
  if (a.hidden && phase.hidden.fixed != nullptr)
    return sum_of_fixed(phase.hidden.fixed, n, rows, unit);
  return sum_of_reals(a.hidden ? phase.hidden.means : phase.visible.values, n, rows, unit);
}

/// Integers are subtracted first where that is exact.
__device__ float difference(const Phase& data_phase, const UnitSum& data, const Phase& model_phase,
                            const UnitSum& model) {
  if (data.exact && model.exact && data_phase.rows() == model_phase.rows())
    return static_cast<float>(data.integer - model.integer) * data.factor;
  return data.mean() - model.mean();
}

/// The running mean of unit j moves; the force that draws it to the target.
__device__ float sparsity_force(const BiasArguments& a, int64_t j, float mean_activation) {
  float q = mean_activation;
  if (a.has_history)
    q = a.sparsity_damping * a.mean_activation[j] + (1.0f - a.sparsity_damping) * mean_activation;
  a.mean_activation[j] = q;
  return a.sparsity_cost * (a.sparsity_target - q);
}

// ---- weights: sums of one pair over the rows of a phase ----

/// Row r of a phase in its hidden unit j: a bit or a probability as an integer.
__device__ int32_t hidden_integer(const WeightArguments& a, const HiddenStates& hidden, int64_t r,
                                  int64_t j) {
  if (hidden.bits != nullptr)
    return state_bit(hidden.bits + r * state_words(a.n_hidden), j) ? 1 : 0;
  const int32_t p = hidden.fixed[r * a.n_hidden + j];
  if (!a.narrow) return p;
  // kernels/rbm/gradient.h: ten bits, rounded at an offset of the row.
  const auto offset = static_cast<int32_t>((a.first_offset + 37 * r) % 64);
  const int32_t narrow = (p + offset) >> 6;
  return narrow < 1023 ? narrow : 1023;
}

/// Of bits with exact hidden units.
__device__ int64_t pair_sum(const WeightArguments& a, const Phase& phase, int64_t i, int64_t j) {
  int64_t sum = 0;
  for (int64_t r = 0; r < phase.rows(); ++r)
    if (state_bit(phase.visible.bits + r * state_words(a.n_visible), i))
      sum += hidden_integer(a, phase.hidden, r, j);
  return sum;
}

/// Makes a mean of integer sums.
__device__ float integer_factor(const WeightArguments& a, const Phase& phase) {
  const float probability = a.narrow ? 1024.0f : kProbabilityOne;
  const float one = phase.hidden.bits != nullptr ? 1.0f : probability;
  return 1.0f / (one * static_cast<float>(phase.rows()));
}

/// Of real-valued visible units, rows in order, each product with one rounding.
__device__ float real_pair_sum(const WeightArguments& a, const Phase& phase, int64_t i, int64_t j) {
  float sum = 0;
  for (int64_t r = 0; r < phase.rows(); ++r)
    sum = __fmaf_rn(phase.visible.values[r * a.n_visible + i],
                    phase.hidden.means[r * a.n_hidden + j], sum);
  return sum;
}

/// sign times the mean over the rows of a phase.
__device__ float pair_mean(const WeightArguments& a, const Phase& phase, float sign, int64_t i,
                           int64_t j) {
  if (phase.hidden.is_exact())
    return static_cast<float>(pair_sum(a, phase, i, j)) * (sign * integer_factor(a, phase));
  return real_pair_sum(a, phase, i, j) * (sign / static_cast<float>(phase.rows()));
}

__device__ float pair_gradient(const WeightArguments& a, int64_t i, int64_t j) {
  if (!a.joined) return pair_mean(a, a.data, 1.0f, i, j) + pair_mean(a, a.model, -1.0f, i, j);
  const int64_t sum = pair_sum(a, a.data, i, j) - pair_sum(a, a.model, i, j);
  return static_cast<float>(sum) * integer_factor(a, a.data);
}

__device__ float sign_of(float w) { return static_cast<float>((w > 0) - (w < 0)); }

}  // namespace

extern "C" __global__ void udl_plain_learn_biases(const __grid_constant__ BiasArguments a) {
  const int64_t unit = thread_number();
  if (unit >= a.n_units) return;
  const UnitSum data = unit_sum(a, a.data, unit), model = unit_sum(a, a.model, unit);
  float gradient = difference(a.data, data, a.model, model);
  if (a.mean != nullptr) a.mean[unit] = data.mean();
  if (a.force != nullptr) {
    const float force = sparsity_force(a, unit, data.mean());
    a.force[unit] = force;
    gradient = gradient + force;
  }
  const float momentum = a.rates.momentum, step = a.rates.learning_rate * gradient;
  const float change = momentum == 0 ? step : momentum * a.velocity[unit] + step;
  a.velocity[unit] = momentum == 0 ? 0.0f : change;
  a.bias[unit] = a.bias[unit] + change;
}

extern "C" __global__ void udl_plain_learn_weights(const __grid_constant__ WeightArguments a) {
  const int64_t at = thread_number();
  if (at >= a.n_hidden * a.n_visible) return;
  const int64_t j = at / a.n_visible, i = at % a.n_visible;
  const float w = a.weights[at];
  float gradient = pair_gradient(a, i, j);
  if (a.force != nullptr) gradient = gradient + a.mean_visible[i] * a.force[j];
  gradient = gradient - a.rates.weight_decay * w - a.rates.l1 * sign_of(w);
  float step = a.rates.learning_rate * gradient;
  if (a.velocity != nullptr) {
    step = a.rates.momentum * a.velocity[at] + step;
    a.velocity[at] = step;
  }
  a.weights[at] = w + step;
}

const Kernel kLearnBiases = UDL_KERNEL(udl_plain_learn_biases);
const Kernel kLearnWeights = UDL_KERNEL(udl_plain_learn_weights);

}  // namespace udl::cuda::plain
