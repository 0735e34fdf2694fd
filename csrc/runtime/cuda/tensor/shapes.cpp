#include "runtime/cuda/tensor/shapes.h"

#include <algorithm>
#include <limits>

#include "base/view.h"
#include "kernels/cuda/tensor/learning/learn.h"
#include "kernels/cuda/tensor/sampling/half_step.h"
#include "kernels/cuda/tensor/scale/rescale.h"

namespace udl::cuda {
namespace {

// Clocks that a multiprocessor takes for a product of 16 x 8 x 32 bytes, measured on an H200, and
// estimates of how much of that rate tiles reach and what a block takes besides.
constexpr double kProduct = 1.58;
constexpr double kReached[kHalfStepShapeCount] = {0.70, 0.62, 0.35};
constexpr double kBlock = 1000;

/// Blocks of the multiprocessor that has most.
double most_blocks(int64_t n_blocks, int n_multiprocessors) {
  return static_cast<double>(divide_up(n_blocks, std::max(n_multiprocessors, 1)));
}

uint32_t count(int64_t n) { return static_cast<uint32_t>(n); }

template <class Clocks>
int cheapest(int n_shapes, const Clocks& clocks) {
  int best = 0;
  for (int shape = 1; shape < n_shapes; ++shape)
    if (clocks(shape) < clocks(best)) best = shape;
  return best;
}

}  // namespace

std::optional<TileSize> tile_size_from_name(const std::string& name) {
  if (name == "large") return TileSize::large;
  if (name == "medium") return TileSize::medium;
  if (name == "small") return TileSize::small;
  return std::nullopt;
}

int half_step_shape(int64_t n_rows, int64_t n_units, int64_t n_summed, int n_slices,
                    int n_multiprocessors) {
  return cheapest(kHalfStepShapeCount, [&](int index) {
    const TileShape& shape = kHalfStepShapes[index];
    const int64_t in_y = divide_up(n_units, shape.units);
    if (in_y > kMostBlocksInY) return std::numeric_limits<double>::infinity();
    const int64_t blocks = divide_up(n_rows, shape.rows) * in_y;
    const double products = static_cast<double>(shape.rows / 16) * (shape.units / 8) *
                            static_cast<double>(divide_up(n_summed, kStateBits)) * n_slices;
    return most_blocks(blocks, n_multiprocessors) * products * kProduct / kReached[index] + kBlock;
  });
}

Grid half_step_grid(int shape, int64_t n_rows, int64_t n_units, int n_slices) {
  const TileShape& tile = kHalfStepShapes[shape];
  return {{count(divide_up(n_rows, tile.rows)), count(divide_up(n_units, tile.units))},
          {count(tile.threads)},
          count(kHalfStepStages * tile.stage_bytes(n_slices))};
}

Grid rescale_grid(int64_t n_visible, int64_t n_hidden) {
  return {{count(divide_up(n_visible, kRescaleUnits)), count(divide_up(n_hidden, kRescaleUnits))},
          {kRescaleThreads}};
}

int learn_shape(int64_t n_visible, int64_t n_hidden, int n_multiprocessors) {
  return cheapest(kLearnShapeCount, [&](int index) {
    const LearnShape& shape = kLearnShapes[index];
    const int64_t blocks = divide_up(n_visible, shape.visible) * divide_up(n_hidden, shape.hidden);
    return most_blocks(blocks, n_multiprocessors) * shape.visible * shape.hidden / kReached[index];
  });
}

}  // namespace udl::cuda
