#include "runtime/rbm/plain/anneal.h"

#include <algorithm>
#include <cmath>

#include "runtime/rbm/model/units/unit_terms.h"
#include "runtime/rbm/plain/engine.h"
#include "runtime/rbm/plain/half_step.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

/// One run: its states, and what it knows of them.
class PlainRun {
 public:
  PlainRun(const PlainState& model, const double* base_bias)
      : model_(model),
        base_bias_(base_bias),
        v_(model.n_visible),
        h_(model.n_hidden),
        x_(model.n_hidden) {}

  /// The log weight of a run, which draws as this chain. None of meaning once the team stops.
  double log_weight(const AnnealCall& call, int64_t run, Team& team) {
    const auto chain = static_cast<uint32_t>(call.draws.first_chain + run);
    if (call.start != nullptr)
      call.start->gather_values<double>(nullptr, run, 1, v_.data(), model_.n_visible);
    else
      draw_visible_at(call.betas[0], call.draws.visible(0), chain);  // whatever the hidden states
    double sum = 0;
    for (int64_t k = 1; k < call.n_betas && !team.check_stop(); ++k) {
      find_inputs();
      sum += log_probability(call.betas[k]) - log_probability(call.betas[k - 1]);
      draw_hidden_at(call.betas[k], call.draws.hidden(k), chain);
      draw_visible_at(call.betas[k], call.draws.visible(k), chain);
      if (call.n_done != nullptr) ++*call.n_done;
    }
    return sum;
  }

 private:
  double visible_bias(int64_t i, double beta) const {
    return (1 - beta) * base_bias_[i] + beta * model_.visible_bias[i];
  }

  /// Inputs of the hidden units at beta = 1.
  void find_inputs() { x_ = hidden_inputs(model_, v_, 1, Run{}); }

  /// Minus the energy of the visible units alone.
  double log_visible(double beta) const {
    double sum = 0;
    for (int64_t i = 0; i < model_.n_visible; ++i) {
      if (!model_.units.have_variances()) {
        sum += v_[i] * visible_bias(i, beta);
        continue;
      }
      const double from_base = v_[i] - base_bias_[i], from_model = v_[i] - model_.visible_bias[i];
      sum -= ((1 - beta) * from_base * from_base + beta * from_model * from_model) / 2 *
             std::exp(-model_.log_variance[i]);
    }
    return sum;
  }

  /// log p*_beta(v).
  double log_probability(double beta) const {
    double sum = log_visible(beta);
    for (const double x : x_) sum += hidden_log_sum(model_.units.hidden, beta * x);
    return sum;
  }

  void draw_hidden_at(double beta, const DrawKey& draws, uint32_t chain) {
    for (int64_t j = 0; j < model_.n_hidden; ++j) h_[j] = beta * x_[j];
    draw_hidden(model_, h_, draws, chain, Run{});
  }

  void draw_visible_at(double beta, const DrawKey& draws, uint32_t chain) {
    std::fill(v_.begin(), v_.end(), 0.0);
    for (int64_t j = 0; j < model_.n_hidden; ++j)
      for (int64_t i = 0; i < model_.n_visible; ++i)
        v_[i] += h_[j] * model_.weights[j * model_.n_visible + i];
    for (int64_t i = 0; i < model_.n_visible; ++i) v_[i] = beta * v_[i] + visible_bias(i, beta);
    draw_visible(model_, v_, {}, draws, chain, Run{});
  }

  const PlainState& model_;
  const double* base_bias_;
  PlainMatrix v_, h_, x_;
};

}  // namespace

void anneal_plain(const PlainState& model, const AnnealCall& call, const double* base_bias,
                  double* log_weights, const Run& run) {
  parallel_region(run, [&](Team& team) {
    PlainRun one(model, base_bias);
    team.for_each(call.n_runs, [&](int64_t r) { log_weights[r] = one.log_weight(call, r, team); });
  });
}

void PlainRbmEngine::anneal(const AnnealCall& call, double* log_weights, const Run& run) const {
  anneal_plain(state_, call, call.base_bias.as<double>(), log_weights, run);
}

}  // namespace udl
