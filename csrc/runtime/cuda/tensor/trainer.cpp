#include "runtime/cuda/tensor/trainer.h"

#include <algorithm>
#include <chrono>

#include "base/fixed.h"
#include "base/view.h"

namespace udl::cuda {
namespace {

using Clock = std::chrono::steady_clock;

/// Minibatches of a graph.
constexpr int64_t kGraphMinibatches = 16;
/// Work asked for at once where somebody may want to end it early, as it turns out: at most twice
/// as long, and a wait of some microseconds after it.
constexpr double kSecondsAtOnce = 0.02;
/// Rows of a minibatch, chains included, up to which "fast" learns with the integers of "fixed"
/// (docs/numerics.md).
constexpr int64_t kMostRowsOfWideIntegers = 16;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

int64_t batch_rows(const TensorPass& pass) {
  return std::clamp<int64_t>(pass.settings.batch_size, 1, std::max<int64_t>(pass.n_rows, 1));
}

RoomSize room_size(const TensorPass& pass) {
  const int64_t data_rows = batch_rows(pass);
  const bool persistent = pass.settings.persistent;
  const int64_t chain_rows = persistent ? pass.n_chains : data_rows;
  const bool narrow = pass.fast && std::max(data_rows, chain_rows) > kMostRowsOfWideIntegers;
  RoomSize size{};
  size.n_visible = pass.model.n_visible;
  size.n_hidden = pass.model.n_hidden;
  size.data_rows = data_rows;
  size.chain_rows = chain_rows;
  size.n_rows = pass.n_rows;
  size.n_slices = narrow ? 2 : 3;
  size.samples = pass.settings.sampled_statistics;
  size.sparsity = pass.settings.has_sparsity;
  size.unlike = persistent && (chain_rows != data_rows || pass.n_rows % data_rows != 0);
  return size;
}

RunState first_state(const TensorPass& pass, int exponent) {
  const TrainSettings& settings = pass.settings;
  RunState state{};
  state.seed = pass.seed;
  state.first_step = pass.step;
  state.n_rows = pass.n_rows;
  state.batch_size = static_cast<int32_t>(batch_rows(pass));
  state.n_minibatches = static_cast<int32_t>(divide_up(pass.n_rows, state.batch_size));
  state.n_chains = settings.persistent ? static_cast<int32_t>(pass.n_chains) : 0;
  state.steps_per_minibatch = static_cast<int32_t>(
      settings.k + (settings.sampled_statistics && !settings.persistent ? 1 : 0));
  state.learning_rate = static_cast<float>(settings.learning_rate);
  state.momentum = static_cast<float>(settings.momentum);
  state.weight_decay = static_cast<float>(settings.weight_decay);
  state.l1 = static_cast<float>(settings.l1);
  state.sparsity_target = static_cast<float>(settings.sparsity_target);
  state.sparsity_cost = static_cast<float>(settings.sparsity_cost);
  state.sparsity_damping = static_cast<float>(settings.sparsity_damping);
  state.has_mean_activation = pass.has_mean_activation ? 1 : 0;
  state.exponent = exponent;
  return state;
}

}  // namespace

bool tensor_cores_serve(const DeviceFacts& facts, const TrainSettings& settings, int64_t n_rows,
                        int64_t n_chains) {
  const int64_t data_rows = std::min(settings.batch_size, n_rows);
  return facts.capability >= kTensorCapability && settings.sample_visibles &&
         settings.ladder.has_one() && settings.max_norm == 0 && !settings.centered &&
         !settings.binarize_sample && data_rows <= kMaxRowsPerSum &&
         (!settings.persistent || n_chains <= kMaxRowsPerSum);
}

TensorResult TensorTrainer::train(const TensorPass& pass) {
  TensorResult result;
  result.step = static_cast<int64_t>(pass.step);
  if (pass.n_rows == 0) return result;
  make_room(pass);
  const RoomSize size = room_->size();
  const Plan plan(pass.model, pass.rows, pass.order != nullptr, *room_, pass.settings,
                  driver_.facts().n_multiprocessors, tiles_);
  try {
    begin(pass, size, plan);
    run_minibatches(pass, plan, result);
  } catch (...) {
    captured_.reset();
    room_.reset();  // what kernels rely on being 0 may not be
    throw;
  }
  const RunState last = state();
  exponent_ = last.exponent;
  result.n_updates = last.minibatch;
  result.n_rows = std::min<int64_t>(int64_t{last.minibatch} * last.batch_size, last.n_rows);
  result.step =
      static_cast<int64_t>(pass.step) + int64_t{last.minibatch} * last.steps_per_minibatch;
  result.finite = last.not_finite == 0;
  if (!result.finite) room_.reset();
  return result;
}

/// That of the pass before, if it serves; else it is given back first.
void TensorTrainer::make_room(const TensorPass& pass) {
  const RoomSize size = room_size(pass);
  if (room_ && room_->size() == size) return;
  captured_.reset();
  room_.reset();
  room_.emplace(driver_, size);
}

void TensorTrainer::begin(const TensorPass& pass, const RoomSize& size, const Plan& plan) {
  const RunState state = first_state(pass, exponent_);
  driver_.copy_to_device(room_->arrays().run, &state, sizeof state);
  if (pass.order != nullptr)
    driver_.copy_to_device(room_->arrays().order, pass.order,
                           static_cast<std::size_t>(pass.n_rows) * sizeof(uint32_t));
  plan.begin(driver_, size.n_slices == 2);
}

/// Where somebody may end the pass early it is waited for now and then; else the device is left
/// alone until the end.
void TensorTrainer::run_minibatches(const TensorPass& pass, const Plan& plan,
                                    TensorResult& result) {
  const int64_t n = divide_up(pass.n_rows, batch_rows(pass));
  const bool looks_up = pass.poll || pass.is_interrupted;
  int64_t at_once = looks_up ? kGraphMinibatches : n;
  auto last_poll = Clock::now();
  for (int64_t done = 0; done < n && !result.stopped;) {
    const auto start = Clock::now();
    const int64_t some = std::min(at_once, n - done);
    run_some(plan, some);
    done += some;
    if (!looks_up) continue;
    driver_.synchronise();
    if (seconds_since(start) < kSecondsAtOnce) at_once *= 2;
    if (pass.is_interrupted && pass.is_interrupted()) result.stopped = true;
    if (!pass.poll || done >= n || seconds_since(last_poll) < kPollSeconds) continue;
    if (pass.poll(std::min(done * batch_rows(pass), pass.n_rows))) result.stopped = true;
    last_poll = Clock::now();
  }
}

/// Minibatches behind the last one of the pass do nothing.
void TensorTrainer::run_some(const Plan& plan, int64_t n) {
  if (n < kGraphMinibatches) {
    for (int64_t i = 0; i < n; ++i) plan.run(driver_);
    return;
  }
  for (int64_t i = 0; i < n; i += kGraphMinibatches) replay(plan);
}

void TensorTrainer::replay(const Plan& plan) {
  if (!captured_ || !(captured_->plan == plan)) {
    captured_.reset();
    captured_.emplace(Captured{plan, capture(plan)});
  }
  driver_.replay(captured_->graph);
}

Graph TensorTrainer::capture(const Plan& plan) {
  driver_.begin_capture();
  try {
    for (int64_t i = 0; i < kGraphMinibatches; ++i) plan.run(driver_);
  } catch (...) {
    driver_.abandon_capture();
    throw;
  }
  return driver_.end_capture();
}

RunState TensorTrainer::state() const {
  RunState state;
  driver_.copy_to_host(&state, room_->arrays().run, sizeof state);
  return state;
}

}  // namespace udl::cuda
