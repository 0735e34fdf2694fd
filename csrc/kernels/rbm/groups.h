#pragma once
// Units of which one of a group is on: what turns the inputs of sixteen rows into probabilities and
// choices. Groups cross tiles, so that tiles come first and groups after a barrier. A group of one
// unit is a Bernoulli unit, on or off; it is in a group only where it shares a tile with others.
#include <cstdint>

#include "base/sampling.h"
#include "base/view.h"
#include "kernels/rbm/units.h"

namespace udl {

/// Units first .. end - 1.
struct UnitRange {
  int64_t first, end;

  int64_t size() const { return end - first; }
};

/// Rows `first` .. `first` + 15 of the inputs x of a layer.
struct GroupInput {
  /// That of unit 16 (first_tile + t) + k in row r is inputs[t * tile_stride + 16 r + k]. Room for
  /// sixteen rows, of which those that are not there mean nothing.
  const float* inputs;
  int64_t tile_stride, first_tile, n_tiles;
  const UnitRange* groups;  ///< in ascending order, each within the tiles
  int64_t n_groups;
  /// Inverse temperatures of the sixteen rows, whose inputs count so often; null: 1. Not of words.
  const float* betas = nullptr;
};

/// Where rows of draws are: row r is chain first_chain + r.
struct GroupDraws {
  DrawKey key;
  uint32_t first_chain;
};

/// e^x are added up in parts of sixteen units of a group, which are then added in order.
struct GroupKernels {
  /// The inputs of a tile that are activated later, as `means`. Exact, given its input.
  void (*keep_inputs)(const UnitInput& input, const UnitOutput& output);

  /// out[16 i + r] = P(unit i of row r | one of its group is on), i counted from the first unit of
  /// the first tile, of all units of groups and sixteen rows; of a group of one 1 / (1 + e^-x).
  /// `out` has room for whole tiles of units. Exact, given its input.
  void (*probabilities)(const GroupInput& input, float* out);

  /// chosen[16 g + r] = which of the units of group g, counted from its first, is on in row r: the
  /// first whose cumulated e^x exceeds u times their total, u the uniform draw of the group's first
  /// unit; -1 for a group of one that is off, which is on where u (1 + e^-x) < 1. Scratch is as
  /// `out` above. Exact, given its input.
  void (*choose)(const GroupInput& input, const GroupDraws& draws, float* scratch, int32_t* chosen);

  /// Of units in one group: words[n], n < n_words, = the first unit of row `row` of the sixteen
  /// whose cumulated e^x exceeds u times their total, u the uniform draw of unit n of the row's
  /// chain. Scratch has room for word_scratch(units). Exact, given its input.
  void (*draw_words)(const GroupInput& input, int64_t row, const GroupDraws& draws, int64_t n_words,
                     float* scratch, int32_t* words);
};

/// Floats that draw_words needs: cumulated e^x of whole tiles, and those before each tile.
inline int64_t word_scratch(int64_t n_units) {
  return divide_up(n_units, kTileUnits) * (kTileUnits + 1) + 1;
}

}  // namespace udl
