#pragma once
// The gradient over the rows of a minibatch: blocks of rows one after another, shared among threads
// by rows on the way up and down, and by parameters where the rows are added up.
#include <cstdint>
#include <vector>

#include "runtime/data/minibatches.h"
#include "runtime/dense/plain/block.h"
#include "runtime/threads/run.h"

namespace udl {

template <class Real>
class PlainGradient {
 public:
  /// Minibatches of batch_size rows of these examples.
  PlainGradient(const PlainState<Real>& net, const Examples& examples, int64_t batch_size,
                const Objective& objective, const NetDraws& draws, const Run& run);

  const Minibatches& minibatches() const { return inputs_; }
  /// Replaces the gradient by that of the objective over a minibatch; its mean loss, without
  /// penalties. Means nothing once the run is stopped.
  double compute(const Minibatch& batch);
  const PlainLayers<double>& gradient() const { return gradient_; }
  /// Of the minibatch that was last computed.
  double penalties() const;

 private:
  void compute_forces(const Minibatch& batch);
  void forward(const Minibatch& part, const BlockNoise& noise, PlainBlock<Real>& block) const;
  double learn(const Minibatch& part, const BlockNoise& noise);
  bool is_sparse(int layer) const;

  const PlainState<Real>& net_;
  const Examples& examples_;
  const Objective& objective_;
  const NetDraws& draws_;
  const Run& run_;
  Minibatches inputs_, targets_;
  PlainLayers<double> gradient_;
  /// Of the sparse layers, else empty: mean activations, and what they add to the gradient by the
  /// outputs of a row.
  std::vector<std::vector<double>> means_, forces_;
};

/// Adds the gradient of the penalties on weights.
template <class Real>
void add_weight_penalties(const PlainState<Real>& net, const Objective& objective, const Run& run,
                          PlainLayers<double>& gradient);
/// Their value.
template <class Real>
double weight_penalties(const PlainState<Real>& net, const Objective& objective);

/// In the order of NetEngine::get_parameters.
void copy_flat(const NetShape& shape, const PlainLayers<double>& layers, double* flat);

}  // namespace udl
