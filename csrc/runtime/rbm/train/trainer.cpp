// A whole pass over the data is one parallel region: minibatch after minibatch, each in its stages.
#include "runtime/rbm/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "base/error.h"
#include "runtime/rbm/train/rules/weight_rule.h"
#include "runtime/rbm/train/stages.h"
#include "runtime/rbm/train/training.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The tables that a training goes on with, after those of the model took their place.
class PutAside {
 public:
  explicit PutAside(RbmState& state) : narrow_(state.narrow), exponent_(state.scale_exponent) {
    state.use_tables(state.has_narrow_tables(), 1);  // the other threads wait
  }
  void bring_back(RbmState& state) const {
    state.narrow = narrow_;
    state.scale_exponent = exponent_;
  }

 private:
  const bool narrow_;
  const int exponent_;
};

class FixedTrainer {
 public:
  FixedTrainer(RbmState& state, const TrainCall& call, const Run& run)
      : state_(state),
        poll_(call.poll),
        training_(state, call, run.n_threads),
        stages_(training_) {}

  TrainResult run(const Run& run) {
    const auto start = Clock::now();
    last_poll_ = start;
    parallel_region(run, [&](Team& team) { work(team); });
    result_.stopped = result_.stopped || run.stopped();
    if (!run.stopped()) training_.tempering.respace(state_);
    result_.seconds = seconds_since(start);
    return result_;
  }

 private:
  void work(Team& team) {
    const Minibatches& minibatches = training_.minibatches;
    int exponent = state_.scale_exponent;
    BatchStates states = training_.states.of(minibatches[0]);
    stages_.fetch(team, states.batch);
    stages_.data(team, states, exponent);
    while (states.batch.count > 0 && !team.stopped()) {
      const BatchStates next = training_.states.of(minibatches[states.batch.index + 1]);
      if (poll_due_) poll(team);
      if (team.stopped()) break;          // others may look again: nothing more is written
      const bool stop = stop_requested_;  // written nowhere but in poll
      if (!learn(team, states, next, exponent) || stop) break;
      states = next;
    }
  }

  /// One minibatch, and the data stage of the next, which may be interrupted. False where training
  /// ends.
  bool learn(Team& team, const BatchStates& states, const BatchStates& next, int& exponent) {
    const bool counts = team.thread_index() == 0;
    if (counts) count(states.batch);
    stages_.chain(team, states, next.batch, exponent);
    // All threads read it after the barrier of the next stage, and it is not written again before
    // another barrier.
    if (counts) poll_due_ = poll_ && seconds_since(last_poll_) > kPollSeconds;
    stages_.learn(team, states, next, exponent);
    if (team.stopped()) return false;
    const int assumed = exponent;
    const bool finite = stages_.next_scale(team, exponent);
    if (team.stopped()) return false;  // the scale was not looked at
    if (counts) result_.finite = finite;
    if (!finite) return false;
    if (counts) state_.scale_exponent = exponent;  // for callbacks
    const bool data_are_due = exponent != assumed || stages_.data_come_apart();
    if (data_are_due && next.batch.count > 0) stages_.data(team, next, exponent);
    return true;
  }

  void count(const Minibatch& batch) {
    result_.step = static_cast<int64_t>(training_.draws.step_after(batch.index + 1));
    result_.n_updates += 1;
    result_.n_rows += batch.count;
  }

  /// Callbacks look at the model while no thread changes it: all wait for the one that calls. They
  /// see it with the tables that it has outside of training.
  void poll(Team& team) {
    team.barrier();  // the last stage, which reads tables, may not be over elsewhere
    if (team.stopped()) return;
    if (team.thread_index() == 0) {
      const PutAside tables(state_);
      stop_requested_ = poll_(result_.n_rows);
      result_.stopped = stop_requested_;
      last_poll_ = Clock::now();
      // An interruption meanwhile: nothing more is learned, and others may look still.
      if (!team.check_stop()) tables.bring_back(state_);
    }
    team.barrier();
  }

  RbmState& state_;
  const Poll& poll_;
  Training training_;
  Stages stages_;
  bool poll_due_ = false, stop_requested_ = false;
  Clock::time_point last_poll_;
  TrainResult result_;
};

/// Rows of a minibatch up to which "fast" learns with the tables of "fixed". Narrow ones save
/// little there, less than the norms of narrow integers cost, which every update gathers:
/// docs/kernels.md. Part of every bit that "fast" gives.
constexpr int64_t kMostRowsInWideTables = 16;

int64_t longest_phase(const RbmState& state, const TrainCall& call) {
  const int64_t data_rows = std::min(call.rows.rows(), call.settings.batch_size);
  return call.settings.persistent ? std::max(data_rows, state.n_chains()) : data_rows;
}

/// The tables of a training, and afterwards those of the model again.
class TablesWhileTraining {
 public:
  TablesWhileTraining(RbmState& state, const TrainCall& call, int n_threads)
      : state_(state), n_threads_(n_threads) {
    const bool many_rows = longest_phase(state, call) > kMostRowsInWideTables;
    state_.use_tables(state.has_narrow_tables() && many_rows, n_threads_);
  }
  TablesWhileTraining(const TablesWhileTraining&) = delete;
  TablesWhileTraining& operator=(const TablesWhileTraining&) = delete;
  ~TablesWhileTraining() { state_.use_tables(state_.has_narrow_tables(), n_threads_); }

 private:
  RbmState& state_;
  int n_threads_;
};

/// What bits alone can do is refused to units of other kinds, by the layer's name.
void check_layer(const TrainSettings& settings, const char* layer, UnitKind kind) {
  if (kind == UnitKind::bernoulli) return;
  const std::string units = std::string(layer) + "='" + unit_kind_name(kind) + "'";
  if (settings.sampled_statistics && !has_bits(kind))
    throw_invalid("train: statistics='sampled' counts pairs of bits, got " + units);
  if (!settings.ladder.has_one() && !has_bits(kind))
    throw NotAvailable("train: chains of several temperatures are not available yet with " + units);
}

void check_settings(const RbmState& state, const TrainCall& call) {
  const UnitKind visible = state.visible.kind;
  if (state.visible.counts_words() && call.settings.persistent)
    throw_invalid(
        "train: algorithm 'pcd' has chains without a length, which visible='replicated_softmax' "
        "needs; use algorithm 'cd'");
  check_layer(call.settings, "visible", visible);
  check_layer(call.settings, "hidden", state.hidden.kind);
  const std::string units = std::string("visible='") + unit_kind_name(visible) + "'";
  if (visible == UnitKind::softmax && !call.rows.is_bits() &&
      !state.visible.groups.has_single_units())
    throw_invalid("train: rows must be bits, got real values with " + units);
  if (call.settings.binarize_sample && !has_bits(visible))
    throw_invalid("train: binarize_sample makes bits of rows, got " + units);
}

}  // namespace

TrainResult train_fixed(RbmState& state, const TrainCall& call, const Run& run) {
  check_settings(state, call);
  const TablesWhileTraining tables(state, call, run.n_threads);
  FixedTrainer trainer(state, call, run);
  prepare_velocity(state, call.settings.momentum);
  TrainResult result = trainer.run(run);
  if (run.stopped()) return result;  // perhaps within a poll, while others look
  result.finite = result.finite && state.hidden.is_finite() && state.visible.is_finite();
  state.has_mean_activation =
      state.has_mean_activation || (call.settings.has_sparsity && result.n_updates > 0);
  return result;
}

}  // namespace udl
