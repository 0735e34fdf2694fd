#include "kernels/cuda/plain/half_step.h"

#include "base/fixed.h"
#include "base/math.h"
#include "kernels/cuda/thread.h"

namespace udl::cuda::plain {
namespace {

/// W between unit `to` and unit `from` of the other layer.
__device__ float weight(const LayerInput& in, int64_t to, int64_t from) {
  return in.to_hidden ? in.weights[to * in.n_visible + from] : in.weights[from * in.n_visible + to];
}

/// Any partial sum fits 32 bits (base/fixed.h).
__device__ int32_t exact_sum(const LayerInput& in, int64_t row, int64_t unit) {
  const uint32_t* words = in.from.bits + row * state_words(in.n_from());
  int32_t sum = 0;
  for (int64_t n = 0; n < in.n_from(); ++n)
    sum += state_bit(words, n) ? round_to_int(weight(in, unit, n) * in.inverse_scale) : 0;
  return sum;
}

__device__ float real_sum(const LayerInput& in, int64_t row, int64_t unit) {
  const float* values = in.from.values + row * in.n_from();
  float sum = 0;
  for (int64_t n = 0; n < in.n_from(); ++n) sum = __fmaf_rn(values[n], weight(in, unit, n), sum);
  return sum;
}

__device__ float preactivation(const LayerInput& in, int64_t row, int64_t unit) {
  const float sum = in.from.bits != nullptr ? static_cast<float>(exact_sum(in, row, unit))
                                            : real_sum(in, row, unit);
  return sum * in.scale + in.bias_factor * in.bias[unit];
}

__device__ uint16_t fixed_probability(float p) {
  const float scaled = p * kProbabilityOne;
  return static_cast<uint16_t>(round_to_int(scaled < kProbabilityMax ? scaled : kProbabilityMax));
}

/// Sixteen values in pairs, pairs of pairs, and so on, by sums or by products.
template <bool kSums>
__device__ float together(float (&values)[kTileUnits]) {
  for (int n = kTileUnits / 2; n > 0; n /= 2)
    for (int k = 0; k < n; ++k)
      values[k] = kSums ? values[2 * k] + values[2 * k + 1] : values[2 * k] * values[2 * k + 1];
  return values[0];
}

}  // namespace

extern "C" __global__ void udl_plain_half_step(const __grid_constant__ HalfStepArguments a) {
  const int64_t n_units = a.input.n_to(), width = kStateBits * state_words(n_units);
  const int64_t at = thread_number(), row = at / width, unit = at % width;
  if (row >= a.input.from.rows) return;
  bool on = false;
  if (unit < n_units) {
    const float one_plus_exp = 1.0f + exp_negative(preactivation(a.input, row, unit));
    const float p = 1.0f / one_plus_exp;
    if (a.means != nullptr) a.means[row * n_units + unit] = p;
    if (a.means_fixed != nullptr) a.means_fixed[row * n_units + unit] = fixed_probability(p);
    if (a.samples != nullptr) {
      const uint32_t chain = a.first_chain + static_cast<uint32_t>(row);
      on = fires(draw_bits(a.draws, chain, static_cast<uint32_t>(unit)), one_plus_exp);
    }
  }
  if (a.samples != nullptr) store_bits(on, a.samples + at / kStateBits);
}

extern "C" __global__ void udl_plain_free_energy_terms(
    const __grid_constant__ FreeEnergyArguments a) {
  const int64_t at = thread_number(), rows = a.input.from.rows, n_units = a.input.n_to();
  const int64_t tile = at / rows, row = at % rows;
  if (tile * kTileUnits >= n_units) return;
  float positive[kTileUnits], factors[kTileUnits];
  for (int k = 0; k < kTileUnits; ++k) {
    const int64_t unit = tile * kTileUnits + k;
    const bool is_there = unit < n_units;
    const float x = is_there ? preactivation(a.input, row, unit) : 0.0f;
    // A NaN stays one. What is missing adds nothing.
    positive[k] = 0.0f > x ? 0.0f : x;
    factors[k] = is_there ? 1.0f + exp_negative(fabsf(x)) : 1.0f;
  }
  a.sums[tile * a.stride + row] = together<true>(positive);
  a.products[tile * a.stride + row] = together<false>(factors);
}

extern "C" __global__ void udl_plain_visible_energy(
    const __grid_constant__ VisibleEnergyArguments a) {
  const int64_t row = thread_number(), n = a.n_visible;
  if (row >= a.from.rows) return;
  double sum = 0, of_word = 0;
  for (int64_t i = 0; i < n; ++i) {
    if (a.from.bits == nullptr) {
      sum += static_cast<double>(a.from.values[row * n + i]) * static_cast<double>(a.bias[i]);
      continue;
    }
    if (state_bit(a.from.bits + row * state_words(n), i)) of_word += static_cast<double>(a.bias[i]);
    if ((i + 1) % kWordBits == 0 || i + 1 == n) {
      sum += of_word;
      of_word = 0;
    }
  }
  a.to[row] = sum;
}

const Kernel kHalfStep = UDL_KERNEL(udl_plain_half_step);
const Kernel kFreeEnergyTerms = UDL_KERNEL(udl_plain_free_energy_terms);
const Kernel kVisibleEnergy = UDL_KERNEL(udl_plain_visible_energy);

}  // namespace udl::cuda::plain
