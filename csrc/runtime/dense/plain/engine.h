#pragma once
// Nets in plain loops, in float64: for gradient checks, for models that need float64,
// and to hold other engines against. The same draws and the same rules, no speed target.
#include <memory>

#include "runtime/dense/plain/state.h"
#include "runtime/dense/stateful_engine.h"

namespace udl {

template <class Real>
class PlainNetEngine final : public StatefulNetEngine<PlainState<Real>> {
 public:
  explicit PlainNetEngine(const NetShape& shape)
      : StatefulNetEngine<PlainState<Real>>(shape, PlainState<Real>(shape)) {}

  NetPrecision precision() const override;

  NetTrainResult train(const NetTrainCall& call, const Run& run) override;
  double gradient(const GradientCall& call, double* flat, const Run& run) const override;
  void forward(const ForwardCall& call, const Run& run) const override;
  void backward(const Rows& rows, RealView output_gradient, RealSpan input_gradient,
                const Run& run) override;
  void update(const UpdateRule& rule, const Objective& objective, const Run& run) override;

 private:
  void forget_gradient() override { gradient_.clear(); }

  using StatefulNetEngine<PlainState<Real>>::state_;

  PlainLayers<double> gradient_;  ///< of backward since the last update; empty: none
};

}  // namespace udl
