// CD-k and PCD-k on packed bits: a whole pass over the data is one parallel region.
//
// Stages of a minibatch, each a loop over tiles of 16 units that ends in a barrier:
//   CD   hidden given data | visible given hidden | (k - 1 times: hidden | visible) | learn
//   PCD  hidden given data, and visible given chains | (k - 1 times: hidden | visible) | learn
// `learn` owns one weight panel: hidden probabilities of the negative phase, the gradient of both phases
// and the update, while everything is in cache. It also fetches the rows of the next minibatch.
// Gradient work is split over hidden units, never over the batch, so no sum depends on the threads.
#include <algorithm>
#include <bitset>
#include <chrono>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/fixed.h"
#include "runtime/parallel.h"
#include "runtime/rbm_fixed.h"
#include "runtime/target.h"

namespace udl {
namespace {

constexpr int64_t kFetchRows = 64;  ///< rows fetched by one work item
constexpr double kPollSeconds = 0.05;

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Room for the visible states of one phase: bits with their transpose, real values, or both.
struct VisibleStates {
  BitMatrix bits;
  BitMatrix units;       ///< the transpose: visible units as rows, the batch as columns
  Buffer<float> values;  ///< row-major, row_stride apart, padded with zeros
  int64_t row_stride = 0;

  void allocate(int64_t max_rows, int64_t n_visible, bool with_values, bool with_bits) {
    row_stride = round_up(n_visible, kTileUnits);
    if (with_values) values.resize(max_rows * row_stride);
    if (!with_bits) return;
    bits.resize(max_rows, n_visible);
    units.resize(n_visible, max_rows);
  }
};

/// The states of one phase of one minibatch: how many rows, and whether they are real values.
struct Phase {
  VisibleStates& states;
  int64_t count;
  bool dense;

  BitMatrixView bits() const { return states.bits.view(count); }
  BitMatrixView units() const {
    BitMatrixView view = states.units.view();
    view.columns = count;
    return view;
  }
};

/// Scratch of one thread.
struct ThreadScratch {
  Buffer<int32_t> tables{kTableScratch};
  Buffer<int32_t> sums, probabilities_fixed, row_norms;
  Buffer<float> float_sums, probabilities, gradient;
  Buffer<int64_t> wide_sums;
};

/// Rows of the batch in which a unit is on; bits beyond the batch may be left from a longer one.
int64_t count_ones(const BitMatrixView& units, int64_t unit) {
  const int64_t count = units.columns;
  int64_t ones = 0;
  for (int64_t first = 0; first < count; first += kWordBits) {
    uint64_t word = units.word_column(first / kWordBits)[unit];
    if (count - first < kWordBits) word &= (uint64_t{1} << (count - first)) - 1;
    ones += static_cast<int64_t>(std::bitset<64>(word).count());
  }
  return ones;
}

class FixedTrainer {
 public:
  FixedTrainer(RbmState& state, BitMatrix& chains, const Rows& rows, const uint32_t* order, const TrainSettings& settings,
               uint64_t seed, uint64_t step, int n_threads, const Poll& poll)
      : state_(state), kernels_(rbm_kernels()), rows_(rows), order_(order), settings_(settings), poll_(poll), seed_(seed),
        step_(step), n_threads_(n_threads), hidden_(settings.persistent ? chains : own_hidden_) {
    const int64_t max_batch = std::min(settings.batch_size, rows.rows());
    if (!settings.persistent) own_hidden_.resize(max_batch, state.n_hidden);
    const bool dense_data = !rows.is_bits() && !settings.binarize_sample;
    dense_data_ = dense_data;
    for (VisibleStates& positive : positive_) positive.allocate(max_batch, state.n_visible, !rows.is_bits(), !dense_data);
    const int64_t max_negative = settings.persistent ? chains.rows() : max_batch;
    negative_.allocate(max_negative, state.n_visible, !settings.sample_visibles, settings.sample_visibles || settings.k > 1);
    positive_tile_size_ = round_up(max_batch, 4) * kTileUnits;
    if (dense_data) positive_probabilities_.resize(state.hidden_tiles() * positive_tile_size_);
    else positive_fixed_.resize(state.hidden_tiles() * positive_tile_size_);
    mean_visible_.resize(state.n_visible);
    column_norms_.resize(state.hidden_tiles() * 2 * kTileUnits);
    largest_bits_.resize(state.hidden_tiles() * kTileUnits);
    if (settings.momentum == 0) state.weight_velocity = PanelMatrix();
    else if (state.weight_velocity.empty()) state.weight_velocity = PanelMatrix(state.n_hidden, state.n_visible);
    allocate_scratch(std::max({max_batch, max_negative, state.n_visible}), std::max(max_batch, max_negative));
  }

  TrainResult run() {
    const auto start = Clock::now();
    last_poll_ = start;
    fetch_all(0);
    parallel_region(n_threads_, [&](Team& team) { work(team); });
    result_.seconds = seconds_since(start);
    return result_;
  }

 private:
  struct Minibatch {
    int64_t index, first, count;
  };
  Minibatch minibatch(int64_t index) const {
    const int64_t first = index * settings_.batch_size;
    return {index, first, std::min(settings_.batch_size, rows_.rows() - first)};
  }
  int64_t n_minibatches() const { return divide_up(rows_.rows(), settings_.batch_size); }

  void allocate_scratch(int64_t longest_tile, int64_t max_rows) {
    scratch_.resize(n_threads_);
    for (ThreadScratch& s : scratch_) {
      s.sums.resize(round_up(longest_tile, 4) * kTileUnits);
      s.float_sums.resize(round_up(longest_tile, 4) * kTileUnits);
      s.probabilities_fixed.resize(round_up(max_rows, 4) * kTileUnits);
      s.probabilities.resize(round_up(max_rows, 4) * kTileUnits);
      s.gradient.resize(round_up(state_.n_visible, 4) * kTileUnits);
      s.row_norms.resize(state_.n_visible * kTileUnits);
      row_norms_.push_back(s.row_norms.data());
    }
  }

  // ---- rows of a minibatch ----

  /// Rows [block * kFetchRows, ...) of a minibatch into its positive states.
  void fetch(const Minibatch& batch, int64_t block) {
    VisibleStates& to = positive_[batch.index % 2];
    const int64_t begin = block * kFetchRows, count = std::min(kFetchRows, batch.count - begin);
    if (rows_.is_bits()) return rows_.gather_bits(order_, batch.first + begin, count, to.bits.view(), begin);
    float* values = to.values.data() + begin * to.row_stride;
    rows_.gather_values<float>(order_, batch.first + begin, count, values, to.row_stride);
    if (!settings_.binarize_sample) return;
    const DrawKey key = make_draw_key(seed_, Stream::data, kVisibleLayer, static_cast<uint64_t>(settings_.data_step + batch.index));
    for (int64_t tile = 0; tile < state_.visible_tiles(); ++tile)
      kernels_.sample_values(values, count, to.row_stride, key, static_cast<uint32_t>(begin), tile, to.bits.view().word_column(tile / 4) + begin);
  }
  int64_t fetch_blocks(int64_t index) const { return index < n_minibatches() ? divide_up(minibatch(index).count, kFetchRows) : 0; }
  void fetch_all(int64_t index) {
    for (int64_t block = 0; block < fetch_blocks(index); ++block) fetch(minibatch(index), block);
  }

  // ---- one minibatch ----

  void work(Team& team) {
    ThreadScratch& scratch = scratch_[team.thread_index()];
    int exponent = state_.scale_exponent;
    for (int64_t index = 0; index < n_minibatches(); ++index) {
      const Minibatch batch = minibatch(index);
      if (team.thread_index() == 0) begin(batch);
      positive_stage(team, scratch, batch, exponent);
      const bool stop = stop_requested_;  // written before the barrier inside positive_stage
      chain_stages(team, scratch, batch, exponent);
      learn_stage(team, scratch, batch, exponent);
      if (!next_scale(exponent)) {
        if (team.thread_index() == 0) result_.finite = false;
        break;
      }
      // Callbacks may use the model between minibatches, on the thread that polls.
      if (team.thread_index() == 0) state_.scale_exponent = exponent;
      if (stop) break;
    }
  }

  /// On the calling thread, before the first barrier of a minibatch.
  void begin(const Minibatch& batch) {
    if (poll_ && seconds_since(last_poll_) > kPollSeconds) {
      stop_requested_ = poll_(result_.n_rows);
      result_.stopped = stop_requested_;
      last_poll_ = Clock::now();
    }
    result_.step = static_cast<int64_t>(step_of(batch, settings_.k));
    result_.n_updates += 1;
    result_.n_rows += batch.count;
  }

  uint64_t step_of(const Minibatch& batch, int64_t s) const { return step_ + static_cast<uint64_t>(batch.index * settings_.k + s); }
  Stream stream() const { return settings_.persistent ? Stream::pcd : Stream::cd; }

  void positive_stage(Team& team, ThreadScratch& scratch, const Minibatch& batch, int exponent) {
    const int64_t hidden_tiles = state_.hidden_tiles();
    if (!settings_.persistent) {
      team.for_each(hidden_tiles, [&](int64_t tile) { positive_tile(tile, batch, exponent, scratch); });
      return;
    }
    team.for_each(hidden_tiles + state_.visible_tiles(), [&](int64_t item) {
      if (item < hidden_tiles) positive_tile(item, batch, exponent, scratch);
      else visible_tile(item - hidden_tiles, batch, 0, exponent, scratch);
    });
  }

  void chain_stages(Team& team, ThreadScratch& scratch, const Minibatch& batch, int exponent) {
    for (int64_t s = settings_.persistent ? 1 : 0; s < settings_.k; ++s) {
      if (s > 0) {
        const uint64_t step = step_of(batch, settings_.persistent ? s - 1 : s);
        team.for_each(state_.hidden_tiles(), [&](int64_t tile) { hidden_sample_tile(tile, batch, step, exponent, scratch); });
      }
      team.for_each(state_.visible_tiles(), [&](int64_t tile) { visible_tile(tile, batch, s, exponent, scratch); });
    }
  }

  void learn_stage(Team& team, ThreadScratch& scratch, const Minibatch& batch, int exponent) {
    scratch.row_norms.zero();  // no thread reads it between the first barrier of a minibatch and the last
    const int64_t hidden_tiles = state_.hidden_tiles();
    team.for_each(hidden_tiles + fetch_blocks(batch.index + 1), [&](int64_t item) {
      if (item < hidden_tiles) learn_tile(item, batch, exponent, scratch);
      else fetch(minibatch(batch.index + 1), item - hidden_tiles);
    });
  }

  Phase data_phase(const Minibatch& batch) { return {positive_[batch.index % 2], batch.count, dense_data_}; }
  /// The chain between its half steps: always bits.
  Phase chain_phase(const Minibatch& batch) { return {negative_, settings_.persistent ? hidden_.rows() : batch.count, false}; }
  /// The chain's last visible states, as the statistics see them.
  Phase model_phase(const Minibatch& batch) {
    Phase phase = chain_phase(batch);
    phase.dense = !settings_.sample_visibles;
    return phase;
  }

  // ---- tiles ----

  ActivationInput hidden_input(const Phase& visible, int64_t tile, int exponent, ThreadScratch& scratch) {
    const WeightPanelsView weights = state_.weights.view(exponent);
    const float* bias = state_.hidden_bias.tile(tile);
    if (visible.dense) {
      const VisibleStates& states = visible.states;
      kernels_.dense_hidden_sums(weights, tile, states.values.data(), visible.count, states.row_stride, scratch.float_sums.data());
      return {nullptr, scratch.float_sums.data(), 1.0f, bias, visible.count};
    }
    kernels_.hidden_sums(weights, tile, visible.bits(), scratch.tables.data(), scratch.sums.data());
    return {scratch.sums.data(), nullptr, power_of_two(exponent), bias, visible.count};
  }

  void add_hidden_samples(ActivationOutput& output, int64_t tile, uint64_t step) {
    output.sample_words = hidden_.view().word_column(tile / 4);
    output.draw_key = make_draw_key(seed_, stream(), kHiddenLayer, step);
    output.tile = tile;
  }

  void positive_tile(int64_t tile, const Minibatch& batch, int exponent, ThreadScratch& scratch) {
    const Phase visible = data_phase(batch);
    ActivationOutput output{};
    if (visible.dense) output.probabilities = positive_probabilities_.data() + tile * positive_tile_size_;
    else output.probabilities_fixed = positive_fixed_.data() + tile * positive_tile_size_;
    if (!settings_.persistent) add_hidden_samples(output, tile, step_of(batch, 0));
    kernels_.activate(hidden_input(visible, tile, exponent, scratch), output);
  }

  void hidden_sample_tile(int64_t tile, const Minibatch& batch, uint64_t step, int exponent, ThreadScratch& scratch) {
    ActivationOutput output{};
    add_hidden_samples(output, tile, step);
    kernels_.activate(hidden_input(chain_phase(batch), tile, exponent, scratch), output);
  }

  bool mean_reconstruction(int64_t s) const { return s == settings_.k - 1 && !settings_.sample_visibles; }

  void visible_tile(int64_t tile, const Minibatch& batch, int64_t s, int exponent, ThreadScratch& scratch) {
    const int64_t count = chain_phase(batch).count;
    kernels_.visible_sums(state_.weights.view(exponent), tile, hidden_.view(count), scratch.tables.data(), scratch.sums.data());
    const ActivationInput input{scratch.sums.data(), nullptr, power_of_two(exponent), state_.visible_bias.tile(tile), count};
    ActivationOutput output{};
    output.tile = tile;
    if (mean_reconstruction(s)) {
      output.probabilities = scratch.probabilities.data();
      kernels_.activate(input, output);
      for (int64_t r = 0; r < count; ++r)
        std::copy_n(scratch.probabilities.data() + r * kTileUnits, kTileUnits, negative_.values.data() + r * negative_.row_stride + tile * kTileUnits);
    } else {
      output.sample_words = negative_.bits.view().word_column(tile / 4);
      output.draw_key = make_draw_key(seed_, stream(), kVisibleLayer, step_of(batch, s));
      kernels_.activate(input, output);
    }
    if (s == settings_.k - 1) learn_visible_tile(tile, batch);
  }

  /// Transposes the tile's bits of both phases for the gradient and updates its visible biases.
  void learn_visible_tile(int64_t tile, const Minibatch& batch) {
    const Phase data = data_phase(batch), model = model_phase(batch);
    if (!data.dense) kernels_.transpose_tile(data.bits(), tile, data.units());
    if (!model.dense) kernels_.transpose_tile(model.bits(), tile, model.units());
    const int64_t end = std::min(state_.n_visible, (tile + 1) * kTileUnits);
    for (int64_t i = tile * kTileUnits; i < end; ++i) {
      const Statistic up = visible_statistic(data, i), down = visible_statistic(model, i);
      mean_visible_[i] = up.mean();
      update_bias(state_.visible_bias[i], state_.visible_velocity[i], difference(up, down));
    }
  }

  /// A sum over the batch: exact (an integer, in units of 1 / one) or float.
  struct Statistic {
    bool exact;
    int64_t sum;
    float float_sum;
    int64_t count;
    float one;  ///< integer value of probability 1

    float factor() const { return 1.0f / (one * static_cast<float>(count)); }
    float mean() const { return exact ? static_cast<float>(sum) * factor() : float_sum * factor(); }
  };
  /// Mean of `up` minus mean of `down`, each over its own count; integers are subtracted first where that is exact.
  static float difference(const Statistic& up, const Statistic& down) {
    if (up.exact && down.exact && up.count == down.count) return static_cast<float>(up.sum - down.sum) * up.factor();
    return up.mean() - down.mean();
  }

  static Statistic visible_statistic(const Phase& visible, int64_t i) {
    if (!visible.dense) return {true, count_ones(visible.units(), i), 0, visible.count, 1.0f};
    float sum = 0;
    for (int64_t r = 0; r < visible.count; ++r) sum += visible.states.values[r * visible.states.row_stride + i];
    return {false, 0, sum, visible.count, 1.0f};
  }

  /// P(h | v) of one tile and phase: fixed point, or float where the visible states are real values.
  struct HiddenStatistics {
    const int32_t* fixed;
    const float* probabilities;
    int64_t count;
  };

  /// Sums over the batch of the sixteen units of a tile.
  struct TileStatistic {
    Statistic units[kTileUnits];
  };
  TileStatistic tile_statistic(const HiddenStatistics& hidden) const {
    TileStatistic out;
    for (Statistic& unit : out.units) unit = {hidden.fixed != nullptr, 0, 0, hidden.count, hidden.fixed ? kProbabilityOne : 1.0f};
    for (int64_t first = 0; hidden.fixed && first < hidden.count; first += kMaxRowsPerSum) {
      int32_t sums[kTileUnits];
      kernels_.column_sums(hidden.fixed + first * kTileUnits, std::min(kMaxRowsPerSum, hidden.count - first), sums);
      for (int k = 0; k < kTileUnits; ++k) out.units[k].sum += sums[k];
    }
    for (int64_t r = 0; !hidden.fixed && r < hidden.count; ++r)
      for (int k = 0; k < kTileUnits; ++k) out.units[k].float_sum += hidden.probabilities[r * kTileUnits + k];
    return out;
  }

  void update_bias(float& bias, float& velocity, float gradient) const {
    const float step = static_cast<float>(settings_.learning_rate) * gradient;
    if (settings_.momentum == 0) {
      velocity = 0;
      bias += step;
      return;
    }
    velocity = static_cast<float>(settings_.momentum) * velocity + step;
    bias += velocity;
  }

  /// Everything a weight panel needs at the end of a minibatch.
  void learn_tile(int64_t tile, const Minibatch& batch, int exponent, ThreadScratch& scratch) {
    const Phase data = data_phase(batch), model = model_phase(batch);
    ActivationOutput output{};
    if (model.dense) output.probabilities = scratch.probabilities.data();
    else output.probabilities_fixed = scratch.probabilities_fixed.data();
    if (settings_.persistent) add_hidden_samples(output, tile, step_of(batch, settings_.k - 1));
    kernels_.activate(hidden_input(model, tile, exponent, scratch), output);

    const int32_t* up_fixed = data.dense ? nullptr : positive_fixed_.data() + tile * positive_tile_size_;
    const float* up = data.dense ? positive_probabilities_.data() + tile * positive_tile_size_ : nullptr;
    OuterTerm sparsity{mean_visible_.data(), {}};
    const HiddenStatistics up_statistics{up_fixed, up, data.count};
    const HiddenStatistics down_statistics{output.probabilities_fixed, output.probabilities, model.count};
    update_hidden_biases(tile, batch, up_statistics, down_statistics, sparsity);

    PanelUpdate update{};
    gradient({data, up_statistics}, {model, down_statistics}, scratch, update);
    update.terms = &sparsity;
    update.n_terms = settings_.has_sparsity ? 1 : 0;
    apply(update, tile, exponent, scratch);
  }

  void update_hidden_biases(int64_t tile, const Minibatch& batch, const HiddenStatistics& up, const HiddenStatistics& down, OuterTerm& sparsity) {
    const int64_t n_units = std::min<int64_t>(kTileUnits, state_.n_hidden - tile * kTileUnits);
    const TileStatistic data = tile_statistic(up), model = tile_statistic(down);
    for (int64_t k = 0; k < n_units; ++k) {
      const int64_t j = tile * kTileUnits + k;
      float gradient = difference(data.units[k], model.units[k]);
      if (settings_.has_sparsity) {
        sparsity.hidden[k] = sparsity_force(j, data.units[k].mean(), batch.index > 0 || state_.has_mean_activation);
        gradient += sparsity.hidden[k];
      }
      update_bias(state_.hidden_bias[j], state_.hidden_velocity[j], gradient);
    }
  }

  /// cost * (target - q): the derivative of the cross-entropy between the wanted and the running mean
  /// activation with respect to a unit's total input (Hinton 2010, section 11).
  float sparsity_force(int64_t j, float mean_activation, bool has_history) {
    float& q = state_.mean_activation[j];
    const auto damping = static_cast<float>(settings_.sparsity_damping);
    q = has_history ? damping * q + (1.0f - damping) * mean_activation : mean_activation;
    return static_cast<float>(settings_.sparsity_cost) * (static_cast<float>(settings_.sparsity_target) - q);
  }

  // ---- gradient ----

  static float factor_for(int64_t count) { return 1.0f / (kProbabilityOne * static_cast<float>(count)); }

  struct PhaseStatistics {
    Phase visible;
    HiddenStatistics hidden;
    /// One int32 product holds the sums.
    bool fits() const { return hidden.fixed && visible.count <= kMaxRowsPerSum; }
  };

  void exact_sums(const PhaseStatistics& phase, int sign, bool accumulate, ThreadScratch& scratch) const {
    kernels_.gradient_sums(phase.visible.units(), phase.hidden.fixed, sign, accumulate, scratch.tables.data(), scratch.sums.data());
  }

  /// Fills sums, sums_factor and float_sums of the update: positive minus negative phase.
  void gradient(const PhaseStatistics& up, const PhaseStatistics& down, ThreadScratch& scratch, PanelUpdate& update) {
    if (up.fits() && down.fits() && up.visible.count == down.visible.count) {
      exact_sums(up, +1, false, scratch);
      exact_sums(down, -1, true, scratch);
      update.sums = scratch.sums.data();
      update.sums_factor = factor_for(up.visible.count);
      return;
    }
    update.float_sums = scratch.gradient.data();
    add_phase(up, +1, false, scratch);
    if (!down.fits()) return add_phase(down, -1, true, scratch);
    exact_sums(down, +1, false, scratch);
    update.sums = scratch.sums.data();
    update.sums_factor = -factor_for(down.visible.count);
  }

  /// scratch.gradient (+)= sign * mean over the batch of visible * hidden probability.
  void add_phase(const PhaseStatistics& phase, int sign, bool accumulate, ThreadScratch& scratch) {
    const Phase& visible = phase.visible;
    if (!phase.hidden.fixed) {
      const float factor = static_cast<float>(sign) / static_cast<float>(visible.count);
      kernels_.dense_gradient_sums(visible.states.values.data(), visible.count, visible.states.row_stride, state_.n_visible,
                                   phase.hidden.probabilities, factor, accumulate, scratch.gradient.data());
      return;
    }
    wide_gradient_sums(phase, scratch);
    const float factor = static_cast<float>(sign) * factor_for(visible.count);
    for (int64_t n = 0; n < state_.n_visible * kTileUnits; ++n) {
      const float mean = static_cast<float>(scratch.wide_sums[n]) * factor;
      scratch.gradient[n] = accumulate ? scratch.gradient[n] + mean : mean;
    }
  }

  /// Exact sums for any batch: blocks of rows whose int32 sums cannot overflow, added in int64.
  void wide_gradient_sums(const PhaseStatistics& phase, ThreadScratch& scratch) {
    const int64_t size = state_.n_visible * kTileUnits;
    scratch.wide_sums.reserve(size);
    scratch.wide_sums.zero();
    for (int64_t first = 0; first < phase.visible.count; first += kMaxRowsPerSum) {
      BitMatrixView block = phase.visible.units();
      block.words = block.word_column(first / kWordBits);
      block.columns = std::min(kMaxRowsPerSum, phase.visible.count - first);
      kernels_.gradient_sums(block, phase.hidden.fixed + first * kTileUnits, +1, false, scratch.tables.data(), scratch.sums.data());
      for (int64_t n = 0; n < size; ++n) scratch.wide_sums[n] += scratch.sums[n];
    }
  }

  void apply(PanelUpdate& update, int64_t tile, int exponent, ThreadScratch& scratch) {
    update.weights = state_.weights.panel(tile);
    update.velocity = settings_.momentum != 0 ? state_.weight_velocity.panel(tile) : nullptr;
    update.n_visible = state_.n_visible;
    update.learning_rate = static_cast<float>(settings_.learning_rate);
    update.momentum = static_cast<float>(settings_.momentum);
    update.weight_decay = static_cast<float>(settings_.weight_decay);
    update.l1 = static_cast<float>(settings_.l1);
    update.inverse_scale = power_of_two(-exponent);
    update.row_norms = scratch.row_norms.data();
    update.column_norms = column_norms_.data() + tile * 2 * kTileUnits;
    update.largest_bits = largest_bits_.data() + tile * kTileUnits;
    kernels_.update_panel(update);
  }

  // ---- scale ----

  TrackedNorms tracked_norms() const {
    const int32_t bits = *std::max_element(largest_bits_.data(), largest_bits_.data() + largest_bits_.size());
    const int64_t columns = *std::max_element(column_norms_.data(), column_norms_.data() + column_norms_.size());
    TrackedNorms norms{0, std::max(columns, kernels_.largest_row_norm(row_norms_.data(), n_threads_, state_.n_visible))};
    std::memcpy(&norms.largest, &bits, sizeof bits);
    return norms;
  }

  /// Every thread computes the same next scale from the same norms. False if weights are not finite.
  bool next_scale(int& exponent) const {
    const TrackedNorms norms = tracked_norms();
    if (!std::isfinite(norms.largest)) return false;
    if (!scale_still_right(exponent, norms, state_.n_visible, state_.n_hidden)) exponent = weight_scale_exponent(state_.weights);
    return true;
  }

  RbmState& state_;
  const RbmKernels& kernels_;
  const Rows& rows_;
  const uint32_t* order_;
  const TrainSettings settings_;
  const Poll& poll_;
  const uint64_t seed_, step_;
  const int n_threads_;

  BitMatrix own_hidden_;
  BitMatrix& hidden_;  ///< states of the chain: CD's own, or the persistent ones
  VisibleStates positive_[2];  ///< data of this minibatch and of the next
  bool dense_data_ = false;    ///< data stay real values (not bits, not binarised)
  VisibleStates negative_;
  int64_t positive_tile_size_ = 0;
  Buffer<int32_t> positive_fixed_;        ///< P(h | data) by tile, for binary data
  Buffer<float> positive_probabilities_;  ///< the same for real-valued data
  Buffer<float> mean_visible_;
  Buffer<int32_t> column_norms_, largest_bits_;
  std::vector<ThreadScratch> scratch_;
  std::vector<const int32_t*> row_norms_;  ///< of each thread
  bool stop_requested_ = false;
  Clock::time_point last_poll_;
  TrainResult result_;
};

}  // namespace

TrainResult FixedRbmEngine::train(const Rows& rows, const uint32_t* order, const TrainSettings& settings, uint64_t seed,
                                  uint64_t step, int n_threads, const Poll& poll) {
  TrainResult result = FixedTrainer(state_, chains_, rows, order, settings, seed, step, n_threads, poll).run();
  state_.has_mean_activation = state_.has_mean_activation || (settings.has_sparsity && result.n_updates > 0);
  return result;
}

}  // namespace udl
