#pragma once
// A half step by tensor cores: units of one layer given the bits of the other. Integer sums are
// exact, so that every shape of tiles and every CPU target give the same bits.
#include <cstdint>

#include "kernels/cuda/kernel.h"
#include "kernels/cuda/layout.h"
#include "kernels/cuda/tensor/run_state.h"

namespace udl::cuda {

/// Aliasing: none but among what is read. Whatever is null is not written.
struct HalfStepArguments {
  /// Bits of the other layer, row by row, state_stride(n_summed) words each; none beyond n_summed.
  const uint32_t* states;
  const uint8_t* images;  ///< integer weights towards this layer (layout.h)
  const float* bias;      ///< [n_units]
  const RunState* run;
  RowsOf rows;
  int32_t n_summed, n_units;
  // Draws: row r is chain first_chain + r.
  uint32_t stream, layer, first_chain;
  int32_t step;             ///< of the minibatch
  int32_t row_words;        ///< state_stride of the most rows
  uint32_t* row_bits;       ///< samples, row by row: state_stride(n_units) words each
  uint32_t* unit_bits;      ///< the same, unit by unit: row_words words each; 0 beyond the rows
  uint16_t* probabilities;  ///< at probability_offset; 0 beyond the rows
};

/// Rows and units of a tile, which a block computes.
struct TileShape {
  int rows, units, threads;
  int stage_bytes(int n_slices) const {
    return rows * kByteRow + units / kTileUnits * image_bytes(n_slices);
  }
};
constexpr int kHalfStepStages = 3;
constexpr int kHalfStepShapeCount = 3;
constexpr TileShape kHalfStepShapes[kHalfStepShapeCount] = {
    {128, 64, 256}, {64, 64, 256}, {32, 16, 128}};

/// By shape, then by bytes of an integer: three, two. Blocks: tiles of rows (x) and of units (y).
extern const Kernel kHalfSteps[kHalfStepShapeCount][2];

}  // namespace udl::cuda
