#include "runtime/cuda/rbm/steps/sampling.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "kernels/cuda/plain/rows.h"
#include "runtime/cuda/rbm/model/states.h"
#include "runtime/rbm/steps/layer_terms.h"

namespace udl::cuda {
namespace {

int64_t n_units(const DeviceRbmState& state, Towards layer) {
  return layer == Towards::hidden ? state.n_hidden : state.n_visible;
}

/// Visible units that keep their values.
class DeviceClamp {
 public:
  DeviceClamp(Driver& driver, const Clamp& clamp)
      : driver_(driver),
        mask_(upload_bits(driver, clamp.mask)),
        values_(upload_bits(driver, clamp.values)),
        words_(plain::state_words(clamp.mask.columns())),
        mask_stride_(clamp.mask.rows() > 1 ? words_ : 0),
        value_stride_(clamp.values.rows() > 1 ? words_ : 0) {}

  void put_back(uint32_t* states, int64_t rows) const {
    driver_.launch(plain::kHold, threads_for(rows * words_),
                   plain::HoldArguments{states, mask_.data(), values_.data(), rows, words_,
                                        mask_stride_, value_stride_});
  }

 private:
  Driver& driver_;
  const DeviceBuffer<uint32_t> mask_, values_;
  const int64_t words_, mask_stride_, value_stride_;
};

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

/// Bytes of means that lie in the device's memory at a time.
constexpr int64_t kMeansBytes = int64_t{256} << 20;

}  // namespace

void write_means(const DeviceRbmState& state, Towards layer, const Rows& rows, float* out) {
  if (rows.rows() == 0) return;
  const int64_t n = n_units(state, layer);
  const int64_t block = std::clamp<int64_t>(kMeansBytes / (4 * n), 1, rows.rows());
  const DeviceRows from(*state.driver, rows);
  DeviceBuffer<float> means(*state.driver, block * n);
  HalfStepOutput to;
  to.means = means.data();
  for (int64_t first = 0; first < rows.rows(); first += block) {
    const int64_t count = std::min(block, rows.rows() - first);
    half_step(state, layer, rows_of(from.states(), rows.columns(), first, count), to);
    state.driver->copy_to_host(out + first * n, means.data(),
                               static_cast<std::size_t>(count * n) * sizeof(float));
  }
}

Rows draw_samples(const DeviceRbmState& state, Towards layer, const Rows& rows,
                  const DrawKey& draws, uint32_t first_chain) {
  const int64_t n = n_units(state, layer);
  if (rows.rows() == 0) return Rows::zero_bits(0, n);
  const DeviceRows from(*state.driver, rows);
  DeviceBuffer<uint32_t> samples = room_for_bits(*state.driver, rows.rows(), n);
  HalfStepOutput to;
  to.samples = samples.data();
  to.draws = draws;
  to.first_chain = first_chain;
  half_step(state, layer, from.states(), to);
  return download_bits(samples.data(), rows.rows(), n, *state.driver);
}

std::pair<Rows, Rows> run_chains(const DeviceRbmState& state, const GibbsCall& call,
                                 const Run& run) {
  Driver& driver = *state.driver;
  const int64_t rows = call.visible.rows();
  if (rows == 0) return {Rows::zero_bits(0, state.n_visible), Rows::zero_bits(0, state.n_hidden)};
  const auto beta = static_cast<float>(call.beta);
  const DeviceRows start(driver, call.visible);
  DeviceBuffer<uint32_t> visible = room_for_bits(driver, rows, state.n_visible),
                         hidden = room_for_bits(driver, rows, state.n_hidden);
  float* out = call.visible_means.as<float>();
  DeviceBuffer<float> means(driver, out != nullptr ? rows * state.n_visible : 0);
  std::optional<DeviceClamp> clamp;
  if (call.clamp != nullptr) clamp.emplace(driver, *call.clamp);
  plain::States from = start.states();
  for (int64_t s = 0; s < call.n_steps; ++s) {
    if (run.interrupt != nullptr && run.interrupt->ask()) break;
    HalfStepOutput up, down;
    up.samples = hidden.data();
    up.draws = call.source.hidden(s);
    down.samples = visible.data();
    down.draws = call.source.visible(s);
    if (s + 1 == call.n_steps) down.means = means.data();
    up.first_chain = down.first_chain = call.source.first_chain;
    half_step(state, Towards::hidden, from, up, beta);
    half_step(state, Towards::visible, {hidden.data(), nullptr, rows}, down, beta);
    if (clamp) clamp->put_back(visible.data(), rows);
    from = {visible.data(), nullptr, rows};
  }
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
