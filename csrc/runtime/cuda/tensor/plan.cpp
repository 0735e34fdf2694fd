#include "runtime/cuda/tensor/plan.h"

#include <algorithm>

#include "base/view.h"
#include "kernels/cuda/tensor/fetch.h"
#include "kernels/cuda/tensor/learning/learn.h"
#include "kernels/cuda/tensor/sampling/half_step.h"
#include "kernels/cuda/tensor/scale/find_scale.h"
#include "kernels/cuda/tensor/scale/rescale.h"

namespace udl::cuda {
namespace {

uint32_t count(int64_t n) { return static_cast<uint32_t>(n); }
int32_t small(int64_t n) { return static_cast<int32_t>(n); }

/// Blocks that move biases: a warp takes some units one after the other.
constexpr int64_t kUnitsOfWarp = 4;

}  // namespace

Plan::Plan(const ModelArrays& model, const BitRows& rows, bool is_ordered, const Room& room,
           const TrainSettings& settings, int n_multiprocessors, std::optional<TileSize> tiles)
    : model_(model),
      size_(room.size()),
      room_(room.arrays()),
      settings_(settings),
      n_multiprocessors_(n_multiprocessors),
      tiles_(tiles) {
  add_fetch(rows, is_ordered);
  add_data();
  add_chain();
  add_learning();
}

void Plan::begin(Driver& driver, bool narrow) const {
  driver.launch(kFindScale, Grid{{1}, {kFindScaleThreads}},
                FindScaleArguments{room_.run, model_.weights, small(model_.n_visible),
                                   small(model_.n_hidden), narrow ? 1 : 0});
  const Launch& rescale = launches_.back();
  driver.launch(rescale.kernel, rescale.grid, rescale.arguments.data(), rescale.n_bytes);
}

void Plan::run(Driver& driver) const {
  for (const Launch& launch : launches_)
    driver.launch(launch.kernel, launch.grid, launch.arguments.data(), launch.n_bytes);
}

bool Plan::operator==(const Plan& other) const {
  const auto same = [](const Launch& a, const Launch& b) {
    return a.kernel.function == b.kernel.function && a.n_bytes == b.n_bytes &&
           std::memcmp(&a.grid, &b.grid, sizeof a.grid) == 0 &&
           std::memcmp(a.arguments.data(), b.arguments.data(), a.n_bytes) == 0;
  };
  return std::equal(launches_.begin(), launches_.end(), other.launches_.begin(),
                    other.launches_.end(), same);
}

void Plan::add_fetch(const BitRows& rows, bool is_ordered) {
  FetchArguments a{};
  a.run = room_.run;
  a.data = rows.words;
  a.order = is_ordered ? room_.order : nullptr;
  a.data_stride = small(rows.stride);
  a.n_units = small(size_.n_visible);
  a.row_words = small(size_.row_words());
  a.row_bits = room_.data_rows;
  a.unit_bits = room_.data_units;
  const int64_t warps =
      divide_up(size_.data_rows, kStateBits) * divide_up(size_.n_visible, kStateBits);
  add(kFetch, Grid{{count(divide_up(warps, kFetchThreads / 32))}, {kFetchThreads}}, a);
}

/// Hidden units given the data: statistics, and where chains of CD start.
void Plan::add_data() {
  Outputs out{};
  if (!settings_.persistent) out.row_bits = room_.hidden_rows;
  out.unit_bits = room_.hidden_units[kData];
  out.probabilities = room_.probabilities[kData];
  add_half_step(Layer::hidden, RowsOf::data, room_.data_rows, Stream::cd, 0, out);
}

/// The numbers of their draws are those of runtime/rbm/steps/draw_schedule.h.
void Plan::add_chain() {
  uint32_t* hidden = settings_.persistent ? model_.chains : room_.hidden_rows;
  const int first_hidden = settings_.persistent ? 0 : 1, k = small(settings_.k);
  for (int s = 0; s < k; ++s) {
    const bool is_last = s == k - 1;
    add_half_step(Layer::visible, RowsOf::chains, hidden, chain_stream(), s,
                  {room_.chain_rows, is_last ? room_.chain_units : nullptr, nullptr});
    Outputs out{hidden, nullptr, nullptr};
    if (is_last)
      out = {settings_.persistent ? hidden : nullptr, room_.hidden_units[kChains],
             room_.probabilities[kChains]};
    add_half_step(Layer::hidden, RowsOf::chains, room_.chain_rows, chain_stream(), first_hidden + s,
                  out);
  }
}

void Plan::add_half_step(Layer layer, RowsOf rows, const uint32_t* states, Stream stream, int step,
                         const Outputs& outputs) {
  const bool to_hidden = layer == Layer::hidden;
  HalfStepArguments a{};
  a.states = states;
  a.images = to_hidden ? room_.to_hidden : room_.to_visible;
  a.bias = to_hidden ? model_.hidden_bias : model_.visible_bias;
  a.run = room_.run;
  a.rows = rows;
  a.n_summed = small(to_hidden ? size_.n_visible : size_.n_hidden);
  a.n_units = small(to_hidden ? size_.n_hidden : size_.n_visible);
  a.stream = static_cast<uint32_t>(stream);
  a.layer = to_hidden ? kHiddenLayer : kVisibleLayer;
  a.step = step;
  a.row_words = small(size_.row_words());
  a.row_bits = outputs.row_bits;
  a.unit_bits = outputs.unit_bits;
  a.probabilities = outputs.probabilities;
  const int64_t n_rows = rows == RowsOf::data ? size_.data_rows : size_.chain_rows;
  const int index =
      tiles_ ? static_cast<int>(*tiles_)
             : half_step_shape(n_rows, a.n_units, a.n_summed, size_.n_slices, n_multiprocessors_);
  add(kHalfSteps[index][by_slices(size_.n_slices)],
      half_step_grid(index, n_rows, a.n_units, size_.n_slices), a);
}

void Plan::add_learning() {
  LearnArguments a{};
  a.run = room_.run;
  a.visible_bits[kData] = room_.data_units;
  a.visible_bits[kChains] = room_.chain_units;
  for (int phase = 0; phase < 2; ++phase) {
    a.probabilities[phase] = room_.probabilities[phase];
    a.hidden_bits[phase] = room_.hidden_units[phase];
  }
  a.row_words = small(size_.row_words());
  a.n_visible = small(size_.n_visible);
  a.n_hidden = small(size_.n_hidden);
  a.weights = model_.weights;
  a.velocity = model_.velocity;
  a.to_hidden = room_.to_hidden;
  a.to_visible = room_.to_visible;
  a.hidden_norms = room_.hidden_norms;
  a.visible_norms = room_.visible_norms;
  a.hidden_bias = model_.hidden_bias;
  a.visible_bias = model_.visible_bias;
  a.hidden_velocity = model_.hidden_velocity;
  a.visible_velocity = model_.visible_velocity;
  a.mean_activation = model_.mean_activation;
  a.mean_visible = room_.mean_visible;
  a.force = room_.force;
  a.chain_means = room_.chain_means;

  const int64_t n_units = size_.n_visible + size_.n_hidden;
  const auto bias_blocks = [&](int threads) {
    return divide_up(n_units, kUnitsOfWarp * (threads / 32));
  };
  if (size_.sparsity)
    add(kLearnBiases, Grid{{count(bias_blocks(kLearnBiasThreads))}, {kLearnBiasThreads}}, a);
  const int index = tiles_ ? (*tiles_ == TileSize::large ? 0 : 1)
                           : learn_shape(size_.n_visible, size_.n_hidden, n_multiprocessors_);
  const LearnShape& shape = kLearnShapes[index];
  const int64_t n_tiles =
      divide_up(size_.n_visible, shape.visible) * divide_up(size_.n_hidden, shape.hidden);
  const int shared =
      std::max(kLearnStages * shape.stage_bytes(size_.samples), shape.integer_bytes());
  add(kLearn[index][by_slices(size_.n_slices)][size_.samples ? 1 : 0],
      Grid{{count(n_tiles + (size_.sparsity ? 0 : bias_blocks(shape.threads)))},
           {count(shape.threads)},
           count(shared)},
      a);
  add(kRescale[by_slices(size_.n_slices)], rescale_grid(size_.n_visible, size_.n_hidden),
      RescaleArguments{room_.run, model_.weights, a.n_visible, a.n_hidden, room_.to_hidden,
                       room_.to_visible});
}

}  // namespace udl::cuda
