#pragma once
// Parallel tempering: chains at several inverse temperatures, neighbours of which swap states.
//
// At beta a chain samples exp(-beta E(v, h)). States (v, h) of two chains are swapped with the
// probability of Metropolis' rule for their joint energies, which leaves the product of both
// distributions as it is. A chain's h is the state its v was drawn from; the next half step draws
// h anew given v, so it is enough to swap v.
#include <cmath>

namespace udl {

/// min(1, exp((beta_a - beta_b) (E_a - E_b))).
inline double swap_probability(double beta_a, double beta_b, double energy_a, double energy_b) {
  const double gain = (beta_a - beta_b) * (energy_a - energy_b);
  return gain >= 0 ? 1 : std::exp(gain);
}

}  // namespace udl
