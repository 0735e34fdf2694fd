#pragma once
// The packed-bit engine: float32 master weights, exact integer sums, of weights rounded to at most
// 24 bits (precision "fixed") or to about 10 (precision "fast", tables of 16 bits). Below Gaussian
// visible units "fast" is "fixed" but for learning, which multiplies bfloat16 numbers.
#include "runtime/rbm/model/state.h"
#include "runtime/rbm/stateful_engine.h"

namespace udl {

class FixedRbmEngine final : public StatefulEngine<RbmState> {
 public:
  FixedRbmEngine(int64_t n_visible, int64_t n_hidden, const Units& units, bool fast)
      : StatefulEngine(n_visible, n_hidden, units, RbmState(n_visible, n_hidden, units, fast)) {}

  /// For a training of several engines.
  RbmState& state() { return state_; }

  Precision precision() const override { return state_.fast ? Precision::fast : Precision::fixed; }

  TrainResult train(const TrainCall& call, const Run& run) override;

  void mean_hidden(const Rows& visible, RealSpan out, const Run& run) const override;
  void mean_visible(const Rows& hidden, RealSpan out, const Run& run) const override;
  Rows sample_hidden(const Rows& visible, const DrawSource& source, const Run& run) const override;
  Rows sample_visible(const Rows& hidden, const DrawSource& source, const Run& run) const override;
  std::pair<Rows, Rows> gibbs(const GibbsCall& call, const Run& run) const override;
  void free_energy(const Rows& visible, double* out, const Run& run) const override;
  void pseudo_likelihood(const Rows& visible, double* out, const Run& run) const override;
  void group_energies(const Rows& visible, int64_t group, double* out,
                      const Run& run) const override;
  std::vector<double> log_partition(const std::vector<int64_t>& lengths,
                                    const Run& run) const override;
  void anneal(const AnnealCall& call, double* log_weights, const Run& run) const override;

 protected:
  std::unique_ptr<StatefulEngine> make_alike() const override {
    return std::make_unique<FixedRbmEngine>(n_visible(), n_hidden(), units(), state_.fast);
  }
};

}  // namespace udl
