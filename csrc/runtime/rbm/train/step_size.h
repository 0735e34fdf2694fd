#pragma once
// How far a minibatch may move weights and biases of Gaussian visible units. These answer their
// parameters linearly: a step of rate r moves the mean of a row by r (1 + sum of h^2) times the
// row's error, and from 2 on errors grow from step to step. The rate is at most 1 over that sum,
// with the hidden activity of the data; rates below that are taken as they are.
#include <algorithm>
#include <cstdint>

#include "runtime/memory/buffer.h"
#include "runtime/rbm/model/state.h"
#include "runtime/rbm/settings.h"

namespace udl {

class StepSize {
 public:
  StepSize(const RbmState& state, const TrainSettings& settings)
      : learning_rate_(settings.learning_rate),
        activities_(state.visible.has_variances() ? state.hidden_tiles() : 0) {}

  bool is_bounded() const { return activities_.size() > 0; }

  /// P(h | data) of a hidden tile, [rows][16], with zeros for missing units.
  void begin_hidden(int64_t tile, const float* means, int64_t rows) {
    double sum = 0;
    for (int64_t n = 0; n < rows * kTileUnits; ++n) sum += means[n];
    activities_[tile] = sum;
  }

  /// The factor of the statistics of a minibatch of so many rows, once all hidden tiles have begun.
  float factor(int64_t rows) const {
    if (!is_bounded()) return 1;
    double sum = 0;
    for (int64_t tile = 0; tile < activities_.size(); ++tile) sum += activities_[tile];
    const double largest = 1 / (1 + sum / static_cast<double>(rows));
    return static_cast<float>(std::min(1.0, largest / learning_rate_));
  }

 private:
  double learning_rate_;
  Buffer<double> activities_;  ///< of hidden tiles, summed over the rows
};

}  // namespace udl
