#pragma once
// Where the inverse temperatures of a ladder lie.
//
// Even steps of beta waste chains where neighbours nearly always swap. How often they refuse adds
// up over the ladder to a total that depends little on where its steps are; where every pair has
// the same share of it, states go up and down fastest (S. Syed, A. Bouchard-Cote, G. Deligiannidis,
// A. Doucet, "Non-reversible parallel tempering", JRSS B 84, 2022). So after a pass the steps go
// where refusals, added up and read between the present steps, are equal; half way, as these were
// of chains that the weights have moved since.
#include <vector>

#include "runtime/rbm/settings.h"

namespace udl {

/// Those of a training: `left` by the one before, where the ladder is adaptive and of as many
/// between the same ends, else evenly spaced.
std::vector<float> ladder_betas(const Ladder& ladder, const std::vector<double>& left);

/// Swaps of chains with their neighbours, side by side for threads: of pair t of chain c.
class SwapRecord {
 public:
  SwapRecord(int64_t n_chains, int64_t n_temperatures)
      : n_pairs_(n_temperatures - 1), sums_(n_chains * n_pairs_), counts_(n_chains * n_pairs_) {}

  void add(int64_t chain, int64_t pair, double probability) {
    sums_[chain * n_pairs_ + pair] += probability;
    counts_[chain * n_pairs_ + pair] += 1;
  }
  /// Mean probabilities of swaps of each pair, chains in order; of a pair that had none 1.
  std::vector<double> acceptance() const;

 private:
  int64_t n_pairs_;
  std::vector<double> sums_;
  std::vector<int64_t> counts_;
};

/// As said above; the ends stay. Values that float32 holds.
std::vector<double> respaced(const std::vector<float>& betas,
                             const std::vector<double>& acceptance);

}  // namespace udl
