#include "runtime/rbm/model/scale/scale.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "runtime/dispatch/target.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

float largest_weight(const PanelMatrix& weights) {
  int32_t bits = 0;
  for (int64_t t = 0; t < weights.n_panels(); ++t)
    bits =
        std::max(bits, rbm_kernels().norms.largest_bits(weights.panel(t), weights.panel_stride()));
  float largest;
  std::memcpy(&largest, &bits, sizeof largest);
  return largest;
}

/// Of a call that cannot be interrupted.
HalfNorm half_norm(const PanelMatrix& weights, const ScaleRule& rule, int exponent, int n_threads) {
  const HalfNormParts parts(weights, rule, exponent);
  std::vector<int64_t> norms(parts.count());
  parallel_for(Run{n_threads}, parts.count(), [&](int64_t n) { norms[n] = parts.part(n); });
  const int64_t largest = *std::max_element(norms.begin(), norms.end());
  return {exponent, largest, largest};
}

}  // namespace

HalfNormParts::HalfNormParts(const PanelMatrix& weights, const ScaleRule& rule, int exponent)
    : weights_(weights.view(exponent, rule.narrow)),
      block_(rule.block()),
      n_hidden_tiles_(weights.n_panels()),
      n_visible_tiles_(divide_up(weights.n_visible(), kTileUnits)) {}

int64_t HalfNormParts::part(int64_t index) const {
  const NormKernels& norms = rbm_kernels().norms;
  return index < n_hidden_tiles_
             ? norms.hidden_half_norm(weights_, index, block_)
             : norms.visible_half_norm(weights_, index - n_hidden_tiles_, block_);
}

std::optional<int> find_scale_exponent(const PanelMatrix& weights, bool narrow, int n_threads) {
  const float largest = largest_weight(weights);
  if (!std::isfinite(largest)) return std::nullopt;
  const ScaleRule rule{weights.n_visible(), weights.n_hidden(), narrow};
  ScaleSearch search(rule, largest);
  while (!search.found()) search.learn(half_norm(weights, rule, search.exponent(), n_threads));
  return search.exponent();
}

int weight_scale_exponent(const PanelMatrix& weights, bool narrow) {
  const std::optional<int> exponent = find_scale_exponent(weights, narrow, 1);
  if (!exponent) throw_invalid("weights are not finite: lower learning_rate");
  return *exponent;
}

}  // namespace udl
