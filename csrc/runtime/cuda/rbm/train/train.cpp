#include "runtime/cuda/rbm/train/train.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "runtime/cuda/rbm/train/learning_rule.h"
#include "runtime/cuda/rbm/train/minibatches.h"
#include "runtime/cuda/rbm/train/phases.h"

namespace udl::cuda {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void check_available(const DeviceTrainCall& call) {
  if (!call.settings.ladder.has_one())
    throw NotAvailable("train: a GPU has no algorithm='pt' yet; use device='cpu'");
  if (call.settings.centered)
    throw NotAvailable("train: a GPU does not learn centred models yet; use device='cpu'");
  if (call.settings.sampled_statistics && !call.rows.are_bits() && !call.settings.binarize_sample)
    throw_invalid("train: statistics='sampled' needs rows of bits, got real values");
}

/// Rows of a minibatch up to which "fast" learns with the integers of "fixed": the rule of the CPU
/// (runtime/rbm/train/trainer.cpp), part of every bit.
constexpr int64_t kMostRowsInWideTables = 16;

bool learns_narrow(const DeviceRbmState& state, const DeviceTrainCall& call) {
  const int64_t data_rows = std::min(call.rows.rows(), call.settings.batch_size);
  const int64_t longest =
      call.settings.persistent ? std::max(data_rows, state.n_chains()) : data_rows;
  return state.fast && longest > kMostRowsInWideTables;
}

/// The integers of a training; afterwards, however it ends, and while others look, those of the
/// model.
class IntegersWhileTraining {
 public:
  IntegersWhileTraining(DeviceRbmState& state, const DeviceTrainCall& call)
      : state_(state), narrow_(learns_narrow(state, call)) {
    bring_back();
  }
  ~IntegersWhileTraining() {
    try {
      put_aside();
    } catch (...) {  // of a device that is lost: what led here is worth more
    }
  }
  IntegersWhileTraining(const IntegersWhileTraining&) = delete;
  IntegersWhileTraining& operator=(const IntegersWhileTraining&) = delete;

  void put_aside() { state_.use_narrow(state_.fast); }
  void bring_back() { state_.use_narrow(narrow_); }

 private:
  DeviceRbmState& state_;
  const bool narrow_;
};

class DeviceTrainer {
 public:
  DeviceTrainer(DeviceRbmState& state, const DeviceTrainCall& call)
      : state_(state),
        call_(call),
        draws_(call.settings, call.seed, call.step),
        minibatches_(*state.driver, call),
        phases_(state, call.settings, draws_, minibatches_.max_rows(), minibatches_.have_bits()),
        rule_(state, call.settings, draws_,
              std::max(minibatches_.max_rows(), phases_.max_chain_rows())) {}

  TrainResult run(const Run& run) {
    const auto start = Clock::now();
    last_poll_ = start;
    IntegersWhileTraining integers(state_, call_);
    for (int64_t index = 0; index < minibatches_.count() && !is_over(run, index, integers); ++index)
      learn(index);
    integers.put_aside();
    result_.seconds = seconds_since(start);
    return result_;
  }

 private:
  bool is_over(const Run& run, int64_t index, IntegersWhileTraining& integers) {
    if (!result_.finite) return true;
    if (run.interrupt != nullptr && run.interrupt->ask()) result_.stopped = true;
    if (!result_.stopped && index > 0) poll(integers);
    return result_.stopped;
  }

  /// Callbacks see the model as it is outside of training.
  void poll(IntegersWhileTraining& integers) {
    if (!call_.poll || seconds_since(last_poll_) < kPollSeconds) return;
    integers.put_aside();
    result_.stopped = call_.poll(result_.n_rows);
    integers.bring_back();
    last_poll_ = Clock::now();
  }

  void learn(int64_t index) {
    const plain::States rows = minibatches_.fetch(index, draws_.data(index));
    const plain::Phase data = phases_.data(index, rows);
    const plain::Phase model = phases_.model(index, rows.rows);
    result_.finite = rule_.apply(index, data, model);
    result_.step = static_cast<int64_t>(draws_.step_after(index + 1));
    result_.n_updates += 1;
    result_.n_rows += rows.rows;
  }

  DeviceRbmState& state_;
  const DeviceTrainCall& call_;
  const DrawSchedule draws_;
  DeviceMinibatches minibatches_;
  Phases phases_;
  LearningRule rule_;
  Clock::time_point last_poll_;
  TrainResult result_;
};

}  // namespace

TrainResult train_on_device(DeviceRbmState& state, const DeviceTrainCall& call, const Run& run) {
  check_available(call);
  DeviceTrainer trainer(state, call);
  state.prepare_velocity(call.settings.momentum);  // the last that wants memory
  TrainResult result = trainer.run(run);
  result.finite = result.finite && state.has_finite_biases();
  state.has_mean_activation =
      state.has_mean_activation || (call.settings.has_sparsity && result.n_updates > 0);
  return result;
}

}  // namespace udl::cuda
