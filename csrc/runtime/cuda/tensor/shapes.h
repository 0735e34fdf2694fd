#pragma once
// Which tiles fill a device best, and launches of them. Sums are integers: the choice changes no
// bit.
#include <cstdint>
#include <optional>
#include <string>

#include "kernels/cuda/kernel.h"

namespace udl::cuda {

enum class TileSize : int { large, medium, small };

/// Its name, or none.
std::optional<TileSize> tile_size_from_name(const std::string& name);

/// Blocks of a launch in y, each of which takes a tile of units.
constexpr int64_t kMostBlocksInY = 65535;
/// Units of a layer that tiles of some shape reach.
constexpr int64_t kMostTensorUnits = 64 * kMostBlocksInY;

/// Index in kHalfStepShapes of a product of bits of `n_summed` units with integers of `n_slices`
/// bytes.
int half_step_shape(int64_t n_rows, int64_t n_units, int64_t n_summed, int n_slices,
                    int n_multiprocessors);
/// Blocks of that shape for so many rows and units.
Grid half_step_grid(int shape, int64_t n_rows, int64_t n_units, int n_slices);
/// Blocks that make images of all weights.
Grid rescale_grid(int64_t n_visible, int64_t n_hidden);
/// Index of the kernels of integers of so many bytes: three, two.
inline int by_slices(int n_slices) { return n_slices == 3 ? 0 : 1; }
/// Index in kLearnShapes.
int learn_shape(int64_t n_visible, int64_t n_hidden, int n_multiprocessors);

}  // namespace udl::cuda
