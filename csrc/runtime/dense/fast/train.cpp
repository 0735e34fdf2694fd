// A whole pass over the rows is one parallel region: minibatch after minibatch, each in its stages.
#include <algorithm>
#include <chrono>
#include <cmath>

#include "runtime/dense/fast/engine.h"
#include "runtime/dense/fast/optimiser.h"
#include "runtime/dense/fast/stages/stages.h"

namespace udl {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class FastTrainer {
 public:
  FastTrainer(FastState& net, const NetTrainCall& call, const Run& run)
      : net_(net),
        call_(call),
        draws_(call.seed, call.step),
        batch_size_(std::clamp<int64_t>(call.settings.batch_size, 1,
                                        std::max<int64_t>(call.examples.rows.rows(), 1))),
        adam_steps_(net.adam_steps),
        stages_(net, call.examples, call.settings.objective, draws_, batch_size_, run.n_threads) {}

  NetTrainResult run(const Run& run) {
    const auto start = Clock::now();
    last_poll_ = start;
    parallel_region(run, [&](Team& team) { work(team); });
    result_.stopped = result_.stopped || run.stopped();
    result_.step = static_cast<int64_t>(call_.step) + result_.n_updates;
    result_.loss = loss_ / static_cast<double>(std::max<int64_t>(result_.n_rows, 1));
    result_.seconds = seconds_since(start);
    return result_;
  }

 private:
  /// The one after the last has no rows.
  NetPart minibatch(int64_t index) const {
    const int64_t n_rows = call_.examples.rows.rows();
    const int64_t first = std::min(index * batch_size_, n_rows);
    return {index, index, first, std::min(batch_size_, n_rows - first), 0};
  }

  void work(Team& team) {
    NetPart part = minibatch(0);
    stages_.fetch(team, part);
    while (part.count > 0 && !team.stopped()) {
      if (poll_due_) poll(team);
      if (team.stopped() || stop_requested_) break;
      const NetPart next = minibatch(part.index + 1);
      if (!learn(team, part, next)) break;
      part = next;
    }
  }

  /// False where training ends: at a loss that is no number nothing more is learned.
  bool learn(Team& team, const NetPart& part, const NetPart& next) {
    const Objective& objective = call_.settings.objective;
    const float factor = 1.0f / static_cast<float>(part.count);
    stages_.forward(team, part);
    if (objective.has_sparsity()) {
      if (team.thread_index() == 0) stages_.clear_means();
      team.barrier();
      stages_.add_means(team, part);
      stages_.find_terms(team, part.count, factor);
    }
    const double loss = stages_.loss(team, part, factor);
    if (team.stopped()) return false;
    const bool finite = std::isfinite(loss), counts = team.thread_index() == 0;
    if (counts) count(part, loss, finite);
    if (!finite) return false;
    // Written before the barriers of the stages below, read after them.
    if (counts) poll_due_ = call_.poll && seconds_since(last_poll_) > kPollSeconds;
    const int64_t t = adam_steps_ + part.index + 1;
    const GradientUse use{optimizer_step(call_.settings.rule, objective, t), &net_.values,
                          net_.first.empty() ? nullptr : &net_.first,
                          net_.second.empty() ? nullptr : &net_.second};
    stages_.backward(team, part, use, next);
    if (counts && net_.memory == Memory::adam) net_.adam_steps = t;
    return true;
  }

  void count(const NetPart& part, double loss, bool finite) {
    result_.finite = finite;
    result_.n_updates += 1;
    result_.n_rows += part.count;
    loss_ += loss;
  }

  /// Callbacks look at the model while no thread changes it: all wait for the one that calls.
  void poll(Team& team) {
    if (team.thread_index() == 0) {
      stop_requested_ = call_.poll(result_.n_rows);
      result_.stopped = stop_requested_;
      last_poll_ = Clock::now();
      team.check_stop();
    }
    team.barrier();
  }

  FastState& net_;
  const NetTrainCall& call_;
  const NetDraws draws_;
  const int64_t batch_size_, adam_steps_;
  FastStages stages_;
  bool poll_due_ = false, stop_requested_ = false;
  Clock::time_point last_poll_;
  double loss_ = 0;
  NetTrainResult result_;
};

}  // namespace

NetTrainResult FastNetEngine::train(const NetTrainCall& call, const Run& run) {
  prepare_memory(state_, call.settings.rule);
  FastTrainer trainer(state_, call, run);
  NetTrainResult result = trainer.run(run);
  if (run.stopped()) return result;  // perhaps within a poll, while others look
  result.finite = result.finite && state_.is_finite();
  return result;
}

}  // namespace udl
