#include "runtime/cuda/rbm/engine.h"

#include <string>
#include <utility>

#include "base/error.h"
#include "runtime/cuda/rbm/model/states.h"
#include "runtime/cuda/rbm/steps/half_step.h"
#include "runtime/cuda/rbm/steps/sampling.h"
#include "runtime/cuda/rbm/train/train.h"

namespace udl::cuda {
namespace {

[[noreturn]] void throw_on_cpu(const char* function) {
  throw NotAvailable(std::string(function) +
                     " is not available on a GPU: make an engine of the CPU of state()");
}

}  // namespace

DeviceRbmEngine::DeviceRbmEngine(std::shared_ptr<Driver> driver, int64_t n_visible,
                                 int64_t n_hidden, bool fast)
    : StatefulEngine(n_visible, n_hidden, Units{},
                     DeviceRbmState(std::move(driver), n_visible, n_hidden, fast)) {}

std::unique_ptr<StatefulEngine<DeviceRbmState>> DeviceRbmEngine::make_alike() const {
  return std::make_unique<DeviceRbmEngine>(state_.driver, n_visible(), n_hidden(), state_.fast);
}

TrainResult DeviceRbmEngine::train(const TrainCall& call, const Run& run) {
  const bool serve = tensor_cores_train(state_, call);
  if (kernels_ == TrainingKernels::tensor && !serve)
    throw NotAvailable("train: tensor cores do not do this");
  if (kernels_ == TrainingKernels::plain || !serve) return train_on_device(state_, call, run);
  if (tensor_ == nullptr) tensor_ = std::make_unique<TensorTrainer>(*state_.driver);
  tensor_->set_tiles(tiles_);
  return train_on_tensor_cores(state_, *tensor_, call, run);
}

void DeviceRbmEngine::set_training(TrainingKernels kernels, std::optional<TileSize> tiles) {
  kernels_ = kernels;
  tiles_ = tiles;
}

void DeviceRbmEngine::mean_hidden(const Rows& visible, RealSpan out, const Run&) const {
  write_means(state_, Towards::hidden, visible, out.as<float>());
}
void DeviceRbmEngine::mean_visible(const Rows& hidden, RealSpan out, const Run&) const {
  write_means(state_, Towards::visible, hidden, out.as<float>());
}
Rows DeviceRbmEngine::sample_hidden(const Rows& visible, const DrawSource& source,
                                    const Run&) const {
  return draw_samples(state_, Towards::hidden, visible, source.hidden(), source.first_chain);
}
Rows DeviceRbmEngine::sample_visible(const Rows& hidden, const DrawSource& source,
                                     const Run&) const {
  return draw_samples(state_, Towards::visible, hidden, source.visible(), source.first_chain);
}
std::pair<Rows, Rows> DeviceRbmEngine::gibbs(const GibbsCall& call, const Run& run) const {
  return run_chains(state_, call, run);
}
void DeviceRbmEngine::free_energy(const Rows& visible, double* out, const Run&) const {
  write_free_energies(state_, visible, out);
}

void DeviceRbmEngine::pseudo_likelihood(const Rows&, double*, const Run&) const {
  throw_on_cpu("pseudo_likelihood");
}
void DeviceRbmEngine::group_energies(const Rows&, int64_t, double*, const Run&) const {
  throw_on_cpu("group_energies");
}
std::vector<double> DeviceRbmEngine::log_partition(const std::vector<int64_t>&, const Run&) const {
  throw_on_cpu("log_partition_exact");
}
void DeviceRbmEngine::anneal(const AnnealCall&, double*, const Run&) const {
  throw_on_cpu("anneal");
}

std::unique_ptr<RbmEngine> make_device_rbm_engine(std::shared_ptr<Driver> driver, int64_t n_visible,
                                                  int64_t n_hidden, Precision precision,
                                                  const Units& units) {
  check_units(units, n_visible);
  if (!units.are_bernoulli())
    throw NotAvailable(std::string("RbmEngine: a GPU has no visible='") +
                       unit_kind_name(units.visible) + "' with hidden='" +
                       unit_kind_name(units.hidden) + "'; use device='cpu'");
  if (precision == Precision::float64)
    throw NotAvailable("RbmEngine: a GPU has no precision='float64'; use device='cpu'");
  return std::make_unique<DeviceRbmEngine>(std::move(driver), n_visible, n_hidden,
                                           precision == Precision::fast);
}

}  // namespace udl::cuda
