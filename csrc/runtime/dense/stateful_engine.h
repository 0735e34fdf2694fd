#pragma once
// What engines share whose parameters and optimiser memory are one `State` in memory: arrays in and
// out, and the snapshot.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "runtime/dense/engine.h"
#include "runtime/memory/snapshot.h"

namespace udl {

/// State has a type Real and the members of PlainState (runtime/dense/plain/state.h) that are
/// called here.
template <class State>
class StatefulNetEngine : public NetEngine {
 public:
  using Real = typename State::Real;

  StatefulNetEngine(const NetShape& shape, State state)
      : NetEngine(shape), state_(std::move(state)) {}

  void set(const NetArray& array, RealView from) final {
    state_.set(array, from.template as<Real>());
    if (array.quantity == Quantity::value) forget_gradient();
  }
  void get(const NetArray& array, RealSpan to) const final {
    state_.get(array, to.template as<Real>());
  }
  Memory memory() const final { return state_.memory; }
  void set_memory(Memory memory) final { state_.set_memory(memory); }
  int64_t adam_steps() const final { return state_.adam_steps; }
  void set_adam_steps(int64_t n) final { state_.adam_steps = n; }

  void set_parameters(const double* flat) final {
    for (const NetArray& array : parameter_arrays()) {
      const std::vector<Real> values(flat, flat + array.size(shape()));
      state_.set(array, values.data());
      flat += values.size();
    }
    forget_gradient();
  }
  void get_parameters(double* flat) const final {
    for (const NetArray& array : parameter_arrays()) {
      std::vector<Real> values(array.size(shape()));
      state_.get(array, values.data());
      flat = std::copy(values.begin(), values.end(), flat);
    }
  }

  int64_t snapshot() final { return snapshot_.take(state_); }
  void restore() final {
    state_ = snapshot_.get("NetEngine.restore");
    forget_gradient();
  }
  void recover() final {
    if (snapshot_.last() == nullptr) return;
    state_ = *snapshot_.last();
    forget_gradient();
  }
  WeightChange change_since_snapshot() const final {
    WeightChangeSum sum;
    state_.add_change_since(snapshot_.get("NetEngine.change_since_snapshot"), sum);
    return sum.result();
  }
  std::unique_ptr<NetEngine> copy_of_snapshot(int64_t number) const final {
    const State* state = snapshot_.numbered(number);
    if (state == nullptr) return nullptr;
    auto copy = make_net_engine(shape(), precision());
    static_cast<StatefulNetEngine&>(*copy).state_ = *state;  // of the same type, as made alike
    return copy;
  }

 protected:
  /// That of calls of backward: it belongs to parameters that are no more.
  virtual void forget_gradient() = 0;
  /// Those of shape().n_parameters() in their order.
  std::vector<NetArray> parameter_arrays() const {
    std::vector<NetArray> arrays;
    for (int l = 0; l < shape().n_layers(); ++l) {
      if (!shape().is_tied(l)) arrays.push_back({l, false});
      arrays.push_back({l, true});
    }
    return arrays;
  }

  State state_;

 private:
  Snapshot<State> snapshot_;
};

}  // namespace udl
