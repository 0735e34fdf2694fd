#pragma once
// The float64 engine: plain loops in double, for gradient checks and for models that need float64.
// The same draws and the same update rule as the packed-bit engine, no speed target.
#include <memory>
#include <vector>

#include "runtime/rbm/engine.h"

namespace udl {

class PlainRbmEngine final : public RbmEngine {
 public:
  using Matrix = std::vector<double>;  ///< row-major

  PlainRbmEngine(int64_t n_visible, int64_t n_hidden);

  const char* precision() const override { return "float64"; }
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
  struct State {
    Matrix weights, hidden_bias, visible_bias;
    Matrix weight_velocity, hidden_velocity, visible_velocity, mean_activation;
    bool has_mean_activation = false;
    Matrix chains;  ///< hidden states, 0.0 or 1.0
    int64_t n_chains = 0;
  };

  /// One side's probabilities given the other's states; `to_hidden` tells the direction.
  Matrix means(const Matrix& from, int64_t rows, bool to_hidden, int n_threads) const;
  Matrix load(const Rows& rows) const;
  void update(const Matrix& data, int64_t n_data, const Matrix& data_means, const Matrix& model,
              int64_t n_model, const Matrix& model_means, const TrainSettings& settings);

  State state_;
  std::unique_ptr<State> snapshot_;
};

}  // namespace udl
