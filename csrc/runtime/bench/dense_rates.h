#pragma once
// Products of one layer of a net at work, for benchmarks, on the threads and tasks that a training
// step has.
#include <cstdint>
#include <vector>

#include "runtime/dense/fast/values/pairs.h"
#include "runtime/memory/buffer.h"
#include "runtime/memory/panels.h"
#include "runtime/memory/unit_panels.h"
#include "runtime/threads/parallel.h"

namespace udl {

enum class LayerProduct {
  forward,         ///< with biases and logistic units
  input_gradient,  ///< with the derivative of logistic units
  update,          ///< with momentum
};

/// A layer of small weights with a minibatch. No two calls at once.
class LayerRates {
 public:
  /// `rounds`: products of bfloat16 numbers, which the CPU target in use must have.
  LayerRates(int64_t n_rows, int64_t n_inputs, int64_t n_outputs, bool rounds);

  /// n repetitions in one parallel region.
  void run(LayerProduct which, int64_t n, const Run& run);
  /// The sum of all outputs, of all errors of inputs, or of all velocities, for tests.
  double total(LayerProduct which);

 private:
  void multiply(Team& team, LayerProduct which);
  void update(Team& team);

  int64_t n_rows_, n_inputs_, n_outputs_;
  bool rounds_;
  PanelMatrix weights_, velocity_;
  UnitMatrix inputs_, outputs_, errors_, input_errors_;
  PairMatrix input_pairs_, error_pairs_;
  std::vector<Buffer<float>> scratch_;  ///< by thread
};

}  // namespace udl
