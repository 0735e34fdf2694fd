#pragma once
// The packed-bit engine: float32 master weights, exact integer sums, of weights rounded to at most
// 24 bits (precision "fixed") or to about 10 (precision "fast", tables of 16 bits).
#include <memory>

#include "runtime/rbm/engine.h"
#include "runtime/rbm/model/state.h"

namespace udl {

class FixedRbmEngine final : public RbmEngine {
 public:
  FixedRbmEngine(int64_t n_visible, int64_t n_hidden, bool narrow)
      : RbmEngine(n_visible, n_hidden), state_(n_visible, n_hidden, narrow) {}

  const char* precision() const override { return state_.narrow ? "fast" : "fixed"; }
  void set_parameters(const void* weights, const void* hidden_bias,
                      const void* visible_bias) override;
  void get_parameters(void* weights, void* hidden_bias, void* visible_bias) const override;
  void set_optimizer(const void* weight_velocity, const void* hidden_velocity,
                     const void* visible_velocity, const void* mean_activation) override;
  void get_optimizer(void* weight_velocity, void* hidden_velocity, void* visible_velocity,
                     void* mean_activation) const override;
  bool has_weight_velocity() const override { return !state_.weight_velocity.empty(); }
  bool has_mean_activation() const override { return state_.has_mean_activation; }
  void set_chains(const Rows& hidden) override;
  Rows chains() const override;
  void snapshot() override;
  void restore() override;
  WeightChange change_since_snapshot() const override;

  TrainResult train(const Rows& rows, const uint32_t* order, const TrainSettings& settings,
                    uint64_t seed, uint64_t step, int n_threads, const Poll& poll) override;

  void mean_hidden(const Rows& visible, void* out, int n_threads) const override;
  void mean_visible(const Rows& hidden, void* out, int n_threads) const override;
  Rows sample_hidden(const Rows& visible, const DrawSource& source, int n_threads) const override;
  Rows sample_visible(const Rows& hidden, const DrawSource& source, int n_threads) const override;
  std::pair<Rows, Rows> gibbs(const Rows& visible, int64_t n_steps, const DrawSource& source,
                              int n_threads) const override;
  void free_energy(const Rows& visible, double* out, int n_threads) const override;

 private:
  struct Snapshot {
    RbmState state;
    BitMatrix chains;
  };
  RbmState state_;
  BitMatrix chains_;  ///< hidden states of persistent chains
  std::unique_ptr<Snapshot> snapshot_;
};

}  // namespace udl
