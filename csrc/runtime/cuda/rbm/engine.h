#pragma once
// An RBM on a GPU behind the seam of all engines.
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "runtime/cuda/rbm/arrays/held_rows.h"
#include "runtime/cuda/rbm/model/state.h"
#include "runtime/cuda/rbm/steps/kernel_choice.h"
#include "runtime/cuda/rbm/steps/sampling.h"
#include "runtime/cuda/rbm/steps/tensor_sampler.h"
#include "runtime/cuda/rbm/train/tensor_train.h"
#include "runtime/rbm/stateful_engine.h"
#include "runtime/threads/turns.h"

namespace udl::cuda {

/// What takes a model's whole distribution (log Z, annealing, pseudo-likelihood) is not done here:
/// these methods throw NotAvailable, and callers make an engine of the CPU of the state. What is
/// asked from several threads is done one after the other.
class DeviceRbmEngine final : public StatefulEngine<DeviceRbmState> {
 public:
  DeviceRbmEngine(std::shared_ptr<Driver> driver, int64_t n_visible, int64_t n_hidden, bool fast);

  /// Number of the device.
  int device() const { return state_.driver->facts().number; }
  Precision precision() const override { return state_.fast ? Precision::fast : Precision::fixed; }

  void set_all(const std::function<void(RbmEngine&)>& fill) override { set_all_beside(fill); }

  TrainResult train(const TrainCall& call, const Run& run) override;
  /// What trains from now on, and tiles of tensor cores (none: those that fill the device best).
  /// Neither changes a bit.
  void set_training(KernelChoice kernels, std::optional<TileSize> tiles);
  /// The same of means, samples and chains, and of how many bytes means and free energies of rows
  /// of the host take at a time.
  void set_sampling(KernelChoice kernels, std::optional<TileSize> tiles,
                    int64_t work_bytes = Work::kBytes);

  void mean_hidden(const Rows& visible, RealSpan out, const Run& run) const override;
  void mean_visible(const Rows& hidden, RealSpan out, const Run& run) const override;
  Rows sample_hidden(const Rows& visible, const DrawSource& source, const Run& run) const override;
  Rows sample_visible(const Rows& hidden, const DrawSource& source, const Run& run) const override;
  std::pair<Rows, Rows> gibbs(const GibbsCall& call, const Run& run) const override;
  void free_energy(const Rows& visible, double* out, const Run& run) const override;
  void pseudo_likelihood(const Rows& visible, double* out, const Run& run) const override;
  void group_energies(const Rows& visible, int64_t group, double* out,
                      const Run& run) const override;
  std::vector<double> log_partition(const std::vector<int64_t>& lengths,
                                    const Run& run) const override;
  void anneal(const AnnealCall& call, double* log_weights, const Run& run) const override;

  // The same of rows in the device's memory, where what is found stays: complete on return. They
  // are rows of this device, with as many columns as the layer they are of has units. The driver of
  // the rows does what is asked of results later: that of the engine may be noting a graph then.

  TrainResult train(const DeviceTrainCall& call, const Run& run);
  DeviceArray mean_hidden(const HeldRows& visible) const {
    return means(Towards::hidden, visible, "mean_hidden");
  }
  DeviceArray mean_visible(const HeldRows& hidden) const {
    return means(Towards::visible, hidden, "mean_visible");
  }
  HeldRows sample_hidden(const HeldRows& visible, const DrawSource& source) const;
  HeldRows sample_visible(const HeldRows& hidden, const DrawSource& source) const;
  /// Visible and hidden states, or the means of the visible units alone.
  std::pair<HeldRows, HeldRows> gibbs(const HeldRows& start, const DeviceGibbsCall& call,
                                      const Run& run) const;
  DeviceArray gibbs_means(const HeldRows& start, const DeviceGibbsCall& call, const Run& run) const;
  /// Of float64.
  DeviceArray free_energy(const HeldRows& visible) const;

 protected:
  std::unique_ptr<StatefulEngine> make_alike() const override;

 private:
  /// Of rows of a caller: null for plain kernels.
  TensorSampler* sampler_for(bool are_bits, int64_t n_rows, const char* function) const;

  DeviceArray means(Towards layer, const HeldRows& rows, const char* function) const;
  HeldRows samples(Towards layer, const HeldRows& rows, const DrawKey& draws, uint32_t first_chain,
                   const char* function) const;
  DeviceChains chains(const DeviceGibbsCall& call, const Run& run, const char* function) const;
  TensorSampler* sampler_for(const Rows& rows, const char* function) const {
    return sampler_for(rows.is_bits(), rows.rows(), function);
  }
  TensorSampler* sampler_for(const DeviceRows& rows, const char* function) const {
    return sampler_for(rows.are_bits(), rows.rows(), function);
  }

  KernelChoice training_ = KernelChoice::automatic, sampling_ = KernelChoice::automatic;
  std::optional<TileSize> tiles_;
  int64_t work_bytes_ = Work::kBytes;
  std::unique_ptr<TensorTrainer> tensor_;  ///< once it is used
  /// Of those who ask: a graph that is noted takes up what all threads launch.
  mutable Turns turns_;
  mutable TensorSampler sampler_;
};

/// Throws NotAvailable for what a GPU does not have: other units than Bernoulli, float64.
std::unique_ptr<RbmEngine> make_device_rbm_engine(std::shared_ptr<Driver> driver, int64_t n_visible,
                                                  int64_t n_hidden, Precision precision,
                                                  const Units& units);

}  // namespace udl::cuda
