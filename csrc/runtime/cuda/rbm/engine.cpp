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

/// Before training images of weights give their memory back; when it ends, however it does, those
/// that callbacks have asked for meanwhile go too.
class ForgottenImages {
 public:
  ForgottenImages(TensorSampler& sampler, Turns& turns) : sampler_(sampler), turns_(turns) {
    forget();
  }
  ~ForgottenImages() { forget(); }
  ForgottenImages(const ForgottenImages&) = delete;
  ForgottenImages& operator=(const ForgottenImages&) = delete;

 private:
  void forget() {
    const Turns::Turn turn = turns_.take();
    sampler_.forget();
  }

  TensorSampler& sampler_;
  Turns& turns_;
};

}  // namespace

DeviceRbmEngine::DeviceRbmEngine(std::shared_ptr<Driver> driver, int64_t n_visible,
                                 int64_t n_hidden, bool fast)
    : StatefulEngine(n_visible, n_hidden, Units{},
                     DeviceRbmState(std::move(driver), n_visible, n_hidden, fast)) {}

std::unique_ptr<StatefulEngine<DeviceRbmState>> DeviceRbmEngine::make_alike() const {
  return std::make_unique<DeviceRbmEngine>(state_.driver, n_visible(), n_hidden(), state_.fast);
}

TrainResult DeviceRbmEngine::train(const TrainCall& call, const Run& run) {
  const DeviceRows rows(*state_.driver, call.rows);
  return train({rows, call.order, call.settings, call.seed, call.step, call.poll}, run);
}

TrainResult DeviceRbmEngine::train(const DeviceTrainCall& call, const Run& run) {
  const ForgottenImages forgotten(sampler_, turns_);
  const bool serve = tensor_cores_train(state_, call);
  if (training_ == KernelChoice::tensor && !serve)
    throw NotAvailable("train: tensor cores do not do this");
  if (training_ == KernelChoice::plain || !serve) return train_on_device(state_, call, run);
  if (tensor_ == nullptr) tensor_ = std::make_unique<TensorTrainer>(*state_.driver);
  tensor_->set_tiles(tiles_);
  return train_on_tensor_cores(state_, *tensor_, call, run);
}

void DeviceRbmEngine::set_training(KernelChoice kernels, std::optional<TileSize> tiles) {
  training_ = kernels;
  tiles_ = tiles;
}
void DeviceRbmEngine::set_sampling(KernelChoice kernels, std::optional<TileSize> tiles,
                                   int64_t work_bytes) {
  sampling_ = kernels;
  work_bytes_ = work_bytes;
  sampler_.set_tiles(tiles);
}

TensorSampler* DeviceRbmEngine::sampler_for(bool are_bits, int64_t n_rows,
                                            const char* function) const {
  const bool serve =
      are_bits && TensorSampler::serves(state_.driver->facts(), n_visible(), n_hidden());
  if (sampling_ == KernelChoice::tensor && !serve)
    throw NotAvailable(std::string(function) + ": tensor cores do not do this");
  const bool is_worth_it = sampling_ == KernelChoice::tensor || n_rows >= kLeastTensorRows;
  return serve && is_worth_it && sampling_ != KernelChoice::plain ? &sampler_ : nullptr;
}

void DeviceRbmEngine::mean_hidden(const Rows& visible, RealSpan out, const Run& run) const {
  const Turns::Turn turn = turns_.take(run);
  if (!turn) return;
  write_means(state_, Towards::hidden, visible, out.as<float>(),
              sampler_for(visible, "mean_hidden"), {run, work_bytes_});
}
void DeviceRbmEngine::mean_visible(const Rows& hidden, RealSpan out, const Run& run) const {
  const Turns::Turn turn = turns_.take(run);
  if (!turn) return;
  write_means(state_, Towards::visible, hidden, out.as<float>(),
              sampler_for(hidden, "mean_visible"), {run, work_bytes_});
}
Rows DeviceRbmEngine::sample_hidden(const Rows& visible, const DrawSource& source,
                                    const Run& run) const {
  const Turns::Turn turn = turns_.take(run);
  if (!turn) return {};
  return draw_samples(state_, Towards::hidden, visible, source.hidden(), source.first_chain,
                      sampler_for(visible, "sample_hidden"));
}
Rows DeviceRbmEngine::sample_visible(const Rows& hidden, const DrawSource& source,
                                     const Run& run) const {
  const Turns::Turn turn = turns_.take(run);
  if (!turn) return {};
  return draw_samples(state_, Towards::visible, hidden, source.visible(), source.first_chain,
                      sampler_for(hidden, "sample_visible"));
}
std::pair<Rows, Rows> DeviceRbmEngine::gibbs(const GibbsCall& call, const Run& run) const {
  const Turns::Turn turn = turns_.take(run);
  if (!turn) return {};
  return run_chains(state_, call, run, sampler_for(call.visible, "gibbs"));
}
void DeviceRbmEngine::free_energy(const Rows& visible, double* out, const Run& run) const {
  const Turns::Turn turn = turns_.take(run);
  if (!turn) return;
  write_free_energies(state_, visible, out, {run, work_bytes_});
}

DeviceArray DeviceRbmEngine::means(Towards layer, const HeldRows& rows,
                                   const char* function) const {
  const Turns::Turn turn = turns_.take();
  DeviceBuffer<float> found =
      means_on_device(state_, layer, rows.rows(), sampler_for(rows.rows(), function));
  state_.driver->synchronise();
  const int64_t n = layer == Towards::hidden ? n_hidden() : n_visible();
  return {rows.driver(),
          plain::Element::float32,
          {rows.rows().rows(), n},
          std::move(found),
          state_.driver};
}
HeldRows DeviceRbmEngine::samples(Towards layer, const HeldRows& rows, const DrawKey& draws,
                                  uint32_t first_chain, const char* function) const {
  const Turns::Turn turn = turns_.take();
  HeldRows drawn(rows.driver(),
                 samples_on_device(state_, layer, rows.rows(), draws, first_chain,
                                   sampler_for(rows.rows(), function)),
                 state_.driver);
  state_.driver->synchronise();
  return drawn;
}
HeldRows DeviceRbmEngine::sample_hidden(const HeldRows& visible, const DrawSource& source) const {
  return samples(Towards::hidden, visible, source.hidden(), source.first_chain, "sample_hidden");
}
HeldRows DeviceRbmEngine::sample_visible(const HeldRows& hidden, const DrawSource& source) const {
  return samples(Towards::visible, hidden, source.visible(), source.first_chain, "sample_visible");
}
DeviceChains DeviceRbmEngine::chains(const DeviceGibbsCall& call, const Run& run,
                                     const char* function) const {
  const Turns::Turn turn = turns_.take();
  DeviceChains found = run_chains_on_device(state_, call, run, sampler_for(call.visible, function));
  state_.driver->synchronise();
  return found;
}
std::pair<HeldRows, HeldRows> DeviceRbmEngine::gibbs(const HeldRows& start,
                                                     const DeviceGibbsCall& call,
                                                     const Run& run) const {
  DeviceChains found = chains(call, run, "gibbs");
  return {HeldRows(start.driver(), std::move(found.visible), state_.driver),
          HeldRows(start.driver(), std::move(found.hidden), state_.driver)};
}
DeviceArray DeviceRbmEngine::gibbs_means(const HeldRows& start, const DeviceGibbsCall& call,
                                         const Run& run) const {
  DeviceChains found = chains(call, run, "gibbs_means");
  return {start.driver(),
          plain::Element::float32,
          {call.visible.rows(), n_visible()},
          std::move(found.means),
          state_.driver};
}
DeviceArray DeviceRbmEngine::free_energy(const HeldRows& visible) const {
  const Turns::Turn turn = turns_.take();
  DeviceBuffer<double> energies =
      free_energies_on_device(state_, visible.rows(), {{}, work_bytes_});
  state_.driver->synchronise();
  return {visible.driver(),
          plain::Element::float64,
          {visible.rows().rows()},
          std::move(energies),
          state_.driver};
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
