#include "runtime/rbm/evaluate/exact.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/error.h"
#include "runtime/memory/buffer.h"
#include "runtime/rbm/model/units/unit_terms.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

/// The model seen from the side that is enumerated.
struct EnumeratedModel {
  const double* weights;
  int64_t state_stride,
      other_stride;  ///< in `weights`, between enumerated units and between other units
  const double* state_bias;
  const double* other_bias;
  int64_t n_states_bits, n_others;
  UnitKind other_kind;
  bool others_are_hidden;
  const double* log_variance;  ///< of Gaussian visible units
  std::vector<UnitRange> groups;
  std::vector<double> lengths;

  double weight(int64_t state_unit, int64_t other) const {
    return weights[state_unit * state_stride + other * other_stride];
  }
};

/// log(sum exp) of values added one by one.
struct LogSum {
  double largest = -INFINITY, scaled_sum = 0;
  void add(double value) {
    if (value > largest) {
      scaled_sum = scaled_sum * std::exp(largest - value) + 1;
      largest = value;
    } else {
      scaled_sum += std::exp(value - largest);
    }
  }
  double value() const { return largest + std::log(scaled_sum); }
};

double log_sum_exp(const double* x, int64_t n) {
  LogSum sum;
  for (int64_t i = 0; i < n; ++i) sum.add(x[i]);
  return sum.value();
}

/// A group of one may be off, too.
double groups_log_sum(const std::vector<UnitRange>& groups, const double* input) {
  double sum = 0;
  for (const UnitRange& units : groups)
    sum += units.size() == 1 ? softplus(input[units.first])
                             : log_sum_exp(input + units.first, units.size());
  return sum;
}

/// The integral over a normal unit whose mean moves from its bias b to x.
double gaussian_log_sum(const EnumeratedModel& model, const double* input) {
  double sum = 0;
  for (int64_t i = 0; i < model.n_others; ++i) {
    const double x = input[i], b = model.other_bias[i], log_variance = model.log_variance[i];
    sum += kHalfLog2Pi + log_variance / 2 + (x * x - b * b) / 2 * std::exp(-log_variance);
  }
  return sum;
}

/// log of the sum or integral over all states of the other layer, whose inputs include biases.
double other_log_sum(const EnumeratedModel& model, const double* input) {
  if (model.others_are_hidden) return hidden_log_sums(model.other_kind, input, model.n_others);
  switch (model.other_kind) {
    case UnitKind::gaussian:
      return gaussian_log_sum(model, input);
    case UnitKind::softmax:
      return groups_log_sum(model.groups, input);
    case UnitKind::replicated_softmax:
      return log_sum_exp(input, model.n_others);
    default:
      return softplus_sum(input, model.n_others);
  }
}

constexpr int64_t kLowBits = 10;  ///< states of a block differ in these bits, in Gray code order

/// logs of the sums of the unnormalised probabilities of the states whose high bits are `block`,
/// one for each length of rows: words are independent given hidden states, so each counts the same.
/// Mean nothing once the team stops.
void add_block(const EnumeratedModel& model, int64_t block, int64_t low_bits, Team& team,
               std::vector<LogSum>& sums) {
  Buffer<double> input(model.n_others);
  std::copy_n(model.other_bias, model.n_others, input.data());
  double bias = 0;
  const auto flip = [&](int64_t unit, double direction) {
    bias += direction * model.state_bias[unit];
    for (int64_t i = 0; i < model.n_others; ++i) input[i] += direction * model.weight(unit, i);
  };
  for (int64_t bit = 0; bit + low_bits < model.n_states_bits; ++bit)
    if (block >> bit & 1) flip(low_bits + bit, 1);
  int64_t gray = 0;
  for (int64_t state = 0;;) {
    const double of_word = bias + other_log_sum(model, input.data());
    for (size_t k = 0; k < sums.size(); ++k) sums[k].add(model.lengths[k] * of_word);
    if (++state == int64_t{1} << low_bits || team.check_stop()) return;
    int64_t unit = 0;  // the Gray code flips the lowest set bit of the counter
    while (!(state >> unit & 1)) ++unit;
    gray ^= int64_t{1} << unit;
    flip(unit, gray >> unit & 1 ? 1 : -1);
  }
}

/// The smaller side of Bernoulli units.
bool enumerates_hidden(const PartitionShape& shape) {
  const Units& units = shape.units;
  if (units.are_bernoulli()) return shape.n_hidden <= shape.n_visible;
  if (units.hidden == UnitKind::bernoulli) return true;
  if (units.visible == UnitKind::bernoulli) return false;
  throw_invalid(std::string("log_partition: method 'exact' enumerates a layer of Bernoulli units; "
                            "this model has visible='") +
                unit_kind_name(units.visible) + "' and hidden='" + unit_kind_name(units.hidden) +
                "'");
}

EnumeratedModel enumerated(const ParameterArrays<const double*>& parameters,
                           const PartitionShape& shape) {
  EnumeratedModel model{};
  model.weights = parameters.weights;
  model.lengths.assign(shape.lengths.begin(), shape.lengths.end());
  model.log_variance = parameters.log_variance;
  model.groups = shape.units.groups();
  if (enumerates_hidden(shape)) {
    model.state_stride = shape.n_visible;
    model.other_stride = 1;
    model.state_bias = parameters.hidden_bias;
    model.other_bias = parameters.visible_bias;
    model.n_states_bits = shape.n_hidden;
    model.n_others = shape.n_visible;
    model.other_kind = shape.units.visible;
  } else {
    model.state_stride = 1;
    model.other_stride = shape.n_visible;
    model.state_bias = parameters.visible_bias;
    model.other_bias = parameters.hidden_bias;
    model.n_states_bits = shape.n_visible;
    model.n_others = shape.n_hidden;
    model.other_kind = shape.units.hidden;
    model.others_are_hidden = true;
  }
  return model;
}

}  // namespace

std::vector<double> log_partition_exact(const ParameterArrays<const double*>& parameters,
                                        const PartitionShape& shape, const Run& run) {
  const EnumeratedModel model = enumerated(parameters, shape);
  if (model.n_states_bits > kMaxEnumeratedUnits)
    throw_invalid("log_partition: method 'exact' enumerates the smaller side, at most " +
                  std::to_string(kMaxEnumeratedUnits) + " units; this model has " +
                  std::to_string(model.n_states_bits) +
                  ": 'ais' and 'reverse_ais' estimate log Z from below and above");
  const int64_t low_bits = std::min(kLowBits, model.n_states_bits);
  const int64_t n_blocks = int64_t{1} << (model.n_states_bits - low_bits);
  const size_t n_lengths = model.lengths.size();
  Buffer<double> blocks(n_blocks * static_cast<int64_t>(n_lengths));
  parallel_region(run, [&](Team& team) {
    team.for_each(n_blocks, [&](int64_t block) {
      std::vector<LogSum> sums(n_lengths);
      add_block(model, block, low_bits, team, sums);
      for (size_t k = 0; k < n_lengths; ++k) blocks[block * n_lengths + k] = sums[k].value();
    });
  });
  std::vector<double> out(n_lengths);
  for (size_t k = 0; k < n_lengths; ++k) {
    LogSum total;
    for (int64_t block = 0; block < n_blocks; ++block) total.add(blocks[block * n_lengths + k]);
    out[k] = total.value();
  }
  return out;
}

}  // namespace udl
