#include "runtime/rbm/evaluate/exact.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "runtime/memory/buffer.h"
#include "runtime/rbm/model/softplus.h"
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

constexpr int64_t kLowBits = 10;  ///< states of a block differ in these bits, in Gray code order

/// log of the sum of the unnormalised probabilities of the states whose high bits are `block`.
/// Means nothing once the team stops.
double block_log_sum(const EnumeratedModel& model, int64_t block, int64_t low_bits, Team& team) {
  Buffer<double> input(model.n_others);
  std::copy_n(model.other_bias, model.n_others, input.data());
  double bias = 0;
  const auto flip = [&](int64_t unit, double direction) {
    bias += direction * model.state_bias[unit];
    for (int64_t i = 0; i < model.n_others; ++i) input[i] += direction * model.weight(unit, i);
  };
  for (int64_t bit = 0; bit + low_bits < model.n_states_bits; ++bit)
    if (block >> bit & 1) flip(low_bits + bit, 1);
  LogSum sum;
  int64_t gray = 0;
  for (int64_t state = 0;;) {
    sum.add(bias + softplus_sum(input.data(), model.n_others));
    if (++state == int64_t{1} << low_bits || team.check_stop()) return sum.value();
    int64_t unit = 0;  // the Gray code flips the lowest set bit of the counter
    while (!(state >> unit & 1)) ++unit;
    gray ^= int64_t{1} << unit;
    flip(unit, gray >> unit & 1 ? 1 : -1);
  }
}

}  // namespace

double log_partition_exact(const ParameterArrays<const double*>& parameters, int64_t n_hidden,
                           int64_t n_visible, const Run& run) {
  const auto [weights, hidden_bias, visible_bias, log_variance] = parameters;
  (void)log_variance;
  const bool hidden = n_hidden <= n_visible;
  const EnumeratedModel model =
      hidden
          ? EnumeratedModel{weights, n_visible, 1, hidden_bias, visible_bias, n_hidden, n_visible}
          : EnumeratedModel{weights, 1, n_visible, visible_bias, hidden_bias, n_visible, n_hidden};
  if (model.n_states_bits > kMaxEnumeratedUnits)
    throw_invalid("log_partition: method 'exact' enumerates the smaller side, at most " +
                  std::to_string(kMaxEnumeratedUnits) + " units; this model has " +
                  std::to_string(model.n_states_bits));
  const int64_t low_bits = std::min(kLowBits, model.n_states_bits);
  const int64_t n_blocks = int64_t{1} << (model.n_states_bits - low_bits);
  Buffer<double> blocks(n_blocks);
  parallel_region(run, [&](Team& team) {
    team.for_each(n_blocks, [&](int64_t block) {
      blocks[block] = block_log_sum(model, block, low_bits, team);
    });
  });
  LogSum total;
  for (int64_t block = 0; block < n_blocks; ++block) total.add(blocks[block]);
  return total.value();
}

}  // namespace udl
