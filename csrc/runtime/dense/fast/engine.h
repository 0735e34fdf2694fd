#pragma once
// Nets by the kernels of kernels/dense.h: float32 sums and parameters.
#include "runtime/dense/fast/state.h"
#include "runtime/dense/stateful_engine.h"

namespace udl {

class FastNetEngine final : public StatefulNetEngine<FastState> {
 public:
  explicit FastNetEngine(const NetShape& shape)
      : StatefulNetEngine<FastState>(shape, FastState(shape)) {}

  NetPrecision precision() const override { return NetPrecision::float32; }

  NetTrainResult train(const NetTrainCall& call, const Run& run) override;
  double gradient(const GradientCall& call, double* flat, const Run& run) const override;
  void forward(const Rows& rows, int from, int to, RealSpan out, const Run& run) const override;
  void backward(const Rows& rows, RealView output_gradient, RealSpan input_gradient,
                const Run& run) override;
  void update(const UpdateRule& rule, const Objective& objective, const Run& run) override;

 private:
  FastLayers gradient_;  ///< of backward since the last update; empty: none
};

}  // namespace udl
