#pragma once
// The objective on some rows as a function of the parameters of a net.
#include <cstdint>
#include <vector>

#include "runtime/dense/fast/stages/stages.h"

namespace udl {

/// What does not depend on the parameters is kept from call to call: rooms, and of sparse inputs
/// their lists.
class FastGradient final : public GradientRoom {
 public:
  FastGradient(const FastState& net, const GradientCall& call, int n_threads);

  /// Whether this call asks for the same function.
  bool serves(const FastState& net, const GradientCall& call, int n_threads) const;
  /// As NetEngine::gradient; net and rows are still there.
  double evaluate(double* flat, const Run& run);

 private:
  void forward(Team& team, const NetPart& part);
  void find_sparsity(Team& team);

  const FastState& net_;
  const Objective objective_;
  const uint64_t seed_, step_;
  const NetDraws draws_;
  const std::vector<uint32_t> order_;
  const Examples examples_;
  const int64_t n_rows_;
  const int n_threads_;
  FastStages stages_;
  FastLayers sum_;
};

}  // namespace udl
