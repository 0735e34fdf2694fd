#include "runtime/cuda/rbm/steps/tensor_sampler.h"

#include <algorithm>

#include "kernels/cuda/layout.h"
#include "runtime/cuda/rbm/model/states.h"
#include "runtime/cuda/rbm/steps/inference.h"
#include "runtime/cuda/rbm/steps/tensor_chains.h"
#include "runtime/cuda/tensor/trainer.h"

namespace udl::cuda {

bool TensorSampler::serves(const DeviceFacts& facts, int64_t n_visible, int64_t n_hidden) {
  return facts.capability >= kTensorCapability && std::max(n_visible, n_hidden) <= kMostTensorUnits;
}

void TensorSampler::half_step(const DeviceRbmState& state, Towards layer, const plain::States& from,
                              const HalfStepOutput& to) {
  Driver& driver = *state.driver;
  const bool to_hidden = layer == Towards::hidden;
  const int64_t n_from = to_hidden ? state.n_visible : state.n_hidden,
                n_to = to_hidden ? state.n_hidden : state.n_visible;
  const DeviceBuffer<uint32_t> states = tensor_states(driver, from.bits, from.rows, n_from);
  DeviceBuffer<uint32_t> samples(driver,
                                 to.samples != nullptr ? from.rows * state_stride(n_to) : 0);
  samples.zero();  // words beyond the last tile
  HalfStepOutput there = to;
  there.samples = samples.data();
  Inference(state, images_of(state), 1, tiles_, nullptr)
      .half_step(layer, {states.data(), from.rows}, there);
  if (to.samples != nullptr) plain_states(driver, samples, from.rows, n_to, to.samples);
}

void TensorSampler::run_chains(const DeviceRbmState& state, const ChainsOnDevice& chains,
                               const Run& run) {
  run_tensor_chains(state, images_of(state), tiles_, chains, run);
}

const WeightImages& TensorSampler::images_of(const DeviceRbmState& state) {
  if (images_ && version_ == state.version) return *images_;
  images_.reset();  // its memory may be wanted
  images_.emplace(*state.driver, state.weights.data(), state.n_visible, state.n_hidden,
                  state.narrow ? 2 : 3, state.scale_exponent);
  version_ = state.version;
  return *images_;
}

}  // namespace udl::cuda
