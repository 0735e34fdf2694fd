// The stages that sparse layers take between their outputs and their errors.
#include <utility>

#include "runtime/dense/fast/stages/stages.h"
#include "runtime/dense/sparsity.h"

namespace udl {

void FastStages::clear_means() {
  for (LayerRoom& room : rooms_.layers) room.mean.zero();
}

void FastStages::add_means(Team& team, const NetPart& part) {
  for (LayerRoom& room : rooms_.layers) {
    if (room.mean.size() == 0) continue;
    team.for_each(room.outputs.n_panels(), [&](int64_t panel) {
      const float* outputs = std::as_const(room.outputs).view().panel(panel);
      double* mean = room.mean.data() + panel * kTileUnits;
      for (int64_t r = 0; r < part.count; ++r)
        for (int k = 0; k < kTileUnits; ++k)
          mean[k] += static_cast<double>(outputs[r * kTileUnits + k]);
    });
  }
}

void FastStages::find_terms(Team& team, int64_t n_rows, float factor) {
  for (LayerRoom& room : rooms_.layers) {
    if (room.mean.size() == 0) continue;
    team.for_each(1, [&](int64_t) {
      for (int64_t j = 0; j < room.outputs.n_units(); ++j) {
        room.mean[j] /= static_cast<double>(n_rows);
        const double slope = bernoulli_divergence_slope(objective_.sparsity_target, room.mean[j]);
        room.term[j] = static_cast<float>(objective_.sparsity_cost * slope * factor);
      }
    });
  }
}

double FastStages::divergence() const {
  double sum = 0;
  for (const LayerRoom& room : rooms_.layers) {
    if (room.mean.size() == 0) continue;
    for (int64_t j = 0; j < room.outputs.n_units(); ++j)
      sum += bernoulli_divergence(objective_.sparsity_target, room.mean[j]);
  }
  return objective_.sparsity_cost * sum;
}

}  // namespace udl
