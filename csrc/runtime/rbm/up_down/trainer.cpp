// A whole pass over the data is one parallel region: minibatch after minibatch, each in its passes.
#include "runtime/rbm/up_down/trainer.h"

#include <chrono>
#include <deque>
#include <vector>

#include "runtime/data/minibatches.h"
#include "runtime/rbm/steps/draw_schedule.h"
#include "runtime/rbm/up_down/directed_layer.h"
#include "runtime/rbm/up_down/top_rbm.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

RowForm row_form(const TrainCall& call) {
  const bool bits = call.rows.is_bits() || call.settings.binarize_sample;
  return bits ? RowForm::as_they_are : RowForm::dense_values;
}

/// Scales of the weights as one thread knows them.
struct Exponents {
  std::vector<int> recognition, generative;
  int top;
};

class UpDownTrainer {
 public:
  UpDownTrainer(const UpDownNet& net, const UpDownCall& call, const Run& run)
      : train_(call.train),
        n_directed_(net.n_directed()),
        draws_(train_.settings, train_.seed, train_.step),
        minibatches_(train_.rows, train_.order, train_.settings.batch_size,
                     train_.settings.binarize_sample, row_form(train_)),
        top_(*net.top, call, net.n_units(n_directed_), minibatches_.max_rows(), run.n_threads) {
    const int64_t max_rows = minibatches_.max_rows();
    for (int64_t l = 0; l < n_directed_; ++l) {
      recognition_.emplace_back(*net.recognition[l], train_.settings, max_rows, run.n_threads);
      generative_.emplace_back(*net.generative[l], train_.settings, max_rows, run.n_threads);
    }
    for (int64_t l = 0; l <= n_directed_; ++l) allocate(l, net.n_units(l), max_rows);
  }

  TrainResult run(const Run& run) {
    const auto start = Clock::now();
    last_poll_ = start;
    parallel_region(run, [&](Team& team) { work(team); });
    result_.stopped = result_.stopped || run.stopped();
    result_.seconds = seconds_since(start);
    return result_;
  }

 private:
  /// States of a layer of units, in both phases.
  void allocate(int64_t l, int64_t n_units, int64_t max_rows) {
    LayerStates &wake = wake_.emplace_back(), &sleep = sleep_.emplace_back();
    if (l == 0 && minibatches_.have_values()) wake.allocate_values(max_rows, n_units);
    if (is_real(l)) return sleep.allocate_value_tiles(round_up(max_rows, 4), n_units);
    for (LayerStates* states : {&wake, &sleep}) {
      states->allocate_bits(max_rows, n_units);
      states->allocate_units(max_rows, n_units);
    }
  }

  Exponents exponents() const {
    Exponents found;
    for (const DirectedLayer& layer : recognition_)
      found.recognition.push_back(layer.scale_exponent());
    for (const DirectedLayer& layer : generative_)
      found.generative.push_back(layer.scale_exponent());
    found.top = top_.scale_exponent();
    return found;
  }

  void work(Team& team) {
    Exponents exponents = this->exponents();
    for (Minibatch batch = minibatches_[0]; batch.count > 0 && !team.stopped();
         batch = minibatches_[batch.index + 1]) {
      if (poll_due_) poll(team);
      // Written nowhere but in poll. After an interruption others may look again: nothing more is
      // written.
      if (team.stopped() || stop_requested_) break;
      if (!learn(team, batch, exponents)) break;
    }
  }

  /// False where training ends.
  bool learn(Team& team, const Minibatch& batch, Exponents& exponents) {
    const bool counts = team.thread_index() == 0;
    if (counts) count(batch);
    fetch(team, batch);
    go_up(team, batch, exponents);
    top_.run_chains(team, batch, wake_[n_directed_].bits.view(batch.count), exponents.top,
                    sleep_[n_directed_].bits.view(batch.count));
    go_down(team, batch, exponents);
    // All threads read it after the barriers below, and it is not written again before another.
    if (counts) poll_due_ = train_.poll && seconds_since(last_poll_) > kPollSeconds;
    top_.learn(team, batch, exponents.top);
    learn_directed(team, batch, exponents);
    if (team.stopped()) return false;
    const bool finite = next_scales(team, exponents);
    if (team.stopped()) return false;  // the scales were not looked at
    if (counts) result_.finite = finite;
    if (finite && counts) keep_scales(exponents);
    return finite;
  }

  void fetch(Team& team, const Minibatch& batch) {
    team.for_each(Minibatches::blocks(batch), [&](int64_t block) {
      minibatches_.fetch(batch, block, draws_.data(batch.index), wake_[0].room());
    });
  }

  void go_up(Team& team, const Minibatch& batch, const Exponents& exponents) {
    for (int64_t l = 0; l < n_directed_; ++l)
      recognition_[l].draw(team, view(wake_, l, batch), exponents.recognition[l],
                           key(Stream::wake, l + 1, batch), wake_[l + 1]);
  }

  void go_down(Team& team, const Minibatch& batch, const Exponents& exponents) {
    for (int64_t l = n_directed_ - 1; l >= 0; --l) {
      const StatesView above = view(sleep_, l + 1, batch);
      if (is_real(l))
        generative_[l].find_means(team, above, exponents.generative[l], sleep_[l]);
      else
        generative_[l].draw(team, above, exponents.generative[l], key(Stream::sleep, l, batch),
                            sleep_[l]);
    }
  }

  void learn_directed(Team& team, const Minibatch& batch, const Exponents& exponents) {
    for (int64_t l = 0; l < n_directed_; ++l) {
      generative_[l].learn(team, view(wake_, l + 1, batch), view(wake_, l, batch),
                           exponents.generative[l]);
      recognition_[l].learn(team, view(sleep_, l, batch), view(sleep_, l + 1, batch),
                            exponents.recognition[l]);
    }
  }

  bool next_scales(Team& team, Exponents& exponents) {
    bool finite = top_.next_scale(team, exponents.top);
    for (int64_t l = 0; l < n_directed_ && finite; ++l)
      finite = recognition_[l].next_scale(team, exponents.recognition[l]) &&
               generative_[l].next_scale(team, exponents.generative[l]);
    return finite;
  }

  /// For callbacks.
  void keep_scales(const Exponents& exponents) {
    top_.set_scale(exponents.top);
    for (int64_t l = 0; l < n_directed_; ++l) {
      recognition_[l].set_scale(exponents.recognition[l]);
      generative_[l].set_scale(exponents.generative[l]);
    }
  }

  bool is_real(int64_t l) const { return l == 0 && !minibatches_.have_bits(); }
  StatesView view(std::vector<LayerStates>& states, int64_t l, const Minibatch& batch) {
    return states[l].view(batch.count, is_real(l));
  }
  DrawKey key(Stream stream, int64_t l, const Minibatch& batch) const {
    return make_draw_key(train_.seed, stream, static_cast<uint32_t>(l),
                         draws_.step_after(batch.index));
  }

  void count(const Minibatch& batch) {
    result_.step = static_cast<int64_t>(draws_.step_after(batch.index + 1));
    result_.n_updates += 1;
    result_.n_rows += batch.count;
  }

  /// Callbacks look at the model while no thread changes it: all wait for the one that calls.
  void poll(Team& team) {
    team.barrier();
    if (team.stopped()) return;
    if (team.thread_index() == 0) {
      stop_requested_ = train_.poll(result_.n_rows);
      result_.stopped = stop_requested_;
      last_poll_ = Clock::now();
      team.check_stop();
    }
    team.barrier();
  }

  const TrainCall& train_;
  const int64_t n_directed_;
  const DrawSchedule draws_;
  const Minibatches minibatches_;
  TopRbm top_;
  std::deque<DirectedLayer> recognition_, generative_;  // they stay where they are
  std::vector<LayerStates> wake_, sleep_;
  bool poll_due_ = false, stop_requested_ = false;
  Clock::time_point last_poll_;
  TrainResult result_;
};

}  // namespace

TrainResult train_up_down(const UpDownNet& net, const UpDownCall& call, const Run& run) {
  std::vector<RbmState*> states = {net.top};
  states.insert(states.end(), net.recognition.begin(), net.recognition.end());
  states.insert(states.end(), net.generative.begin(), net.generative.end());
  UpDownTrainer trainer(net, call, run);
  for (RbmState* state : states) prepare_velocity(*state, call.train.settings.momentum);
  TrainResult result = trainer.run(run);
  if (run.stopped()) return result;
  for (const RbmState* state : states)
    result.finite = result.finite && state->hidden.is_finite() && state->visible.is_finite();
  return result;
}

}  // namespace udl
