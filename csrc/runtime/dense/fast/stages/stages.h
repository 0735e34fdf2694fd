#pragma once
// Stages of a minibatch, each a loop over tasks that ends in a barrier:
//
//   layer 0 (beside it: lists of inputs) | layer 1 | .. | last layer and its errors |
//   (sparse: means) | errors of layer l - 1 and learning of layer l + 1, for l from the last down
//   to 1 | learning of layers 1 and 0, and the rows of the next minibatch
//
// A layer learns once nobody needs its weights any more. Softmax outputs take two stages more.
#include <cstdint>
#include <vector>

#include "runtime/dense/fast/stages/tasks.h"
#include "runtime/dense/fast/state.h"
#include "runtime/dense/fast/values/listed_inputs.h"
#include "runtime/dense/fast/values/noise.h"
#include "runtime/dense/fast/values/rooms.h"
#include "runtime/threads/parallel.h"

namespace udl {

/// What gradients are for: steps of parameters, or sums of gradients in `first` alone.
struct GradientUse {
  OptimizerStep step;
  FastLayers *values, *first, *second;  ///< null where the rule has no use
};

/// Every thread of the team calls the same stages with the same arguments.
class FastStages {
 public:
  /// Parts have at most max_rows rows. There are n_kept of them if they are to be kept.
  FastStages(const FastState& net, const Examples& examples, const Objective& objective,
             const NetDraws& draws, int64_t max_rows, int n_threads, int64_t n_kept = 0);

  /// Nothing is left to do for a part that is kept.
  void fetch(Team& team, const NetPart& part);
  /// Up to the layer before the last.
  void forward(Team& team, const NetPart& part) { forward(team, part, net_.shape.last_layer()); }
  /// The last layer, its loss and its errors, which are factor times the gradient of the loss. All
  /// threads return the same sum over the rows.
  double loss(Team& team, const NetPart& part, float factor);
  /// The last layer, and errors from the gradient by outputs of row r at gradient[r * n_outputs].
  void begin_backward(Team& team, const NetPart& part, const float* gradient);
  /// Once after `loss` or `begin_backward`; the rows of `next` are fetched, if there are any.
  void backward(Team& team, const NetPart& part, const GradientUse& use, const NetPart& next);
  /// After `backward` that changed no weights: the gradient by the inputs of row r, to
  /// out[r * n_inputs].
  void input_gradient(Team& team, const NetPart& part, float* out);

  // ---- parts that come again, always with the same number and rows (kept_stages.cpp) ----

  /// After `forward`: the inputs, if lists of them are used, which take some time to make. Of whole
  /// products, fetching again costs less than the memory; a net of one layer lists them later.
  void keep_inputs(Team& team, const NetPart& part);
  /// After `forward`: the outputs of all layers but the last.
  void keep_outputs(Team& team, const NetPart& part);
  /// Instead of `fetch` and `forward` with the same weights: what was kept last. False if that
  /// would not be all.
  bool recall_outputs(Team& team, const NetPart& part);

  // ---- sparsity (sparse_stages.cpp) ----

  /// Adds the outputs of sparse layers to their sums over rows.
  void add_means(Team& team, const NetPart& part);
  /// Makes means of the sums over n_rows rows, and what they add to gradients times `factor`.
  void find_terms(Team& team, int64_t n_rows, float factor);
  /// Before the first rows that count. By one thread.
  void clear_means();
  double divergence() const;

 private:
  struct Scratch {
    Buffer<float> strip, rows;
  };

  void forward(Team& team, const NetPart& part, int n_layers);
  /// `then(task, product)` goes on with what a task has computed.
  template <class Then>
  void compute_outputs(Team& team, const NetPart& part, int layer, Activation activation,
                       UnitMatrix& out, Then&& then);
  DenseProduct to_outputs(const NetPart& part, int layer, UnitMatrix& out) const;
  void multiply(int layer, bool upwards, const DenseProduct& product,
                const PairPanels& pairs) const;
  void fetch_block(const NetPart& part, int64_t block, Scratch& scratch);
  void propagate(int layer, const ProductTasks& tasks, int64_t task, Scratch& scratch);
  void sum_errors(LayerRoom& room, const ProductTasks& tasks, int64_t task) const;
  ProductTasks output_tasks(const NetPart& part, int layer) const;
  UpdateTasks update_tasks(int layer) const;
  int64_t learning_tasks(int layer) const;
  void learn(const NetPart& part, int layer, int64_t task, const GradientUse& use);
  void learn_weights(const NetPart& part, int layer, int64_t task, const GradientUse& use);
  void learn_bias(const NetPart& part, int layer, const GradientUse& use);
  LossCall loss_call(const NetPart& part, float factor);
  bool lists_serve_learning() const { return lists_.are_used() && terms_[0][0].size() == 1; }
  bool can_keep_outputs() const;

  const FastState& net_;
  const Examples examples_;
  const Objective& objective_;
  const PartNoise noise_;
  const DenseKernels& kernels_;
  const int64_t n_kept_;
  ListedInputs lists_;
  NetRooms rooms_;
  /// [i][l]: what adds up to the gradient of layer l's weights, where inputs are in room i.
  std::vector<std::vector<std::vector<GradientTerm>>> terms_;
  std::vector<std::vector<std::vector<PairTerm>>> pair_terms_;  ///< the same in pairs
  std::vector<std::vector<UnitMatrix>> kept_outputs_;           ///< by part, by layer
  std::vector<Scratch> scratch_;                                ///< by thread
  std::vector<double> losses_;                                  ///< by task
};

}  // namespace udl
