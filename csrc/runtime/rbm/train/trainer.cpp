// CD-k and PCD-k on packed bits: a whole pass over the data is one parallel region.
//
// Stages of a minibatch, each a loop over tiles of 16 units, or over parts of them where visible
// sums are split (runtime/rbm/steps/visible_sums.h), that ends in a barrier:
//   visible given hidden | (k - 1 times: hidden | visible) | learn
// `learn` owns one weight panel: hidden probabilities of the negative phase, the gradient of both
// phases and the update, then the hidden units given the data of the next minibatch, while
// everything is in cache. These are computed on the assumption that the scale of the weights stays,
// which nearly always holds; else they are computed again. Those of the first minibatch have a
// stage of their own. Gradient work is split over hidden units, never over the batch, so no sum
// depends on the threads.
#include "runtime/rbm/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/error.h"
#include "base/fixed.h"
#include "runtime/dispatch/target.h"
#include "runtime/rbm/model/integer_weights.h"
#include "runtime/rbm/model/scale_tracker.h"
#include "runtime/rbm/steps/visible_sums.h"
#include "runtime/rbm/train/gradient.h"
#include "runtime/rbm/train/phase.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

constexpr int64_t kFetchRows = 64;  ///< rows fetched by one work item
constexpr double kPollSeconds = 0.05;

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class FixedTrainer {
 public:
  FixedTrainer(RbmState& state, BitMatrix& chains, const Rows& rows, const uint32_t* order,
               const TrainSettings& settings, uint64_t seed, uint64_t step, int n_threads,
               const Poll& poll)
      : state_(state),
        kernels_(rbm_kernels()),
        rows_(rows),
        order_(order),
        settings_(settings),
        poll_(poll),
        seed_(seed),
        step_(step),
        n_threads_(n_threads),
        max_batch_(std::min(settings.batch_size, rows.rows())),
        max_negative_(settings.persistent ? chains.rows() : max_batch_),
        hidden_(settings.persistent ? chains : own_hidden_),
        visible_sums_(state, max_negative_, n_threads),
        gradient_(state),
        integers_(state, std::max(max_batch_, max_negative_), n_threads),
        scale_(state, n_threads),
        scratch_(n_threads) {
    if (!settings.persistent) own_hidden_.resize(max_batch_, state.n_hidden);
    const bool dense_data = !rows.is_bits() && !settings.binarize_sample;
    dense_data_ = dense_data;
    for (VisibleStates& positive : positive_)
      positive.allocate(max_batch_, state.n_visible, !rows.is_bits(), !dense_data);
    negative_.allocate(max_negative_, state.n_visible, !settings.sample_visibles,
                       settings.sample_visibles || settings.k > 1);
    const bool joinable = !dense_data && settings.sample_visibles && !settings.sampled_statistics;
    if (joinable) gradient_.allow_joined(std::max(max_batch_, max_negative_));
    positive_tile_size_ = round_up(max_batch_, 4) * kTileUnits;
    if (dense_data)
      positive_probabilities_.resize(state.hidden_tiles() * positive_tile_size_);
    else
      positive_fixed_.resize(state.hidden_tiles() * positive_tile_size_);
    mean_visible_.resize(state.n_visible);
    if (settings.sampled_statistics) {
      positive_samples_.allocate(max_batch_, state.n_hidden);
      negative_samples_.allocate(max_negative_, state.n_hidden);
    }
    if (settings.momentum == 0)
      state.weight_velocity = PanelMatrix();
    else if (state.weight_velocity.empty())
      state.weight_velocity = PanelMatrix(state.n_hidden, state.n_visible);
    for (TrainScratch& scratch : scratch_)
      scratch.allocate(state.n_visible, std::max({max_batch_, max_negative_, state.n_visible}),
                       std::max(max_batch_, max_negative_));
  }

  TrainResult run() {
    const auto start = Clock::now();
    last_poll_ = start;
    fetch_all(minibatch(0));
    parallel_region(n_threads_, [&](Team& team) { work(team); });
    result_.seconds = seconds_since(start);
    return result_;
  }

 private:
  struct Minibatch {
    int64_t index, first, count;
  };
  /// The one after the last has no rows.
  Minibatch minibatch(int64_t index) const {
    const int64_t first = std::min(index * settings_.batch_size, rows_.rows());
    return {index, first, std::min(settings_.batch_size, rows_.rows() - first)};
  }
  int64_t n_minibatches() const { return divide_up(rows_.rows(), settings_.batch_size); }

  // ---- rows of a minibatch ----

  /// Rows [block * kFetchRows, ...) of a minibatch into its positive states.
  void fetch(const Minibatch& batch, int64_t block) {
    VisibleStates& to = positive_[batch.index % 2];
    const int64_t begin = block * kFetchRows, count = std::min(kFetchRows, batch.count - begin);
    if (rows_.is_bits())
      return rows_.gather_bits(order_, batch.first + begin, count, to.bits.view(), begin);
    float* values = to.values.data() + begin * to.row_stride;
    rows_.gather_values<float>(order_, batch.first + begin, count, values, to.row_stride);
    if (!settings_.binarize_sample) return;
    const DrawKey key = make_draw_key(seed_, Stream::data, kVisibleLayer,
                                      static_cast<uint64_t>(settings_.data_step + batch.index));
    for (int64_t tile = 0; tile < state_.visible_tiles(); ++tile)
      kernels_.unit(UnitKind::bernoulli)
          .sample_values(values, count, to.row_stride, key, static_cast<uint32_t>(begin), tile,
                         to.bits.view().word_column(tile / 4) + begin);
  }
  static int64_t fetch_blocks(const Minibatch& batch) { return divide_up(batch.count, kFetchRows); }
  void fetch_all(const Minibatch& batch) {
    for (int64_t block = 0; block < fetch_blocks(batch); ++block) fetch(batch, block);
  }

  // ---- one minibatch ----

  void work(Team& team) {
    TrainScratch& scratch = scratch_[team.thread_index()];
    int exponent = state_.scale_exponent;
    positive_stage(team, scratch, minibatch(0), exponent);
    for (int64_t index = 0; index < n_minibatches(); ++index) {
      const Minibatch batch = minibatch(index), next = minibatch(index + 1);
      if (poll_due_) poll(team);
      const bool stop = stop_requested_;  // written nowhere but in poll
      if (team.thread_index() == 0) count(batch);
      chain_stages(team, scratch, batch, next, exponent);
      learn_stage(team, scratch, batch, next, exponent);
      const int assumed = exponent;
      if (!scale_.next(exponent)) {
        if (team.thread_index() == 0) result_.finite = false;
        break;
      }
      if (team.thread_index() == 0) state_.scale_exponent = exponent;  // for callbacks
      if (stop) break;
      if (exponent != assumed && next.count > 0) positive_stage(team, scratch, next, exponent);
    }
  }

  /// Callbacks look at the model while no thread changes it: all wait for the one that calls.
  void poll(Team& team) {
    if (team.thread_index() == 0) {
      stop_requested_ = poll_(result_.n_rows);
      result_.stopped = stop_requested_;
      last_poll_ = Clock::now();
    }
    team.barrier();
  }

  void count(const Minibatch& batch) {
    result_.step = static_cast<int64_t>(step_of(batch, steps_per_update()));
    result_.n_updates += 1;
    result_.n_rows += batch.count;
  }

  /// Sampled statistics draw the last hidden states of CD as well, at a step of their own.
  int64_t steps_per_update() const {
    return settings_.k + (settings_.sampled_statistics && !settings_.persistent ? 1 : 0);
  }
  uint64_t step_of(const Minibatch& batch, int64_t s) const {
    return step_ + static_cast<uint64_t>(batch.index * steps_per_update() + s);
  }
  Stream stream() const { return settings_.persistent ? Stream::pcd : Stream::cd; }

  /// Hidden units given the data of a minibatch of at least one row.
  void positive_stage(Team& team, TrainScratch& scratch, const Minibatch& batch, int exponent) {
    prepare_data(scratch, batch);
    hidden_stage(team, scratch, batch, exponent, [&](int64_t tile) {
      integers_.quantise(tile, exponent);
      positive_tile(tile, batch, exponent, scratch);
    });
  }

  void prepare_data(TrainScratch& scratch, const Minibatch& batch) {
    const Phase data = data_phase(batch);
    if (!data.dense)
      scratch.from_data.prepare(data.bits(), tiles_per_thread(state_.hidden_tiles()));
  }
  int64_t tiles_per_thread(int64_t tiles) const { return divide_up(tiles, n_threads_); }

  /// All hidden tiles; where visible sums are split, each part's share of them follows at once, for
  /// the chains of `batch`.
  template <class Tile>
  void hidden_stage(Team& team, TrainScratch& scratch, const Minibatch& batch, int exponent,
                    Tile&& hidden_tile) {
    if (!visible_sums_.is_split()) return team.for_each(state_.hidden_tiles(), hidden_tile);
    team.for_each(visible_sums_.n_parts(), [&](int64_t part) {
      for (int64_t tile = visible_sums_.first_tile(part); tile < visible_sums_.first_tile(part + 1);
           ++tile)
        hidden_tile(tile);
      if (batch.count > 0)
        visible_sums_.sum_part(part, hidden_.view(chain_phase(batch).count), exponent,
                               scratch.from_hidden);
    });
  }

  /// Also fetches the rows of the next minibatch.
  void chain_stages(Team& team, TrainScratch& scratch, const Minibatch& batch,
                    const Minibatch& next, int exponent) {
    for (int64_t s = 0; s < settings_.k; ++s) {
      if (s > 0)
        sample_hidden(team, scratch, batch, step_of(batch, settings_.persistent ? s - 1 : s),
                      exponent);
      if (!visible_sums_.is_split())
        scratch.from_hidden.prepare(hidden_.view(chain_phase(batch).count),
                                    tiles_per_thread(state_.visible_tiles()));
      const int64_t visible_tiles = state_.visible_tiles();
      team.for_each(visible_tiles + (s == 0 ? fetch_blocks(next) : 0), [&](int64_t item) {
        if (item < visible_tiles)
          visible_tile(item, batch, s, exponent, scratch);
        else
          fetch(next, item - visible_tiles);
      });
    }
  }

  void sample_hidden(Team& team, TrainScratch& scratch, const Minibatch& batch, uint64_t step,
                     int exponent) {
    scratch.from_visible.prepare(chain_phase(batch).bits(),
                                 tiles_per_thread(state_.hidden_tiles()));
    hidden_stage(team, scratch, batch, exponent,
                 [&](int64_t tile) { hidden_sample_tile(tile, batch, step, exponent, scratch); });
  }

  void learn_stage(Team& team, TrainScratch& scratch, const Minibatch& batch, const Minibatch& next,
                   int exponent) {
    // All threads read it after the barrier of this stage, and it is not written again before
    // another barrier.
    if (team.thread_index() == 0) poll_due_ = poll_ && seconds_since(last_poll_) > kPollSeconds;
    scale_.begin_minibatch(team.thread_index());  // no thread looks at norms between the first
                                                  // barrier of a minibatch and the last
    const Phase model = model_phase(batch);
    if (!model.dense)
      scratch.from_visible.prepare(model.bits(), tiles_per_thread(state_.hidden_tiles()));
    if (next.count > 0) prepare_data(scratch, next);
    hidden_stage(team, scratch, next, exponent, [&](int64_t tile) {
      learn_tile(tile, batch, exponent, team.thread_index());
      if (next.count > 0) positive_tile(tile, next, exponent, scratch);
    });
  }

  Phase data_phase(const Minibatch& batch) {
    return {positive_[batch.index % 2], batch.count, dense_data_};
  }
  /// The chain between its half steps: always bits.
  Phase chain_phase(const Minibatch& batch) {
    return {negative_, settings_.persistent ? hidden_.rows() : batch.count, false};
  }
  /// The chain's last visible states, as the statistics see them.
  Phase model_phase(const Minibatch& batch) {
    Phase phase = chain_phase(batch);
    phase.dense = !settings_.sample_visibles;
    return phase;
  }

  // ---- tiles ----

  /// `product` was prepared with the bits of `visible`.
  UnitInput hidden_input(const Phase& visible, BitProduct& product, int64_t tile, int exponent,
                         TrainScratch& scratch) {
    const WeightPanelsView weights = state_.panels_at(exponent);
    const float* bias = state_.hidden_bias.tile(tile);
    if (visible.dense) {
      const VisibleStates& states = visible.states;
      kernels_.products.dense_hidden_sums(weights, tile, states.values.data(), visible.count,
                                          states.row_stride, scratch.float_sums.data());
      return {nullptr, scratch.float_sums.data(), 1.0f, bias, visible.count};
    }
    product.hidden_sums(weights, tile, scratch.sums.data(), integers_.panel(tile));
    return {scratch.sums.data(), nullptr, power_of_two(exponent), bias, visible.count};
  }

  void add_hidden_samples(UnitOutput& output, int64_t tile, uint64_t step) {
    output.sample_words = hidden_.view().word_column(tile / 4);
    output.draw_key = make_draw_key(seed_, stream(), kHiddenLayer, step);
    output.tile = tile;
  }

  void positive_tile(int64_t tile, const Minibatch& batch, int exponent, TrainScratch& scratch) {
    const Phase visible = data_phase(batch);
    UnitOutput output{};
    if (visible.dense)
      output.means = positive_probabilities_.data() + tile * positive_tile_size_;
    else
      output.means_fixed = positive_fixed_.data() + tile * positive_tile_size_;
    if (!settings_.persistent) add_hidden_samples(output, tile, step_of(batch, 0));
    if (settings_.sampled_statistics) sample_positive_hidden(output, tile, batch);
    kernels_.unit(UnitKind::bernoulli)
        .activate(hidden_input(visible, scratch.from_data, tile, exponent, scratch), output);
    if (settings_.sampled_statistics)
      kernels_.gradient.transpose_tile(positive_hidden(batch), tile,
                                       positive_samples_.units_of(batch.count));
  }

  /// CD pairs the data with the states that start its chain. Chains of PCD start elsewhere, so the
  /// hidden states given data are drawn for the statistics alone, from the stream CD would use.
  void sample_positive_hidden(UnitOutput& output, int64_t tile, const Minibatch& batch) {
    output.means_fixed = nullptr;
    if (!settings_.persistent) return;
    output.sample_words = positive_samples_.bits.view().word_column(tile / 4);
    output.draw_key = make_draw_key(seed_, Stream::cd, kHiddenLayer, step_of(batch, 0));
    output.tile = tile;
  }
  BitMatrixView positive_hidden(const Minibatch& batch) {
    return settings_.persistent ? positive_samples_.bits.view(batch.count)
                                : hidden_.view(batch.count);
  }

  void hidden_sample_tile(int64_t tile, const Minibatch& batch, uint64_t step, int exponent,
                          TrainScratch& scratch) {
    UnitOutput output{};
    add_hidden_samples(output, tile, step);
    kernels_.unit(UnitKind::bernoulli)
        .activate(hidden_input(chain_phase(batch), scratch.from_visible, tile, exponent, scratch),
                  output);
  }

  bool mean_reconstruction(int64_t s) const {
    return s == settings_.k - 1 && !settings_.sample_visibles;
  }

  void visible_tile(int64_t tile, const Minibatch& batch, int64_t s, int exponent,
                    TrainScratch& scratch) {
    const int64_t count = chain_phase(batch).count;
    visible_sums_.tile(tile, count, exponent, scratch.from_hidden, scratch.sums.data());
    const UnitInput input{scratch.sums.data(), nullptr, power_of_two(exponent),
                          state_.visible_bias.tile(tile), count};
    UnitOutput output{};
    output.tile = tile;
    if (mean_reconstruction(s)) {
      output.means = scratch.probabilities.data();
      kernels_.unit(UnitKind::bernoulli).activate(input, output);
      for (int64_t r = 0; r < count; ++r)
        std::copy_n(scratch.probabilities.data() + r * kTileUnits, kTileUnits,
                    negative_.values.data() + r * negative_.row_stride + tile * kTileUnits);
    } else {
      output.sample_words = negative_.bits.view().word_column(tile / 4);
      output.draw_key = make_draw_key(seed_, stream(), kVisibleLayer, step_of(batch, s));
      kernels_.unit(UnitKind::bernoulli).activate(input, output);
    }
    if (s == settings_.k - 1) learn_visible_tile(tile, batch);
  }

  /// Transposes the tile's bits of both phases for the gradient and updates its visible biases.
  void learn_visible_tile(int64_t tile, const Minibatch& batch) {
    const Phase data = data_phase(batch), model = model_phase(batch);
    if (!data.dense) kernels_.gradient.transpose_tile(data.bits(), tile, data.units());
    if (!model.dense) kernels_.gradient.transpose_tile(model.bits(), tile, model.units());
    if (gradient_.joins(data, model)) gradient_.join_tile(tile, data, model);
    const TileStatistic up = visible_statistic(kernels_, data, tile),
                        down = visible_statistic(kernels_, model, tile);
    const int64_t first = tile * kTileUnits,
                  n_units = std::min<int64_t>(kTileUnits, state_.n_visible - first);
    if (settings_.has_sparsity)
      std::copy_n(up.means().units, n_units, mean_visible_.data() + first);
    update_biases(&state_.visible_bias[first], &state_.visible_velocity[first],
                  difference(up, down), n_units);
  }

  void update_biases(float* bias, float* velocity, const TileMeans& gradient,
                     int64_t n_units) const {
    const auto rate = static_cast<float>(settings_.learning_rate),
               momentum = static_cast<float>(settings_.momentum);
    for (int64_t k = 0; k < n_units; ++k) {
      const float step = rate * gradient.units[k];
      const float change = momentum == 0 ? step : momentum * velocity[k] + step;
      velocity[k] = momentum == 0 ? 0 : change;
      bias[k] += change;
    }
  }

  /// Everything a weight panel needs at the end of a minibatch.
  void learn_tile(int64_t tile, const Minibatch& batch, int exponent, int thread) {
    TrainScratch& scratch = scratch_[thread];
    const Phase data = data_phase(batch), model = model_phase(batch);
    const HiddenStatistics up = data_hidden_tile(tile, batch, data, model, scratch);
    const HiddenStatistics down = model_hidden_tile(tile, batch, model, exponent, scratch);
    OuterTerm sparsity{mean_visible_.data(), {}};
    update_hidden_biases(tile, batch, up, down, sparsity);

    PanelUpdate update{};
    gradient_.fill(tile, {data, up}, {model, down}, scratch, update);
    update.terms = &sparsity;
    update.n_terms = settings_.has_sparsity ? 1 : 0;
    apply(update, tile, exponent, thread);
  }

  /// What `positive_tile` left of a tile's hidden units; copied to the scratch, before those of the
  /// chain, where both phases are joined.
  HiddenStatistics data_hidden_tile(int64_t tile, const Minibatch& batch, const Phase& data,
                                    const Phase& model, TrainScratch& scratch) {
    if (settings_.sampled_statistics)
      return {nullptr, nullptr, data.count, positive_samples_.units_of(batch.count)};
    if (data.dense)
      return {nullptr, positive_probabilities_.data() + tile * positive_tile_size_, data.count, {}};
    const int32_t* fixed = positive_fixed_.data() + tile * positive_tile_size_;
    if (!gradient_.joins(data, model)) return {fixed, nullptr, data.count, {}};
    std::copy_n(fixed, Gradient::first_negative(data) * kTileUnits,
                scratch.probabilities_fixed.data());
    return {scratch.probabilities_fixed.data(), nullptr, data.count, {}};
  }

  /// Probabilities or samples of a tile's hidden units given the chain's visible states.
  HiddenStatistics model_hidden_tile(int64_t tile, const Minibatch& batch, const Phase& model,
                                     int exponent, TrainScratch& scratch) {
    UnitOutput output{};
    if (settings_.sampled_statistics) {
      // The states a step of CD ends with, which nothing else draws; those PCD goes on with.
      add_hidden_samples(
          output, tile,
          settings_.persistent ? step_of(batch, settings_.k - 1) : step_of(batch, settings_.k));
      kernels_.unit(UnitKind::bernoulli)
          .activate(hidden_input(model, scratch.from_visible, tile, exponent, scratch), output);
      const BitMatrixView units = negative_samples_.units_of(model.count);
      kernels_.gradient.transpose_tile(hidden_.view(model.count), tile, units);
      return {nullptr, nullptr, model.count, units};
    }
    if (model.dense)
      output.means = scratch.probabilities.data();
    else
      output.means_fixed = negative_fixed(data_phase(batch), model, scratch);
    if (settings_.persistent) add_hidden_samples(output, tile, step_of(batch, settings_.k - 1));
    kernels_.unit(UnitKind::bernoulli)
        .activate(hidden_input(model, scratch.from_visible, tile, exponent, scratch), output);
    return {output.means_fixed, output.means, model.count, {}};
  }

  /// Where the chain's probabilities of a tile go.
  int32_t* negative_fixed(const Phase& data, const Phase& model, TrainScratch& scratch) const {
    return scratch.probabilities_fixed.data() +
           (gradient_.joins(data, model) ? Gradient::first_negative(data) * kTileUnits : 0);
  }

  void update_hidden_biases(int64_t tile, const Minibatch& batch, const HiddenStatistics& up,
                            const HiddenStatistics& down, OuterTerm& sparsity) {
    const int64_t first = tile * kTileUnits,
                  n_units = std::min<int64_t>(kTileUnits, state_.n_hidden - first);
    const TileStatistic data = hidden_statistic(kernels_, up, tile),
                        model = hidden_statistic(kernels_, down, tile);
    TileMeans gradient = difference(data, model);
    if (settings_.has_sparsity) {
      const TileMeans means = data.means();
      for (int64_t k = 0; k < n_units; ++k) {
        sparsity.hidden[k] = sparsity_force(first + k, means.units[k],
                                            batch.index > 0 || state_.has_mean_activation);
        gradient.units[k] += sparsity.hidden[k];
      }
    }
    update_biases(&state_.hidden_bias[first], &state_.hidden_velocity[first], gradient, n_units);
  }

  /// cost * (target - q): the derivative of the cross-entropy between the wanted and the running
  /// mean activation with respect to a unit's total input (Hinton 2010, section 11).
  float sparsity_force(int64_t j, float mean_activation, bool has_history) {
    float& q = state_.mean_activation[j];
    const auto damping = static_cast<float>(settings_.sparsity_damping);
    q = has_history ? damping * q + (1.0f - damping) * mean_activation : mean_activation;
    return static_cast<float>(settings_.sparsity_cost) *
           (static_cast<float>(settings_.sparsity_target) - q);
  }

  void apply(PanelUpdate& update, int64_t tile, int exponent, int thread) {
    update.weights = state_.weights.panel(tile);
    update.velocity = settings_.momentum != 0 ? state_.weight_velocity.panel(tile) : nullptr;
    update.n_visible = state_.n_visible;
    update.learning_rate = static_cast<float>(settings_.learning_rate);
    update.momentum = static_cast<float>(settings_.momentum);
    update.weight_decay = static_cast<float>(settings_.weight_decay);
    update.l1 = static_cast<float>(settings_.l1);
    update.integers = integers_.panel(tile);
    scale_.prepare(update, tile, thread, exponent);
    kernels_.update.panel(update);
    scale_.panel_updated(tile, exponent);
  }

  RbmState& state_;
  const RbmKernels& kernels_;
  const Rows& rows_;
  const uint32_t* order_;
  const TrainSettings settings_;
  const Poll& poll_;
  const uint64_t seed_, step_;
  const int n_threads_;

  const int64_t max_batch_, max_negative_;  ///< rows of the data, and of the chain
  BitMatrix own_hidden_;
  BitMatrix& hidden_;          ///< states of the chain: CD's own, or the persistent ones
  VisibleStates positive_[2];  ///< data of this minibatch and of the next
  bool dense_data_ = false;    ///< data stay real values (not bits, not binarised)
  VisibleStates negative_;
  int64_t positive_tile_size_ = 0;
  Buffer<int32_t> positive_fixed_;        ///< P(h | data) by tile, for binary data
  Buffer<float> positive_probabilities_;  ///< the same for real-valued data
  Buffer<float> mean_visible_;
  PairedBits positive_samples_, negative_samples_;  ///< of sampled statistics
  VisibleSums visible_sums_;
  Gradient gradient_;
  IntegerWeights integers_;
  ScaleTracker scale_;
  std::vector<TrainScratch> scratch_;
  bool poll_due_ = false, stop_requested_ = false;
  Clock::time_point last_poll_;
  TrainResult result_;
};

}  // namespace

TrainResult train_fixed(RbmState& state, BitMatrix& chains, const Rows& rows, const uint32_t* order,
                        const TrainSettings& settings, uint64_t seed, uint64_t step, int n_threads,
                        const Poll& poll) {
  TrainResult result =
      FixedTrainer(state, chains, rows, order, settings, seed, step, n_threads, poll).run();
  state.has_mean_activation =
      state.has_mean_activation || (settings.has_sparsity && result.n_updates > 0);
  return result;
}

}  // namespace udl
