#include "runtime/cuda/rbm/steps/sampling.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "runtime/cuda/rbm/model/states.h"
#include "runtime/cuda/rbm/steps/clamp.h"
#include "runtime/rbm/steps/layer_terms.h"

namespace udl::cuda {
namespace {

int64_t n_units(const DeviceRbmState& state, Towards layer) {
  return layer == Towards::hidden ? state.n_hidden : state.n_visible;
}

/// v . b of one row: what the CPU engine adds up (runtime/rbm/scores.cpp). Packed bits are added
/// word by word.
double visible_energy(const Rows& rows, int64_t row, const std::vector<float>& bias) {
  const bool by_words = rows.kind() == Rows::Kind::bits;
  double sum = 0, of_word = 0;
  int64_t word = 0;
  rows.visit_row(row, [&](int64_t i, double value) {
    if (!by_words) {
      sum += static_cast<double>(static_cast<float>(value)) * static_cast<double>(bias[i]);
      return;
    }
    if (i / kWordBits != word) {
      sum += of_word;
      of_word = 0;
      word = i / kWordBits;
    }
    of_word += static_cast<double>(bias[i]);
  });
  return sum + of_word;
}

/// Rows first .. first + count - 1 of states of n units.
plain::States rows_of(const plain::States& all, int64_t n, int64_t first, int64_t count) {
  const int64_t words = plain::state_words(n);
  return {all.bits != nullptr ? all.bits + first * words : nullptr,
          all.values != nullptr ? all.values + first * n : nullptr, count};
}

/// One half step of what a caller asks for.
void ask(const DeviceRbmState& state, Towards layer, const plain::States& from,
         const HalfStepOutput& to, TensorSampler* tensor) {
  if (tensor != nullptr)
    tensor->half_step(state, layer, from, to);
  else
    half_step(state, layer, from, to);
}

/// By plain kernels. What is found means nothing once run.stopped().
void run_plain_chains(const DeviceRbmState& state, plain::States from, const ChainsOnDevice& chains,
                      const Run& run) {
  const int64_t words = plain::state_words(state.n_visible);
  for (int64_t s = 0; s < chains.n_steps; ++s) {
    if (run.interrupt != nullptr && run.interrupt->ask()) return;
    HalfStepOutput up, down;
    up.samples = chains.hidden;
    up.draws = chains.source.hidden(s);
    down.samples = chains.visible;
    down.draws = chains.source.visible(s);
    if (s + 1 == chains.n_steps) down.means = chains.means;
    up.first_chain = down.first_chain = chains.source.first_chain;
    half_step(state, Towards::hidden, from, up, chains.beta);
    half_step(state, Towards::visible, {chains.hidden, nullptr, chains.n_rows}, down, chains.beta);
    if (chains.clamp != nullptr) chains.clamp->put_back(chains.visible, chains.n_rows, words);
    from = {chains.visible, nullptr, chains.n_rows};
  }
}

/// What hidden units add, by tiles of units, which the host puts together.
LayerTerms hidden_terms(const DeviceRbmState& state, const plain::States& from) {
  const int64_t rows = from.rows, tiles = divide_up(state.n_hidden, kTileUnits);
  const int64_t stride = round_up(rows, LayerTerms::kBlockRows);
  DeviceBuffer<float> sums(*state.driver, tiles * stride), products(*state.driver, tiles * stride);
  sums.zero();
  products.zero();
  state.driver->launch(plain::kFreeEnergyTerms, threads_for(tiles * rows),
                       plain::FreeEnergyArguments{layer_input(state, Towards::hidden, from),
                                                  sums.data(), products.data(), stride});
  LayerTerms terms(tiles, rows);
  const UnitTerms first = terms.tile(0);
  sums.copy_to(first.sums);
  products.copy_to(first.products);
  return terms;
}

/// out[r] = -visible(r) - what the hidden units add.
template <class Visible>
void put_together(const LayerTerms& terms, int64_t rows, Visible&& visible, double* out) {
  for (int64_t begin = 0; begin < rows; begin += LayerTerms::kBlockRows) {
    double totals[LayerTerms::kBlockRows];
    terms.block_totals(begin / LayerTerms::kBlockRows, totals);
    const int64_t end = std::min(rows, begin + LayerTerms::kBlockRows);
    for (int64_t r = begin; r < end; ++r) out[r] = -visible(r) - totals[r - begin];
  }
}

/// Rows of which results of so many bytes each are in memory at a time.
int64_t rows_at_once(int64_t row_bytes, const Work& work, int64_t n_rows) {
  return std::clamp<int64_t>(work.bytes / row_bytes, 1, n_rows);
}

bool ends_now(const Work& work) {
  return work.run.interrupt != nullptr && work.run.interrupt->ask();
}

/// each(first, terms, count) of all rows, which are some at a time.
template <class Each>
void for_each_terms(const DeviceRbmState& state, const DeviceRows& rows, const Work& work,
                    Each&& each) {
  const int64_t row_bytes = 8 * divide_up(state.n_hidden, kTileUnits);
  const int64_t block =
      round_up(rows_at_once(row_bytes, work, rows.rows()), LayerTerms::kBlockRows);
  for (int64_t first = 0; first < rows.rows() && !ends_now(work); first += block) {
    const int64_t count = std::min(block, rows.rows() - first);
    each(first, hidden_terms(state, rows_of(rows.states(), rows.columns(), first, count)), count);
  }
}

}  // namespace

void write_means(const DeviceRbmState& state, Towards layer, const Rows& rows, float* out,
                 TensorSampler* tensor, const Work& work) {
  if (rows.rows() == 0) return;
  const int64_t n = n_units(state, layer), block = rows_at_once(4 * n, work, rows.rows());
  const DeviceRows from(*state.driver, rows);
  DeviceBuffer<float> means(*state.driver, block * n);
  HalfStepOutput to;
  to.means = means.data();
  for (int64_t first = 0; first < rows.rows() && !ends_now(work); first += block) {
    const int64_t count = std::min(block, rows.rows() - first);
    ask(state, layer, rows_of(from.states(), rows.columns(), first, count), to, tensor);
    state.driver->copy_to_host(out + first * n, means.data(),
                               static_cast<std::size_t>(count * n) * sizeof(float));
  }
}

DeviceBuffer<float> means_on_device(const DeviceRbmState& state, Towards layer,
                                    const DeviceRows& rows, TensorSampler* tensor) {
  DeviceBuffer<float> means(*state.driver, rows.rows() * n_units(state, layer));
  HalfStepOutput to;
  to.means = means.data();
  if (rows.rows() > 0) ask(state, layer, rows.states(), to, tensor);
  return means;
}

DeviceRows samples_on_device(const DeviceRbmState& state, Towards layer, const DeviceRows& rows,
                             const DrawKey& draws, uint32_t first_chain, TensorSampler* tensor) {
  const int64_t n = n_units(state, layer);
  DeviceBuffer<uint32_t> samples = room_for_bits(*state.driver, rows.rows(), n);
  HalfStepOutput to;
  to.samples = samples.data();
  to.draws = draws;
  to.first_chain = first_chain;
  if (rows.rows() > 0) ask(state, layer, rows.states(), to, tensor);
  return {*state.driver, rows.rows(), n, std::move(samples)};
}

Rows draw_samples(const DeviceRbmState& state, Towards layer, const Rows& rows,
                  const DrawKey& draws, uint32_t first_chain, TensorSampler* tensor) {
  const DeviceRows from(*state.driver, rows);
  return download(samples_on_device(state, layer, from, draws, first_chain, tensor), *state.driver);
}

DeviceChains run_chains_on_device(const DeviceRbmState& state, const DeviceGibbsCall& call,
                                  const Run& run, TensorSampler* tensor) {
  Driver& driver = *state.driver;
  const int64_t rows = call.visible.rows();
  DeviceBuffer<uint32_t> visible = room_for_bits(driver, rows, state.n_visible),
                         hidden = room_for_bits(driver, rows, state.n_hidden);
  DeviceBuffer<float> means(driver, call.wants_means ? rows * state.n_visible : 0);
  std::optional<DeviceClamp> clamp;
  if (call.held != nullptr) call.held->put(driver, clamp);
  const plain::States from = call.visible.states();
  const ChainsOnDevice chains{from.bits,
                              rows,
                              call.n_steps,
                              call.source,
                              clamp ? &*clamp : nullptr,
                              static_cast<float>(call.beta),
                              visible.data(),
                              hidden.data(),
                              means.data()};
  if (rows > 0 && tensor != nullptr) tensor->run_chains(state, chains, run);
  if (rows > 0 && tensor == nullptr) run_plain_chains(state, from, chains, run);
  if (clamp && means.size() > 0) clamp->put_back(means.data(), rows);
  return {{driver, rows, state.n_visible, std::move(visible)},
          {driver, rows, state.n_hidden, std::move(hidden)},
          std::move(means)};
}

std::pair<Rows, Rows> run_chains(const DeviceRbmState& state, const GibbsCall& call, const Run& run,
                                 TensorSampler* tensor) {
  Driver& driver = *state.driver;
  const DeviceRows start(driver, call.visible);
  HeldUnits held;
  if (call.clamp != nullptr) held = {&call.clamp->mask, &call.clamp->values, nullptr};
  float* out = call.visible_means.as<float>();
  const DeviceChains chains =
      run_chains_on_device(state,
                           {start, call.n_steps, call.source,
                            call.clamp != nullptr ? &held : nullptr, call.beta, out != nullptr},
                           run, tensor);
  if (run.stopped()) return {};
  if (out != nullptr) chains.means.copy_to(out);
  return {download(chains.visible, driver), download(chains.hidden, driver)};
}

void write_free_energies(const DeviceRbmState& state, const Rows& visible, double* out,
                         const Work& work) {
  if (visible.rows() == 0) return;
  const DeviceRows rows(*state.driver, visible);
  std::vector<float> bias(static_cast<std::size_t>(state.n_visible));
  state.visible.bias.copy_to(bias.data());
  for_each_terms(state, rows, work, [&](int64_t first, const LayerTerms& terms, int64_t count) {
    const auto energy = [&](int64_t r) { return visible_energy(visible, first + r, bias); };
    put_together(terms, count, energy, out + first);
  });
}

DeviceBuffer<double> free_energies_on_device(const DeviceRbmState& state, const DeviceRows& visible,
                                             const Work& work) {
  const int64_t rows = visible.rows();
  DeviceBuffer<double> energies(*state.driver, rows);
  if (rows == 0) return energies;
  state.driver->launch(plain::kVisibleEnergy, threads_for(rows),
                       plain::VisibleEnergyArguments{energies.data(), state.visible.bias.data(),
                                                     state.n_visible, visible.states()});
  std::vector<double> found(static_cast<std::size_t>(rows));
  energies.copy_to(found.data());
  for_each_terms(state, visible, work, [&](int64_t first, const LayerTerms& terms, int64_t count) {
    const auto energy = [&](int64_t r) { return found[first + r]; };
    put_together(terms, count, energy, found.data() + first);
  });
  energies.copy_from(found.data());
  return energies;
}

}  // namespace udl::cuda
