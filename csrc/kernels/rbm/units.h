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
  const float* bias;        ///< 16 values; of missing units 0 where they are normal numbers, else
                            ///< -1e30: they are 0 then, as their means are
  int64_t rows;
  const float* deviation = nullptr;  ///< of normal units, 16 values; 0 for missing units
};

/// Results of an activation; each pointer may be null. Outputs do not alias inputs.
struct UnitOutput {
  uint64_t* sample_words;  ///< word column (row stride 1): 16 bits at position 16 * (tile % 4)
  int32_t* means_fixed;  ///< [rows padded to 4][16]: min(65535, round(65536 mean)); padding rows 0
  float* means;          ///< [rows padded to 4][16]; padding rows 0
  DrawKey draw_key;      ///< used with samples
  uint32_t first_chain;  ///< chain of row 0
  int64_t tile;          ///< units 16 * tile .. 16 * tile + 15

  // Of real-valued units, in place of sample_words: that of row r and unit 16 tile + k is stored at
  // samples[r * sample_stride + k], times factors[k].
  float* samples;
  int64_t sample_stride;
  const float* factors;  ///< 16 values, or null for 1
};

/// What the units of a tile add to minus the free energy, row by row: summed over the units (see
/// runtime/rbm/model/units/unit_terms.h for each kind) it is sums[r] + log(products[r]). Room for
/// the rows padded to 16, of which the padding means nothing. A tile's product lies between 1 and
/// 2^16.
struct UnitTerms {
  float* sums;
  float* products;
};

/// Entries of softmax units are of groups of one; larger groups, and words, have kernels of their
/// own (kernels/rbm/groups.h).
struct UnitKernels {
  /// Mean, sample and packing. Exact, given its input.
  /// Bernoulli: p = 1 / (1 + e^-x), on where u < p. Gaussian: x, x + deviation n. Relu: the
  /// mean and a sample of that, given that it is above 0. u and n are of the unit's one draw, n by
  /// base/normal.h.
  void (*activate)(const UnitInput& input, const UnitOutput& output);

  /// Binary units alone. Bit [r] of unit 16 tile + k = (u < values[r * row_stride + 16 tile + k]),
  /// u the uniform draw of that unit and chain first_chain + r. Rows of values are padded to whole
  /// tiles with zeros. Output as in activate. Exact.
  void (*sample_values)(const float* values, int64_t rows, int64_t row_stride,
                        const DrawKey& draw_key, uint32_t first_chain, int64_t tile,
                        uint64_t* sample_words);

  /// Exact, given its input: lanes are put together in pairs, pairs of pairs, and so on.
  void (*log_terms)(const UnitInput& input, const UnitTerms& terms);

  /// log_terms of two inputs that have the same sums, then the samples of the second: what these
  /// kernels do one after the other, in one pass. Null for kinds that have no such pass.
  void (*log_terms_and_samples)(const UnitInput& before, const UnitInput& now,
                                const UnitTerms& terms_before, const UnitTerms& terms_now,
                                const UnitOutput& output);
};

}  // namespace udl
