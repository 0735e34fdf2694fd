#pragma once
// The epilogue of a product: x = scale * sum + bias, p = 1 / (1 + e^-x), sample, pack.
#include "kernels/cpu/draws.h"
#include "kernels/cpu/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

/// The 16 bits of a tile inside a 64-bit word. memcpy: neighbouring tiles are written by other threads.
UDL_ALWAYS_INLINE void store_tile_bits(uint64_t* word, int64_t tile, uint16_t bits) {
  std::memcpy(reinterpret_cast<char*>(word) + 2 * (tile % 4), &bits, sizeof bits);
}

template <bool kExact>
UDL_ALWAYS_INLINE f32x16 preactivation(const ActivationInput& in, int64_t row, f32x16 scale, f32x16 bias) {
  if constexpr (kExact) return to_float(load(in.sums + row * kTileUnits)) * scale + bias;
  return load(in.float_sums + row * kTileUnits) * scale + bias;
}

UDL_ALWAYS_INLINE i32x16 to_fixed(f32x16 p) {
  return round_to_int(min(p * broadcast(kProbabilityOne), broadcast(kProbabilityMax)));
}

template <bool kExact, bool kSample, bool kProbabilities>
void activate_rows(const ActivationInput& in, const ActivationOutput& out) {
  const f32x16 scale = broadcast(in.scale), bias = load(in.bias), one = broadcast(1.0f);
  const f32x16 fires_below = broadcast(16777216.0f);  // 2^24: see udl::fires
  for (int64_t first = 0; first < in.rows; first += 4) {
    i32x16 draws[4];
    if constexpr (kSample) draw_rows(out.draw_key, out.first_chain + static_cast<uint32_t>(first), out.tile, draws);
    for (int k = 0; k < 4; ++k) {
      const int64_t row = first + k;
      if (row >= in.rows) {
        if (kProbabilities && out.probabilities_fixed) store(out.probabilities_fixed + row * kTileUnits, broadcast(0));
        if (kProbabilities && out.probabilities) store(out.probabilities + row * kTileUnits, broadcast(0.0f));
        continue;
      }
      const f32x16 one_plus_exp = one + exp_negative(preactivation<kExact>(in, row, scale, bias));
      if constexpr (kSample) {
        const f32x16 uniform = to_float(shift_right_logical<8>(draws[k]));
        store_tile_bits(out.sample_words + row, out.tile, less(uniform * one_plus_exp, fires_below));
      }
      if constexpr (kProbabilities) {
        const f32x16 p = one / one_plus_exp;
        if (out.probabilities_fixed) store(out.probabilities_fixed + row * kTileUnits, to_fixed(p));
        if (out.probabilities) store(out.probabilities + row * kTileUnits, p);
      }
    }
  }
}

template <bool kExact>
void activate_input(const ActivationInput& in, const ActivationOutput& out) {
  const bool probabilities = out.probabilities_fixed || out.probabilities;
  if (out.sample_words && probabilities) return activate_rows<kExact, true, true>(in, out);
  if (out.sample_words) return activate_rows<kExact, true, false>(in, out);
  activate_rows<kExact, false, true>(in, out);
}

void activate(const ActivationInput& in, const ActivationOutput& out) {
  if (in.sums) return activate_input<true>(in, out);
  activate_input<false>(in, out);
}

void sample_values(const float* values, int64_t rows, int64_t row_stride, const DrawKey& draw_key, uint32_t first_chain,
                   int64_t tile, uint64_t* sample_words) {
  const f32x16 two_to_24 = broadcast(16777216.0f);
  for (int64_t first = 0; first < rows; first += 4) {
    i32x16 draws[4];
    draw_rows(draw_key, first_chain + static_cast<uint32_t>(first), tile, draws);
    for (int64_t row = first; row < rows && row < first + 4; ++row) {
      const f32x16 p = load(values + row * row_stride + tile * kTileUnits);
      const f32x16 uniform = to_float(shift_right_logical<8>(draws[row - first]));
      store_tile_bits(sample_words + row, tile, less(uniform, p * two_to_24));
    }
  }
}

}  // namespace
}  // namespace udl
