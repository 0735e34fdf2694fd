#pragma once
// What turns sums into states, for one tile of 16 units: one table a kind of unit.
#include <cstdint>

#include "base/sampling.h"

namespace udl {

/// Pre-activations x = scale * float(sum) + bias: one multiply, one add.
struct UnitInput {
  const int32_t* sums;      ///< exact sums [rows][16], or null
  const float* float_sums;  ///< float sums [rows][16], used when `sums` is null
  float scale;              ///< 1 for float sums
  const float* bias;  ///< 16 values; -1e30 for missing units, which then never fire and have mean 0
  int64_t rows;
};

/// Results of an activation; each pointer may be null. Outputs do not alias inputs.
struct UnitOutput {
  uint64_t* sample_words;  ///< word column (row stride 1): 16 bits at position 16 * (tile % 4)
  int32_t* means_fixed;  ///< [rows padded to 4][16]: min(65535, round(65536 mean)); padding rows 0
  float* means;          ///< [rows padded to 4][16]; padding rows 0
  DrawKey draw_key;      ///< used with sample_words
  uint32_t first_chain;  ///< chain of row 0
  int64_t tile;          ///< units 16 * tile .. 16 * tile + 15
};

struct UnitKernels {
  /// Mean, sample and packing. Exact, given its input.
  void (*activate)(const UnitInput& input, const UnitOutput& output);

  /// Bit [r] of unit 16 tile + k = (u < values[r * row_stride + 16 tile + k]), u the uniform draw
  /// of that unit and chain first_chain + r. Rows of values are padded to whole tiles with zeros.
  /// Output as in activate. Exact.
  void (*sample_values)(const float* values, int64_t rows, int64_t row_stride,
                        const DrawKey& draw_key, uint32_t first_chain, int64_t tile,
                        uint64_t* sample_words);
};

}  // namespace udl
