#pragma once
// What engines share whose parameters, optimiser state and chains are one `State` in memory: arrays
// in and out, and the snapshot.
#include <functional>
#include <memory>
#include <utility>

#include "runtime/memory/snapshot.h"
#include "runtime/rbm/engine.h"

namespace udl {

/// State has a type Real and the members of RbmState (runtime/rbm/model/state.h) that are called
/// here.
template <class State>
class StatefulEngine : public RbmEngine {
 public:
  using Real = typename State::Real;

  StatefulEngine(int64_t n_visible, int64_t n_hidden, const Units& units, State state)
      : RbmEngine(n_visible, n_hidden, units), state_(std::move(state)) {}

  void set_parameters(const ParameterArrays<RealView>& from) final {
    state_.assign(ParameterArrays<const Real*>{values(from.weights), values(from.hidden_bias),
                                               values(from.visible_bias),
                                               values(from.log_variance)});
  }
  void get_parameters(const ParameterArrays<RealSpan>& to) const final {
    state_.copy_to(ParameterArrays<Real*>{values(to.weights), values(to.hidden_bias),
                                          values(to.visible_bias), values(to.log_variance)});
  }

  void set_optimizer(const OptimizerArrays<RealView>& from) final {
    state_.assign(OptimizerArrays<const Real*>{
        values(from.weight_velocity), values(from.hidden_velocity), values(from.visible_velocity),
        values(from.mean_activation), values(from.hidden_offset), values(from.visible_offset),
        values(from.log_variance_velocity)});
  }
  void get_optimizer(const OptimizerArrays<RealSpan>& to) const final {
    state_.copy_to(OptimizerArrays<Real*>{values(to.weight_velocity), values(to.hidden_velocity),
                                          values(to.visible_velocity), values(to.mean_activation),
                                          values(to.hidden_offset), values(to.visible_offset),
                                          values(to.log_variance_velocity)});
  }
  bool has_weight_velocity() const final { return state_.has_weight_velocity(); }
  bool has_mean_activation() const final { return state_.has_mean_activation; }
  bool has_offsets() const final { return state_.has_offsets(); }

  void set_chains(const Rows& hidden) final { state_.set_chains(hidden); }
  Rows chains() const final { return state_.chain_rows(); }
  int64_t n_chains() const final { return state_.n_chains(); }
  std::vector<double> betas() const final { return state_.betas; }
  void set_betas(std::vector<double> betas) final { state_.betas = std::move(betas); }

  int64_t snapshot() final { return snapshot_.take(state_); }
  void restore() final { state_ = snapshot_.get("RbmEngine.restore"); }
  void recover() final {
    if (snapshot_.last() != nullptr) state_ = *snapshot_.last();
  }
  WeightChange change_since_snapshot() const final {
    WeightChangeSum sum;
    state_.add_change_since(snapshot_.get("RbmEngine.change_since_snapshot"), sum);
    return sum.result();
  }
  std::unique_ptr<RbmEngine> copy_of_snapshot(int64_t number) const final {
    const State* state = snapshot_.numbered(number);
    if (state == nullptr) return nullptr;
    std::unique_ptr<StatefulEngine> copy = make_alike();
    copy->state_ = *state;
    return copy;
  }

 protected:
  /// Of the same sizes, kind and place.
  virtual std::unique_ptr<StatefulEngine> make_alike() const = 0;

  /// set_all of another engine, whose state this one takes over.
  void set_all_beside(const std::function<void(RbmEngine&)>& fill) {
    const std::unique_ptr<StatefulEngine> other = make_alike();
    other->state_ = state_;
    fill(*other);
    state_ = std::move(other->state_);
  }

  State state_;

 private:
  template <class Reals>
  static auto* values(const Reals& reals) {
    return reals.template as<Real>();
  }

  Snapshot<State> snapshot_;
};

}  // namespace udl
