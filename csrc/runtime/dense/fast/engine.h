#pragma once
// Nets by the kernels of kernels/dense.h: sums and parameters of float32, products of float32 or of
// bfloat16 numbers.
#include "runtime/dense/fast/state.h"
#include "runtime/dense/stateful_engine.h"

namespace udl {

class FastNetEngine final : public StatefulNetEngine<FastState> {
 public:
  /// Of the fast precision, products are those of bfloat16 numbers; throws where the CPU target in
  /// use has none.
  FastNetEngine(const NetShape& shape, NetPrecision precision);

  NetPrecision precision() const override {
    return state_.bfloat16 ? NetPrecision::fast : NetPrecision::float32;
  }

  NetTrainResult train(const NetTrainCall& call, const Run& run) override;
  double gradient(const GradientCall& call, double* flat, const Run& run) const override;
  void forward(const ForwardCall& call, const Run& run) const override;
  void backward(const Rows& rows, RealView output_gradient, RealSpan input_gradient,
                const Run& run) override;
  void update(const UpdateRule& rule, const Objective& objective, const Run& run) override;

 private:
  void forward_rounded(const ForwardCall& call, const Run& run) const;
  void forget_gradient() override { gradient_.clear(); }

  FastLayers gradient_;  ///< of backward since the last update; empty: none
};

}  // namespace udl
