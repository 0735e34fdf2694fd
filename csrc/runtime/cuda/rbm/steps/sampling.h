#pragma once
// Means, samples, Gibbs chains and free energies of rows of callers.
#include <optional>
#include <utility>

#include "runtime/cuda/rbm/model/state.h"
#include "runtime/cuda/rbm/steps/clamp.h"
#include "runtime/cuda/rbm/steps/half_step.h"
#include "runtime/cuda/rbm/steps/tensor_sampler.h"
#include "runtime/rbm/engine.h"

namespace udl::cuda {

/// How means and free energies of many rows are worked out: some of them at a time, whose results
/// take about so many bytes of the device's memory. What is found means nothing once run.stopped().
struct Work {
  const Run& run;
  int64_t bytes = kBytes;

  static constexpr int64_t kBytes = int64_t{256} << 20;
};

// By tensor cores where there is a sampler, which wants rows of bits; by plain kernels where it is
// null.

/// P(units of the layer | rows) into (rows, n_units).
void write_means(const DeviceRbmState& state, Towards layer, const Rows& rows, float* out,
                 TensorSampler* tensor, const Work& work);

Rows draw_samples(const DeviceRbmState& state, Towards layer, const Rows& rows,
                  const DrawKey& draws, uint32_t first_chain, TensorSampler* tensor);

/// RbmEngine::gibbs.
std::pair<Rows, Rows> run_chains(const DeviceRbmState& state, const GibbsCall& call, const Run& run,
                                 TensorSampler* tensor);

/// Sums of hidden units are made on the device, in float32; logarithms and what visible units have
/// are the host's, in the CPU engine's order.
void write_free_energies(const DeviceRbmState& state, const Rows& visible, double* out,
                         const Work& work);

// The same where the rows are, and what is found stays, in the memory of the model's device. It is
// complete once the driver was synchronised.

DeviceBuffer<float> means_on_device(const DeviceRbmState& state, Towards layer,
                                    const DeviceRows& rows, TensorSampler* tensor);

DeviceRows samples_on_device(const DeviceRbmState& state, Towards layer, const DeviceRows& rows,
                             const DrawKey& draws, uint32_t first_chain, TensorSampler* tensor);

/// Visible units that are held: the mask of the host, the values there or on the device.
struct HeldUnits {
  const Rows* mask = nullptr;
  const Rows* values = nullptr;
  const DeviceRows* values_there = nullptr;  ///< where `values` is null

  void put(Driver& driver, std::optional<DeviceClamp>& clamp) const {
    if (values != nullptr)
      clamp.emplace(driver, Clamp{*mask, *values});
    else
      clamp.emplace(driver, *mask, *values_there);
  }
};

/// GibbsCall (runtime/rbm/engine.h) of such rows.
struct DeviceGibbsCall {
  const DeviceRows& visible;
  int64_t n_steps;
  DrawSource source;
  const HeldUnits* held = nullptr;  ///< null: all units are free
  double beta = 1;
  bool wants_means = false;
};

struct DeviceChains {
  DeviceRows visible, hidden;
  DeviceBuffer<float> means;  ///< of visible units, if they are wanted
};

/// Means nothing once run.stopped().
DeviceChains run_chains_on_device(const DeviceRbmState& state, const DeviceGibbsCall& call,
                                  const Run& run, TensorSampler* tensor);

/// What is put together by the host goes there and back: half a byte a hidden unit and row, and 8
/// bytes a row. The rows do not.
DeviceBuffer<double> free_energies_on_device(const DeviceRbmState& state, const DeviceRows& visible,
                                             const Work& work);

}  // namespace udl::cuda
