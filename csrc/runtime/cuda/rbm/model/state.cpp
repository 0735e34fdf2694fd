#include "runtime/cuda/rbm/model/state.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/fixed.h"
#include "kernels/cuda/plain/norms.h"
#include "kernels/cuda/plain/states.h"
#include "runtime/cuda/rbm/model/states.h"
#include "runtime/rbm/model/scale/scale_search.h"

namespace udl::cuda {
namespace {

template <class T>
DeviceBuffer<T> copy_of(const DeviceBuffer<T>& from, Driver& driver) {
  DeviceBuffer<T> to(driver, from.size());
  to.copy_from(from);
  return to;
}

DeviceLayer copy_of(const DeviceLayer& from, Driver& driver) {
  DeviceLayer to(driver, from.bias.size());
  to.bias.copy_from(from.bias);
  to.velocity.copy_from(from.velocity);
  return to;
}

/// Memory for a copy of `from`, where `to` is of another size.
template <class T>
std::optional<DeviceBuffer<T>> other_room(const DeviceBuffer<T>& from, const DeviceBuffer<T>& to,
                                          Driver& driver) {
  if (from.size() == to.size()) return std::nullopt;
  return DeviceBuffer<T>(driver, from.size());
}

template <class T>
std::vector<T> on_host(const DeviceBuffer<T>& from) {
  std::vector<T> values(static_cast<std::size_t>(from.size()));
  from.copy_to(values.data());
  return values;
}

void copy_out(const DeviceBuffer<float>& from, float* to) {
  if (to != nullptr) from.copy_to(to);
}
void copy_in(const float* from, DeviceBuffer<float>& to) {
  if (from != nullptr) to.copy_from(from);
}

uint64_t new_version() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

}  // namespace

DeviceRbmState::DeviceRbmState(std::shared_ptr<Driver> device, int64_t visible_units,
                               int64_t hidden_units, bool is_fast)
    : driver(std::move(device)),
      n_visible(visible_units),
      n_hidden(hidden_units),
      weights(*driver, n_hidden * n_visible),
      weight_velocity(*driver),
      hidden(*driver, n_hidden),
      visible(*driver, n_visible),
      mean_activation(*driver, n_hidden),
      chains(*driver),
      fast(is_fast),
      narrow(is_fast),
      scale_exponent(kMinScaleExponent),
      version(new_version()),
      largest_bits_(*driver, 1),
      norm_(*driver, 1) {
  weights.zero();
  mean_activation.zero();
}

DeviceRbmState::DeviceRbmState(const DeviceRbmState& other)
    : driver(other.driver),
      n_visible(other.n_visible),
      n_hidden(other.n_hidden),
      weights(copy_of(other.weights, *driver)),
      weight_velocity(copy_of(other.weight_velocity, *driver)),
      hidden(copy_of(other.hidden, *driver)),
      visible(copy_of(other.visible, *driver)),
      mean_activation(copy_of(other.mean_activation, *driver)),
      has_mean_activation(other.has_mean_activation),
      chains(copy_of(other.chains, *driver)),
      betas(other.betas),
      fast(other.fast),
      narrow(other.narrow),
      scale_exponent(other.scale_exponent),
      version(other.version),
      largest_bits_(*driver, 1),
      norm_(*driver, 1) {}

/// Into the memory that is there, where it fits: a snapshot is taken over the last one each epoch.
DeviceRbmState& DeviceRbmState::operator=(const DeviceRbmState& other) {
  // Those that may want memory have it before anything changes.
  auto other_velocity = other_room(other.weight_velocity, weight_velocity, *driver);
  auto other_chains = other_room(other.chains, chains, *driver);
  if (other_velocity) weight_velocity = std::move(*other_velocity);
  if (other_chains) chains = std::move(*other_chains);
  weight_velocity.copy_from(other.weight_velocity);
  chains.copy_from(other.chains);
  weights.copy_from(other.weights);
  hidden.bias.copy_from(other.hidden.bias);
  hidden.velocity.copy_from(other.hidden.velocity);
  visible.bias.copy_from(other.visible.bias);
  visible.velocity.copy_from(other.visible.velocity);
  mean_activation.copy_from(other.mean_activation);
  has_mean_activation = other.has_mean_activation;
  betas = other.betas;
  narrow = other.narrow;
  scale_exponent = other.scale_exponent;
  version = other.version;
  return *this;
}

// ---- the scale ----

void DeviceRbmState::use_narrow(bool narrow_integers) {
  if (narrow == narrow_integers) return;
  narrow = narrow_integers;
  find_scale(scale_exponent);
}

bool DeviceRbmState::find_scale(int likely) {
  version = new_version();
  const float largest = largest_weight();
  if (!std::isfinite(largest)) return false;
  const ScaleRule rule{n_visible, n_hidden, narrow};
  ScaleSearch search(rule, largest);
  const auto learn = [&](int exponent) {
    const int64_t norm = half_norm(exponent);
    search.learn({exponent, norm, norm});
  };
  // Norms of integers out of range mean nothing.
  if (!search.found() && rounds_within(largest * power_of_two(-likely), rule.largest_integer()))
    learn(likely);
  while (!search.found()) learn(search.exponent());
  scale_exponent = search.exponent();
  return true;
}

float DeviceRbmState::largest_weight() {
  largest_bits_.zero();
  driver->launch(plain::kLargest, threads_for(weights.size()),
                 plain::LargestArguments{weights.data(), weights.size(), largest_bits_.data()});
  int32_t found = 0;
  largest_bits_.copy_to(&found);
  float largest;
  std::memcpy(&largest, &found, sizeof largest);
  return largest;
}

int64_t DeviceRbmState::half_norm(int exponent) {
  norm_.zero();
  const int64_t block = ScaleRule{n_visible, n_hidden, narrow}.block();
  const auto of_lines = [&](int64_t lines, int64_t terms, int64_t line_stride,
                            int64_t term_stride) {
    driver->launch(plain::kHalfNorms, threads_for(lines),
                   plain::HalfNormArguments{weights.data(), lines, terms, line_stride, term_stride,
                                            block, power_of_two(-exponent), norm_.data()});
  };
  of_lines(n_hidden, n_visible, n_visible, 1);
  of_lines(n_visible, n_hidden, 1, n_visible);
  unsigned long long found = 0;
  norm_.copy_to(&found);
  return static_cast<int64_t>(found);
}

// ---- arrays in and out ----

void DeviceRbmState::assign(const ParameterArrays<const float*>& from) {
  version = new_version();
  weights.copy_from(from.weights);
  hidden.bias.copy_from(from.hidden_bias);
  visible.bias.copy_from(from.visible_bias);
  if (!find_scale(scale_exponent)) throw_invalid("weights are not finite: lower learning_rate");
}

void DeviceRbmState::copy_to(const ParameterArrays<float*>& to) const {
  copy_out(weights, to.weights);
  copy_out(hidden.bias, to.hidden_bias);
  copy_out(visible.bias, to.visible_bias);
}

void DeviceRbmState::assign(const OptimizerArrays<const float*>& from) {
  if (from.hidden_offset != nullptr)
    throw NotAvailable("RbmEngine: a GPU does not learn centred models yet; use device='cpu'");
  if (from.weight_velocity == nullptr)
    prepare_velocity(0);
  else
    prepare_velocity(1);
  copy_in(from.weight_velocity, weight_velocity);
  copy_in(from.hidden_velocity, hidden.velocity);
  copy_in(from.visible_velocity, visible.velocity);
  has_mean_activation = from.mean_activation != nullptr;
  copy_in(from.mean_activation, mean_activation);
}

void DeviceRbmState::copy_to(const OptimizerArrays<float*>& to) const {
  copy_out(weight_velocity, to.weight_velocity);
  copy_out(hidden.velocity, to.hidden_velocity);
  copy_out(visible.velocity, to.visible_velocity);
  copy_out(mean_activation, to.mean_activation);
}

void DeviceRbmState::prepare_velocity(double momentum) {
  if (momentum == 0) {
    weight_velocity = DeviceBuffer<float>(*driver);
  } else if (!has_weight_velocity()) {
    weight_velocity = DeviceBuffer<float>(*driver, weights.size());
    weight_velocity.zero();
  }
}

void DeviceRbmState::set_chains(const Rows& rows) { chains = upload_bits(*driver, rows); }

Rows DeviceRbmState::chain_rows() const {
  return download_bits(chains.data(), n_chains(), n_hidden, *driver);
}

int64_t DeviceRbmState::n_chains() const { return chains.size() / plain::state_words(n_hidden); }

// ---- what others want to know ----

/// In the order of the CPU's panels: sixteen hidden units side by side.
void DeviceRbmState::add_change_since(const DeviceRbmState& before, WeightChangeSum& sum) const {
  const std::vector<float> now = on_host(weights), then = on_host(before.weights);
  const int64_t panels = divide_up(n_hidden, kTileUnits);
  for (int64_t panel = 0; panel < panels; ++panel)
    for (int64_t i = 0; i < n_visible; ++i) {
      float now_row[kTileUnits] = {}, then_row[kTileUnits] = {};
      for (int64_t k = 0; k < kTileUnits && panel * kTileUnits + k < n_hidden; ++k) {
        now_row[k] = now[(panel * kTileUnits + k) * n_visible + i];
        then_row[k] = then[(panel * kTileUnits + k) * n_visible + i];
      }
      sum.add(now_row, then_row, kTileUnits);
    }
}

bool DeviceRbmState::has_finite_biases() const {
  for (const DeviceLayer* layer : {&hidden, &visible})
    for (const DeviceBuffer<float>* array : {&layer->bias, &layer->velocity})
      for (const float value : on_host(*array))
        if (!std::isfinite(value)) return false;
  return true;
}

}  // namespace udl::cuda
