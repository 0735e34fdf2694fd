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

/// Means of held units are their values.
void put_back(const Clamp& clamp, int64_t rows, int64_t n_visible, float* means) {
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t mask_row = clamp.mask.rows() > 1 ? r : 0;
    const int64_t value_row = clamp.values.rows() > 1 ? r : 0;
    float* of_row = means + r * n_visible;
    std::vector<bool> held(static_cast<std::size_t>(n_visible));
    clamp.mask.visit_row(mask_row, [&](int64_t i, double) {
      held[i] = true;
      of_row[i] = 0;
    });
    clamp.values.visit_row(value_row, [&](int64_t i, double) {
      if (held[i]) of_row[i] = 1;
    });
  }
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

/// Bytes of means that lie in the device's memory at a time.
constexpr int64_t kMeansBytes = int64_t{256} << 20;

}  // namespace

void write_means(const DeviceRbmState& state, Towards layer, const Rows& rows, float* out,
                 TensorSampler* tensor) {
  if (rows.rows() == 0) return;
  const int64_t n = n_units(state, layer);
  const int64_t block = std::clamp<int64_t>(kMeansBytes / (4 * n), 1, rows.rows());
  const DeviceRows from(*state.driver, rows);
  DeviceBuffer<float> means(*state.driver, block * n);
  HalfStepOutput to;
  to.means = means.data();
  for (int64_t first = 0; first < rows.rows(); first += block) {
    const int64_t count = std::min(block, rows.rows() - first);
    ask(state, layer, rows_of(from.states(), rows.columns(), first, count), to, tensor);
    state.driver->copy_to_host(out + first * n, means.data(),
                               static_cast<std::size_t>(count * n) * sizeof(float));
  }
}

Rows draw_samples(const DeviceRbmState& state, Towards layer, const Rows& rows,
                  const DrawKey& draws, uint32_t first_chain, TensorSampler* tensor) {
  const int64_t n = n_units(state, layer);
  if (rows.rows() == 0) return Rows::zero_bits(0, n);
  const DeviceRows from(*state.driver, rows);
  DeviceBuffer<uint32_t> samples = room_for_bits(*state.driver, rows.rows(), n);
  HalfStepOutput to;
  to.samples = samples.data();
  to.draws = draws;
  to.first_chain = first_chain;
  ask(state, layer, from.states(), to, tensor);
  return download_bits(samples.data(), rows.rows(), n, *state.driver);
}

std::pair<Rows, Rows> run_chains(const DeviceRbmState& state, const GibbsCall& call, const Run& run,
                                 TensorSampler* tensor) {
  Driver& driver = *state.driver;
  const int64_t rows = call.visible.rows();
  if (rows == 0) return {Rows::zero_bits(0, state.n_visible), Rows::zero_bits(0, state.n_hidden)};
  const DeviceRows start(driver, call.visible);
  DeviceBuffer<uint32_t> visible = room_for_bits(driver, rows, state.n_visible),
                         hidden = room_for_bits(driver, rows, state.n_hidden);
  float* out = call.visible_means.as<float>();
  DeviceBuffer<float> means(driver, out != nullptr ? rows * state.n_visible : 0);
  std::optional<DeviceClamp> clamp;
  if (call.clamp != nullptr) clamp.emplace(driver, *call.clamp);
  const ChainsOnDevice chains{start.states().bits,
                              rows,
                              call.n_steps,
                              call.source,
                              clamp ? &*clamp : nullptr,
                              static_cast<float>(call.beta),
                              visible.data(),
                              hidden.data(),
                              means.data()};
  if (tensor != nullptr)
    tensor->run_chains(state, chains, run);
  else
    run_plain_chains(state, start.states(), chains, run);
  if (run.stopped()) return {};
  if (out != nullptr) means.copy_to(out);
  if (out != nullptr && call.clamp != nullptr) put_back(*call.clamp, rows, state.n_visible, out);
  return {download_bits(visible.data(), rows, state.n_visible, driver),
          download_bits(hidden.data(), rows, state.n_hidden, driver)};
}

void write_free_energies(const DeviceRbmState& state, const Rows& visible, double* out) {
  const int64_t rows = visible.rows(), tiles = divide_up(state.n_hidden, kTileUnits);
  if (rows == 0) return;
  Driver& driver = *state.driver;
  const int64_t stride = round_up(rows, LayerTerms::kBlockRows);
  const DeviceRows from(driver, visible);
  DeviceBuffer<float> sums(driver, tiles * stride), products(driver, tiles * stride);
  sums.zero();
  products.zero();
  driver.launch(plain::kFreeEnergyTerms, threads_for(tiles * rows),
                plain::FreeEnergyArguments{layer_input(state, Towards::hidden, from.states()),
                                           sums.data(), products.data(), stride});
  LayerTerms terms(tiles, rows);
  const UnitTerms first = terms.tile(0);
  sums.copy_to(first.sums);
  products.copy_to(first.products);
  std::vector<float> bias(static_cast<std::size_t>(state.n_visible));
  state.visible.bias.copy_to(bias.data());
  for (int64_t block = 0; block < divide_up(rows, LayerTerms::kBlockRows); ++block) {
    double totals[LayerTerms::kBlockRows];
    terms.block_totals(block, totals);
    const int64_t begin = block * LayerTerms::kBlockRows;
    const int64_t end = std::min(rows, begin + LayerTerms::kBlockRows);
    for (int64_t r = begin; r < end; ++r)
      out[r] = -visible_energy(visible, r, bias) - totals[r - begin];
  }
}

}  // namespace udl::cuda
