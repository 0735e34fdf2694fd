#pragma once
// One layer of Bernoulli units given the other. The sums, means and samples are those of the CPU's
// kernels, bit for bit: contracts kernels/rbm/products.h and kernels/rbm/units.h.
#include <cstdint>

#include "base/sampling.h"
#include "kernels/cuda/kernel.h"
#include "kernels/cuda/plain/states.h"

namespace udl::cuda::plain {

/// What a layer is given: x = scale * sum + bias_factor * bias. Of bits the sum is that of integers
/// round(W * inverse_scale), of real values it is of W, terms in order, each with one rounding.
struct LayerInput {
  const float* weights;  ///< [n_hidden][n_visible]
  const float* bias;     ///< of the units that are given
  int64_t n_visible, n_hidden;
  bool to_hidden;
  float inverse_scale;       ///< 2^-e of base/fixed.h
  float scale, bias_factor;  ///< of bits 2^e, of real values 1; both times an inverse temperature
  States from;

  UDL_HD int64_t n_to() const { return to_hidden ? n_hidden : n_visible; }
  UDL_HD int64_t n_from() const { return to_hidden ? n_visible : n_hidden; }
};

/// What is wanted of the units is written where it is not null. A thread a unit, and what is
/// missing to whole words of a row; a warp a word.
struct HalfStepArguments {
  LayerInput input;
  uint32_t* samples;      ///< [row][state_words(n_to)]
  float* means;           ///< [row][n_to]
  uint16_t* means_fixed;  ///< [row][n_to]: p in units of 2^-16, at most 2^16 - 1
  DrawKey draws;          ///< of samples
  uint32_t first_chain;   ///< chain of row 0
};
extern const Kernel kHalfStep;

/// UnitTerms of kernels/rbm/units.h for each tile of 16 units: sums[tile][row] of max(x, 0) and
/// products[tile][row] of 1 + e^-|x|, put together in pairs, pairs of pairs, and so on. A thread a
/// row of a tile.
struct FreeEnergyArguments {
  LayerInput input;
  float *sums, *products;  ///< [tile][stride]
  int64_t stride;
};
extern const Kernel kFreeEnergyTerms;

/// to[row] = v . b in double: of bits the biases of every 64 units are added up in order, and then
/// these sums, of real values the products of all units in order. A thread a row.
struct VisibleEnergyArguments {
  double* to;
  const float* bias;
  int64_t n_visible;
  States from;
};
extern const Kernel kVisibleEnergy;

}  // namespace udl::cuda::plain
