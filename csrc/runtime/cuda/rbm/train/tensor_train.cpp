#include "runtime/cuda/rbm/train/tensor_train.h"

#include <algorithm>
#include <chrono>

#include "kernels/cuda/plain/states.h"
#include "runtime/cuda/rbm/model/states.h"

namespace udl::cuda {
namespace {

using Clock = std::chrono::steady_clock;

/// Persistent chains as tensor cores read them, for the time of a pass.
class Chains {
 public:
  Chains(DeviceRbmState& state, bool are_used)
      : state_(state), n_rows_(are_used ? state.n_chains() : 0), words_(*state.driver) {
    if (n_rows_ > 0)
      words_ = tensor_states(*state.driver, state.chains.data(), n_rows_, state.n_hidden);
  }
  uint32_t* words() { return words_.data(); }
  void bring_back() {
    if (n_rows_ > 0)
      plain_states(*state_.driver, words_, n_rows_, state_.n_hidden, state_.chains.data());
  }

 private:
  DeviceRbmState& state_;
  const int64_t n_rows_;
  DeviceBuffer<uint32_t> words_;
};

ModelArrays arrays_of(DeviceRbmState& state, Chains& chains) {
  return {state.n_visible,
          state.n_hidden,
          state.weights.data(),
          state.weight_velocity.data(),
          state.hidden.bias.data(),
          state.visible.bias.data(),
          state.hidden.velocity.data(),
          state.visible.velocity.data(),
          state.mean_activation.data(),
          chains.words()};
}

}  // namespace

bool tensor_cores_train(const DeviceRbmState& state, const DeviceTrainCall& call) {
  return call.rows.are_bits() && call.rows.rows() > 0 &&
         std::max(state.n_visible, state.n_hidden) <= kMostTensorUnits &&
         tensor_cores_serve(state.driver->facts(), call.settings, call.rows.rows(),
                            state.n_chains());
}

TrainResult train_on_tensor_cores(DeviceRbmState& state, TensorTrainer& trainer,
                                  const DeviceTrainCall& call, const Run& run) {
  const auto start = Clock::now();
  TensorPass pass{};
  pass.model.n_visible = state.n_visible;
  pass.model.n_hidden = state.n_hidden;
  pass.rows = {call.rows.states().bits, plain::state_words(state.n_visible)};
  pass.n_rows = call.rows.rows();
  pass.order = call.order;
  pass.n_chains = state.n_chains();
  pass.settings = call.settings;
  pass.fast = state.fast;
  pass.has_mean_activation = state.has_mean_activation;
  pass.seed = call.seed;
  pass.step = call.step;
  // Where memory is missing nothing has changed.
  trainer.make_room(pass);
  Chains chains(state, call.settings.persistent);
  state.prepare_velocity(call.settings.momentum);
  pass.model = arrays_of(state, chains);
  // Who looks at the model meanwhile sees it at the scale of its weights.
  if (call.poll)
    pass.poll = [&](int64_t n_rows) {
      chains.bring_back();
      state.find_scale(state.scale_exponent);
      return call.poll(n_rows);
    };
  if (run.interrupt != nullptr) pass.is_interrupted = [&] { return run.interrupt->ask(); };
  const TensorResult found = trainer.train(pass);
  chains.bring_back();
  state.find_scale(state.scale_exponent);
  TrainResult result;
  result.n_updates = found.n_updates;
  result.n_rows = found.n_rows;
  result.step = found.step;
  result.stopped = found.stopped;
  result.finite = found.finite && state.has_finite_biases();
  result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  state.has_mean_activation =
      state.has_mean_activation || (call.settings.has_sparsity && result.n_updates > 0);
  return result;
}

}  // namespace udl::cuda
