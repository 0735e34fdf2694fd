#include "runtime/rbm/steps/tempering/spacing.h"

#include <algorithm>

namespace udl {
namespace {

/// What every pair refuses at least: inverse temperatures must differ.
constexpr double kLeastRefusal = 0.01;

bool fits(const Ladder& ladder, const std::vector<double>& left) {
  return ladder.adaptive && static_cast<int64_t>(left.size()) == ladder.n_temperatures &&
         static_cast<float>(left.back()) == static_cast<float>(ladder.beta_min);
}

}  // namespace

std::vector<float> ladder_betas(const Ladder& ladder, const std::vector<double>& left) {
  std::vector<float> betas(ladder.n_temperatures);
  for (int64_t t = 0; t < ladder.n_temperatures; ++t)
    betas[t] = fits(ladder, left) ? static_cast<float>(left[t]) : ladder.beta(t);
  return betas;
}

std::vector<double> SwapRecord::acceptance() const {
  std::vector<double> out(n_pairs_, 1.0);
  const int64_t n_chains = n_pairs_ > 0 ? static_cast<int64_t>(sums_.size()) / n_pairs_ : 0;
  for (int64_t pair = 0; pair < n_pairs_; ++pair) {
    double sum = 0;
    int64_t count = 0;
    for (int64_t c = 0; c < n_chains; ++c) {
      sum += sums_[c * n_pairs_ + pair];
      count += counts_[c * n_pairs_ + pair];
    }
    if (count > 0) out[pair] = sum / static_cast<double>(count);
  }
  return out;
}

std::vector<double> respaced(const std::vector<float>& betas,
                             const std::vector<double>& acceptance) {
  const size_t n = betas.size();
  std::vector<double> refused(n), out(betas.begin(), betas.end());
  for (size_t t = 0; t + 1 < n; ++t)
    refused[t + 1] = refused[t] + std::max(1 - acceptance[t], kLeastRefusal);
  for (size_t t = 1; t + 1 < n; ++t) {
    const double wanted = refused.back() * static_cast<double>(t) / static_cast<double>(n - 1);
    const size_t above =
        std::upper_bound(refused.begin(), refused.end() - 1, wanted) - refused.begin();
    const double low = refused[above - 1], part = (wanted - low) / (refused[above] - low);
    const double found = betas[above - 1] + part * (betas[above] - betas[above - 1]);
    out[t] = static_cast<float>((out[t] + found) / 2);
  }
  return out;
}

}  // namespace udl
