#pragma once
// A block of rows on its way through a net and back.
#include <cstdint>
#include <vector>

#include "runtime/dense/noise.h"
#include "runtime/dense/plain/state.h"

namespace udl {

/// Where the noise of a minibatch comes from.
struct BlockNoise {
  const Objective* objective;
  const NetDraws* draws;
  int64_t batch;  ///< number of the minibatch in the call
};

/// Values of up to kRows rows at every layer. Rows are worked on one by one, by any thread.
template <class Real>
class PlainBlock {
 public:
  static constexpr int64_t kRows = 256;

  /// `noise` may be null; layers from, .., to - 1 are used.
  PlainBlock(const PlainState<Real>& net, const BlockNoise* noise, int from, int to);
  PlainBlock(const PlainState<Real>& net, const BlockNoise* noise)
      : PlainBlock(net, noise, 0, net.shape.n_layers()) {}

  /// (kRows, inputs of layer `from`), to be filled before anything else.
  Real* inputs() { return values_[from_].data(); }
  /// What outputs are held against: filled by the caller, else the inputs as they come.
  Real* targets() { return targets_.data(); }
  void use_inputs_as_targets() { targets_ = values_[from_]; }

  /// Row r is row `chain` of its minibatch, and row `source` of the data.
  void forward(int64_t r, int64_t chain, int64_t source);
  /// What layer l makes of row r, before anything is dropped or rounded.
  const Real* outputs(int layer, int64_t r) const {
    return row(outputs_[layer], net_.shape.n_outputs(layer), r);
  }

  /// The loss of row r, and where its gradient begins.
  double loss(int64_t r);
  /// Where the gradient of something else begins, which is `gradient` by the outputs.
  void begin_backward(int64_t r, const Real* gradient);
  /// From the last layer down. `forces` are added to the gradient by the outputs of each layer,
  /// unless they are empty.
  void backward(int64_t r, const std::vector<std::vector<double>>& forces);
  /// The gradient by the inputs of row r, after all of that; added to `out`.
  void add_input_gradient(int64_t r, Real* out) const;

  /// Adds the gradient of the first n_rows rows, in their order: by row i of a layer's own weights,
  /// and by its bias.
  void add_weight_gradient(int layer, int64_t i, int64_t n_rows, double* out) const;
  void add_bias_gradient(int layer, int64_t n_rows, double* out) const;

 private:
  using Matrix = std::vector<Real>;

  static Real* row(Matrix& x, int64_t n_columns, int64_t r) { return x.data() + r * n_columns; }
  static const Real* row(const Matrix& x, int64_t n_columns, int64_t r) {
    return x.data() + r * n_columns;
  }
  bool changes_outputs(int layer) const;
  void corrupt(Real* x, int64_t chain) const;
  void add_code_noise(int layer, Real* z, int64_t chain, int64_t source) const;
  void change_outputs(int layer, int64_t r, int64_t chain);

  const PlainState<Real>& net_;
  const BlockNoise* noise_;
  int from_, to_;
  std::vector<Matrix> values_;   ///< [l]: what layer l sees
  std::vector<Matrix> outputs_;  ///< [l]: what it makes
  std::vector<Matrix> scales_;   ///< [l]: what dropout makes of that; empty without
  std::vector<Matrix> deltas_;   ///< [l]: gradient by its sums W x + b
  Matrix targets_, logits_;      ///< sums of the last layer
};

}  // namespace udl
