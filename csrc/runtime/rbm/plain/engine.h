#pragma once
// The float64 engine: plain loops in double, for gradient checks and for models that need float64.
// The same draws and the same update rule as the packed-bit engine, no speed target.
#include "runtime/rbm/plain/state.h"
#include "runtime/rbm/stateful_engine.h"

namespace udl {

class PlainRbmEngine final : public StatefulEngine<PlainState> {
 public:
  PlainRbmEngine(int64_t n_visible, int64_t n_hidden, const Units& units)
      : StatefulEngine(n_visible, n_hidden, units, PlainState(n_visible, n_hidden, units)) {}

  Precision precision() const override { return Precision::float64; }

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
    return std::make_unique<PlainRbmEngine>(n_visible(), n_hidden(), units());
  }
};

}  // namespace udl
