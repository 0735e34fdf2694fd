#pragma once
// The coarse seam between Python and computation: one object with the parameters, optimiser state
// and chains of an RBM. A call is a whole pass over data or a whole Gibbs run, never a half step.
#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>

#include "base/sampling.h"
#include "runtime/data/rows.h"
#include "runtime/rbm/model/weight_change.h"

namespace udl {

struct TrainSettings {
  int64_t batch_size = 100;
  bool persistent = false;  ///< PCD instead of CD
  int64_t k = 1;            ///< Gibbs steps an update
  double learning_rate = 0.1;
  double momentum = 0;  ///< 0 keeps no velocity: momentum that starts later starts from rest
  double weight_decay = 0;
  double l1 = 0;
  bool has_sparsity = false;
  double sparsity_target = 0, sparsity_cost = 0, sparsity_damping = 0.9;
  bool sample_visibles = true;  ///< false: the last reconstruction is a probability
  bool sampled_statistics =
      false;  ///< the gradient pairs sampled hidden states instead of probabilities
  bool binarize_sample =
      false;              ///< real-valued rows are probabilities, binarised at every presentation
  int64_t data_step = 0;  ///< minibatches presented before, the step of the `data` stream
};

struct TrainResult {
  int64_t n_updates = 0, n_rows = 0, step = 0;
  bool stopped = false;  ///< poll asked for it
  bool finite = true;    ///< false: weights stopped being finite numbers and training ended there
  double seconds = 0;
};

/// Where the draws of a sampling call come from. Row r of the call is chain first_chain + r.
struct DrawSource {
  uint64_t seed;
  Stream stream;
  uint64_t step;
  uint32_t first_chain;
};

/// Called about every 50 ms on the calling thread with the rows done so far; true asks to stop.
using Poll = std::function<bool(int64_t)>;

/// Arrays of reals cross this interface as float or, for a float64 engine, as double.
class RbmEngine {
 public:
  RbmEngine(int64_t n_visible, int64_t n_hidden) : n_visible_(n_visible), n_hidden_(n_hidden) {}
  virtual ~RbmEngine() = default;

  /// Marks the engine as training; false if it already is. Changing it meanwhile would pull memory
  /// from under the team, so callers refuse to.
  bool try_begin_training() { return !training_.exchange(true); }
  void end_training() { training_ = false; }
  bool is_training() const { return training_; }

  int64_t n_visible() const { return n_visible_; }
  int64_t n_hidden() const { return n_hidden_; }
  /// "fixed", "fast" or "float64".
  virtual const char* precision() const = 0;
  bool is_float64() const { return std::strcmp(precision(), "float64") == 0; }

  /// weights (n_hidden, n_visible) C order. Throws on values that are not finite.
  virtual void set_parameters(const void* weights, const void* hidden_bias,
                              const void* visible_bias) = 0;
  virtual void get_parameters(void* weights, void* hidden_bias, void* visible_bias) const = 0;
  /// Null pointers are left out; mean_activation may be absent (has_mean_activation false).
  virtual void set_optimizer(const void* weight_velocity, const void* hidden_velocity,
                             const void* visible_velocity, const void* mean_activation) = 0;
  virtual void get_optimizer(void* weight_velocity, void* hidden_velocity, void* visible_velocity,
                             void* mean_activation) const = 0;
  virtual bool has_weight_velocity() const = 0;
  virtual bool has_mean_activation() const = 0;

  virtual void set_chains(const Rows& hidden) = 0;
  virtual Rows chains() const = 0;

  virtual void snapshot() = 0;
  virtual void restore() = 0;
  /// Throws without a snapshot.
  virtual WeightChange change_since_snapshot() const = 0;

  /// `order` (rows() indices) may be null. `step` counts Gibbs steps this stream has made.
  virtual TrainResult train(const Rows& rows, const uint32_t* order, const TrainSettings& settings,
                            uint64_t seed, uint64_t step, int n_threads, const Poll& poll) = 0;

  /// P(h | v) into (rows, n_hidden), P(v | h) into (rows, n_visible).
  virtual void mean_hidden(const Rows& visible, void* out, int n_threads) const = 0;
  virtual void mean_visible(const Rows& hidden, void* out, int n_threads) const = 0;
  virtual Rows sample_hidden(const Rows& visible, const DrawSource& source,
                             int n_threads) const = 0;
  virtual Rows sample_visible(const Rows& hidden, const DrawSource& source,
                              int n_threads) const = 0;
  /// n_steps >= 1 of hidden given visible, then visible given hidden; the last states of both.
  virtual std::pair<Rows, Rows> gibbs(const Rows& visible, int64_t n_steps,
                                      const DrawSource& source, int n_threads) const = 0;
  virtual void free_energy(const Rows& visible, double* out, int n_threads) const = 0;

 private:
  int64_t n_visible_, n_hidden_;
  std::atomic<bool> training_{false};
};

/// precision "fixed" (packed bits, exact integer sums), "fast" (the same with weights of about 10
/// bits in 16-bit tables) or "float64" (plain loops in double).
std::unique_ptr<RbmEngine> make_rbm_engine(int64_t n_visible, int64_t n_hidden,
                                           const std::string& precision);

}  // namespace udl
