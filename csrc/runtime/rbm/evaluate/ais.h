#pragma once
#include "runtime/rbm/engine.h"
#include "runtime/rbm/model/state.h"

namespace udl {

/// Annealed importance sampling (Neal 2001; Salakhutdinov and Murray 2008): log_weights[r] is the
/// log importance weight of run r, whose exponential has the mean Z_last / Z_first, the partition
/// functions at the last and at the first beta. Of binary units, and of groups of them.
///
/// At beta the model has the unnormalised log-probabilities log p*_beta(v) = ((1 - beta) base_bias
/// + beta b) . v + sum_j log(1 + exp(beta (c_j + W_j v))), of the weights as sums see them, and of
/// biases rounded to float32. From one beta to the next, log p*_next(v) - log p*_before(v) is added
/// to the weight, then a Gibbs step at the next beta changes v. Such a step is its own reverse, so
/// that betas that fall from exact samples of the model estimate Z_0 / Z_1: that is reverse AIS.
///
/// Many runs are rows of one bit matrix: a temperature is two products. The order of sums does not
/// depend on threads. O(n_runs * n_betas * n_hidden * n_visible).
void anneal_fixed(const RbmState& state, const AnnealCall& call, double* log_weights,
                  const Run& run);

}  // namespace udl
