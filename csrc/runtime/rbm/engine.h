#pragma once
// The coarse seam between Python and computation: one object with the parameters, optimiser state
// and chains of an RBM. A call is a whole pass over data or a whole Gibbs run, never a half step.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "runtime/data/rows.h"
#include "runtime/memory/reals.h"
#include "runtime/memory/weight_change.h"
#include "runtime/rbm/model/arrays.h"
#include "runtime/rbm/model/units/units.h"
#include "runtime/rbm/precision.h"
#include "runtime/rbm/settings.h"
#include "runtime/threads/poll.h"
#include "runtime/threads/run.h"
#include "runtime/threads/shared.h"

namespace udl {

/// One pass over rows.
struct TrainCall {
  const Rows& rows;
  const uint32_t* order;  ///< rows in the order they are presented; null: as they are
  TrainSettings settings;
  uint64_t seed;
  uint64_t step;  ///< Gibbs steps this stream has made
  Poll poll;      ///< by the float64 engine after every minibatch
};

struct TrainResult {
  int64_t n_updates = 0, n_rows = 0, step = 0;
  bool stopped = false;  ///< poll or the run's interrupt asked for it
  bool finite = true;    ///< false: weights or, by the end, biases are no numbers any more
  double seconds = 0;
};

/// Visible units that keep their values in a Gibbs run. Both matrices have one row for all chains,
/// or one for each.
struct Clamp {
  const Rows& mask;    ///< bits: the units that do
  const Rows& values;  ///< theirs; those of other units do not count
};

/// Gibbs chains, one for each row.
struct GibbsCall {
  const Rows& visible;  ///< where they start: held units at their values
  int64_t n_steps;      ///< >= 1, each of hidden given visible, then visible given hidden
  DrawSource source;
  const Clamp* clamp = nullptr;  ///< null: all units are free
  /// In [0, 1], above 0 where units are normal numbers: of the model whose energy is beta times
  /// this one's.
  double beta = 1;
  RealSpan visible_means{};  ///< (rows, n_visible), unless empty: P(v | h) of the last step,
                             ///< and of held units their values
};

/// Annealed importance sampling: see runtime/rbm/evaluate/ais.h.
struct AnnealCall {
  const float* betas;  ///< inverse temperatures in [0, 1], ascending or descending
  int64_t n_betas;     ///< at least 2
  RealView base_bias;  ///< visible biases of the base model, whose weights and hidden biases are 0
  const Rows* start;   ///< n_runs visible states; null: drawn at betas[0], which is 0 then
  int64_t n_runs;
  DrawSource draws;              ///< step + k are those at betas[k]
  std::atomic<int64_t>* n_done;  ///< counts runs times temperatures; may be null
};

/// Reals cross this interface as doubles if precision() is float64, else as floats. Calls that take
/// a Run end early once it is stopped: what they return, and an engine in training, then means
/// nothing.
class RbmEngine : public Shared {
 public:
  RbmEngine(int64_t n_visible, int64_t n_hidden, Units units)
      : n_visible_(n_visible), n_hidden_(n_hidden), units_(std::move(units)) {}

  int64_t n_visible() const { return n_visible_; }
  int64_t n_hidden() const { return n_hidden_; }
  const Units& units() const { return units_; }
  virtual Precision precision() const = 0;
  bool is_double() const { return precision() == Precision::float64; }

  /// All arrays are given, but log_variance may be left out and then stays; all values, as those of
  /// set_optimizer, are finite.
  virtual void set_parameters(const ParameterArrays<RealView>& from) = 0;
  /// Empty arrays are left out.
  virtual void get_parameters(const ParameterArrays<RealSpan>& to) const = 0;
  /// Without weight_velocity, mean_activation or offsets the engine has none; other empty arrays
  /// leave what there is.
  virtual void set_optimizer(const OptimizerArrays<RealView>& from) = 0;
  virtual void get_optimizer(const OptimizerArrays<RealSpan>& to) const = 0;
  virtual bool has_weight_velocity() const = 0;
  virtual bool has_mean_activation() const = 0;
  virtual bool has_offsets() const = 0;

  virtual void set_chains(const Rows& hidden) = 0;
  virtual Rows chains() const = 0;
  virtual int64_t n_chains() const = 0;
  /// Inverse temperatures that an adaptive training left, 1 first; empty where none has.
  virtual std::vector<double> betas() const = 0;
  virtual void set_betas(std::vector<double> betas) = 0;
  /// All parts of a state at once: fill(engine) sets them. An engine whose memory is another
  /// device's fills one beside itself, so that nothing has changed where it does not suffice.
  virtual void set_all(const std::function<void(RbmEngine&)>& fill) { fill(*this); }

  /// Its number, each time another. Throws bad_alloc, and has no snapshot then.
  virtual int64_t snapshot() = 0;
  /// An engine that is as this one was at the snapshot of this number; null if there is none or a
  /// later one.
  virtual std::unique_ptr<RbmEngine> copy_of_snapshot(int64_t number) const = 0;
  /// These two throw without a snapshot.
  virtual void restore() = 0;
  virtual WeightChange change_since_snapshot() const = 0;

  virtual TrainResult train(const TrainCall& call, const Run& run) = 0;

  // States that are no bits (base/units.h) come and go as values of the engine's real type.

  /// Means of the hidden units given v into (rows, n_hidden), of the visible ones given h into
  /// (rows, n_visible); of units that are bits, probabilities.
  virtual void mean_hidden(const Rows& visible, RealSpan out, const Run& run) const = 0;
  virtual void mean_visible(const Rows& hidden, RealSpan out, const Run& run) const = 0;
  virtual Rows sample_hidden(const Rows& visible, const DrawSource& source,
                             const Run& run) const = 0;
  virtual Rows sample_visible(const Rows& hidden, const DrawSource& source,
                              const Run& run) const = 0;
  /// The last states of both layers, visible and hidden.
  virtual std::pair<Rows, Rows> gibbs(const GibbsCall& call, const Run& run) const = 0;
  virtual void free_energy(const Rows& visible, double* out, const Run& run) const = 0;
  /// Sum over the visible units i of log P(v_i | all others), where the alternative to v_i is
  /// 1 - v_i; of softmax units, over the groups that have a value. Throws for other units.
  virtual void pseudo_likelihood(const Rows& visible, double* out, const Run& run) const = 0;
  /// Free energies of rows with each unit of a group of softmax units on, (rows, its units),
  /// whatever they have there. `group` is one of several units (units.h).
  virtual void group_energies(const Rows& visible, int64_t group, double* out,
                              const Run& run) const = 0;
  /// The exact log Z (runtime/rbm/evaluate/exact.h) in double, of the weights as sums see them:
  /// rounded, but in a float64 engine.
  /// Z of replicated softmax units is that of all rows of so many words in their order, one for
  /// each of `lengths`; others take {1}.
  virtual std::vector<double> log_partition(const std::vector<int64_t>& lengths,
                                            const Run& run) const = 0;
  /// The log importance weights of all runs, of visible units that do not count words.
  virtual void anneal(const AnnealCall& call, double* log_weights, const Run& run) const = 0;

 private:
  int64_t n_visible_, n_hidden_;
  Units units_;
};

/// Throws NotAvailable where no engine of this precision has such units yet.
std::unique_ptr<RbmEngine> make_rbm_engine(int64_t n_visible, int64_t n_hidden, Precision precision,
                                           const Units& units);

}  // namespace udl
