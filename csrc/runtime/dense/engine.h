#pragma once
// The coarse seam between Python and nets of dense layers: one object with the parameters and the
// optimiser's memory. A call is a whole pass over rows, never a layer.
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "runtime/data/rows.h"
#include "runtime/dense/gradient_workspace.h"
#include "runtime/dense/precision.h"
#include "runtime/dense/settings.h"
#include "runtime/dense/shape.h"
#include "runtime/memory/reals.h"
#include "runtime/memory/weight_change.h"
#include "runtime/threads/poll.h"
#include "runtime/threads/run.h"
#include "runtime/threads/shared.h"

namespace udl {

/// What an array of a layer holds of each of its parameters.
enum class Quantity : uint8_t {
  value,
  velocity,  ///< v of UpdateRule
  mean,      ///< m of Adam
  square,    ///< s of Adam
};

/// What an optimiser remembers from update to update.
enum class Memory : uint8_t { none, velocity, adam };

/// Weights of shape (outputs, inputs), unless they are tied, or biases.
struct NetArray {
  int layer;
  bool is_bias;
  Quantity quantity = Quantity::value;

  int64_t size(const NetShape& shape) const {
    return is_bias ? shape.n_outputs(layer) : shape.n_weights(layer);
  }
};

/// Rows to learn from: inputs, and what outputs are held against.
struct Examples {
  const Rows& rows;
  /// As many rows with one value an output; classes as rows in which one bit is on. Null: the
  /// inputs, uncorrupted.
  const Rows* targets = nullptr;
  /// Rows in the order they are presented; null: as they are.
  const uint32_t* order = nullptr;
};

/// Outputs of layer to - 1 given inputs of layer `from`, 0 <= from < to <= n_layers.
struct ForwardCall {
  const Rows& rows;
  int from, to;
  /// Products of integers instead: for many rows, since a call rounds all weights first.
  std::optional<Rounding> rounding;
  RealSpan out;                 ///< rows.rows() rows of sizes[to] values
  ValueRange* range = nullptr;  ///< becomes that of the rows, which are read anyway
};

/// One pass over rows in minibatches.
struct NetTrainCall {
  Examples examples;
  NetSettings settings;
  uint64_t seed;
  uint64_t step;  ///< updates this stream of draws has made
  Poll poll;
};

struct NetTrainResult {
  int64_t n_updates = 0, n_rows = 0, step = 0;
  bool stopped = false;  ///< poll or the run's interrupt asked for it
  bool finite = true;    ///< false: a loss or, by the end, a parameter is no number any more
  double loss = 0;       ///< mean over the rows presented, without penalties, as they were learned
  double seconds = 0;
};

/// The gradient over all rows at once; draws are those of one minibatch.
struct GradientCall {
  Examples examples;
  Objective objective;
  uint64_t seed;
  uint64_t step;
  GradientWorkspace* workspace = nullptr;
};

/// Reals cross this interface as doubles if precision() is float64, else as floats. Results do not
/// depend on the number of threads. Calls that take a Run end early once it is stopped: what they
/// return, and an engine in training, then means nothing.
class NetEngine : public Shared {
 public:
  /// A shape that was checked.
  explicit NetEngine(NetShape shape) : shape_(std::move(shape)) {}

  const NetShape& shape() const { return shape_; }
  virtual NetPrecision precision() const = 0;
  bool is_double() const { return precision() == NetPrecision::float64; }

  // ---- arrays; a new engine is of zeros ----

  /// C-ordered arrays of array.size(shape()) values. Those of the optimiser exist as memory() says.
  virtual void set(const NetArray& array, RealView from) = 0;
  virtual void get(const NetArray& array, RealSpan to) const = 0;
  virtual Memory memory() const = 0;
  /// Zeros from now on.
  virtual void set_memory(Memory memory) = 0;
  /// Updates of Adam since its memory was zero.
  virtual int64_t adam_steps() const = 0;
  virtual void set_adam_steps(int64_t n) = 0;

  /// All parameters, shape().n_parameters() of them: of layer after layer the weights, unless they
  /// are tied, and the biases.
  virtual void set_parameters(const double* flat) = 0;
  virtual void get_parameters(double* flat) const = 0;

  // ---- snapshots, as those of RbmEngine ----

  /// Its number, each time another. Throws bad_alloc, and has no snapshot then.
  virtual int64_t snapshot() = 0;
  /// An engine that is as this one was at the snapshot of this number; null if there is none or a
  /// later one.
  virtual std::unique_ptr<NetEngine> copy_of_snapshot(int64_t number) const = 0;
  /// These two throw without a snapshot. The change is that of the weights.
  virtual void restore() = 0;
  virtual WeightChange change_since_snapshot() const = 0;

  // ---- learning ----

  /// Memory of another kind of optimiser is forgotten.
  virtual NetTrainResult train(const NetTrainCall& call, const Run& run) = 0;
  /// The value of the objective and its gradient, in the order of get_parameters.
  virtual double gradient(const GradientCall& call, double* flat, const Run& run) const = 0;

  // ---- parts, for nets that learn from something else than a loss of their outputs ----

  /// No noise. Throws NotAvailable of a rounding in float64, and of tied or softmax layers.
  virtual void forward(const ForwardCall& call, const Run& run) const = 0;
  /// Adds to the engine's gradient that of the sum over rows and outputs of output_gradient times
  /// outputs, and writes the same by the inputs, (rows, n_inputs), unless that is empty.
  virtual void backward(const Rows& rows, RealView output_gradient, RealSpan input_gradient,
                        const Run& run) = 0;
  /// One update by the gradient of all calls of backward since the last, with the penalties on
  /// weights of this objective. A snapshot does not hold such a gradient; new parameters, those of
  /// a snapshot included, forget it, and a call of backward that is stopped adds nothing.
  virtual void update(const UpdateRule& rule, const Objective& objective, const Run& run) = 0;

 private:
  NetShape shape_;
};

/// Throws NotAvailable where this CPU, or yet nobody, has such an engine.
std::unique_ptr<NetEngine> make_net_engine(const NetShape& shape, NetPrecision precision);

}  // namespace udl
