#pragma once
// Products of real-valued states in bfloat16 pairs (kernels/rbm/bfloat16.h). Weights stay float32:
// a tile rounds those it multiplies, once for all rows.
#include <algorithm>

#include "kernels/cpu/simd/bfloat16.h"
#include "kernels/cpu/simd/blocks.h"
#include "kernels/cpu/simd/prefetch.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

#if defined(UDL_HAS_BFLOAT16)

constexpr int kPairRows = 24;   // of 32 registers
constexpr int kLinesAhead = 4;  // a quarter of what a tile has

void pack_paired_rows(const float* values, int64_t row_stride, int64_t tile, const PairedRows& to) {
  for_even_heights<kPairRows>(to.rows, [&](int64_t first, int64_t height) {
    float* out = to.by_unit + (first * to.n_tiles + tile * height) * kTilePairs;
    for (int64_t r = 0; r < height; ++r)
      store_rounded(out + r * kTilePairs, load(values + (first + r) * row_stride));
  });
  float* out = to.by_row + tile * to.row_stride();
  for (int64_t r = 0; r < to.rows; r += 2, out += kTileUnits) {
    const float* row = values + r * row_stride;
    store(out, zip(load(row), r + 1 < to.rows ? load(row + row_stride) : broadcast(0.0f)));
  }
}

void pack_paired_means(const float* means, int64_t rows, float sign, float* pairs) {
  const f32x16 factor = broadcast(sign);
  for (int64_t r = 0; r < rows; r += 2, means += 2 * kTileUnits, pairs += kTileUnits) {
    const f32x16 next = r + 1 < rows ? load(means + kTileUnits) : broadcast(0.0f);
    store(pairs, zip(load(means) * factor, next * factor));
  }
}

/// Weights of a tile, pairs of visible units as rows.
void pair_weights(const float* panel, int64_t n_pairs, float* pairs) {
  for (int64_t p = 0; p < n_pairs; ++p, panel += 2 * kTileUnits, pairs += kTileUnits) {
    prefetch(panel + 32 * kTileUnits);
    prefetch(panel + 33 * kTileUnits);
    store(pairs, zip(load(panel), load(panel + kTileUnits)));
  }
}

/// out[r] += pair kStride r of `values` times `row`.
template <int kStride, int kCount>
UDL_ALWAYS_INLINE void add_paired(const float* values, const float* row, f32x16 (&out)[kCount]) {
  const bf16x32 pairs = load_pairs(row);
#pragma GCC unroll 24
  for (int r = 0; r < kCount; ++r) add_dot_pairs(values + r * kStride, pairs, out[r]);
}

/// A block of rows, tile after tile: sums stay in registers from the first to the last. Loops over
/// rows are unrolled by name: left to itself the compiler does so up to 16, and keeps more in
/// memory. What lies `ahead` is asked for on the way, kLinesAhead a tile; null for nothing.
template <int kRows>
UDL_NEVER_INLINE void paired_block(const float* values, const float* weights, int64_t n_tiles,
                                   const float* ahead, float* sums) {
  f32x16 out[kRows];
#pragma GCC unroll 24
  for (int r = 0; r < kRows; ++r) out[r] = broadcast(0.0f);
  for (int64_t t = 0; t < n_tiles; ++t) {
    if (ahead != nullptr) {
      for (int line = 0; line < kLinesAhead; ++line) prefetch(ahead + line * kTileUnits);
      ahead += kLinesAhead * kTileUnits;
    }
#pragma GCC unroll 8
    for (int k = 0; k < kTilePairs; ++k)
      add_paired<kTilePairs>(values + k, weights + k * kTileUnits, out);
    values += kRows * kTilePairs;
    weights += kTilePairs * kTileUnits;
  }
#pragma GCC unroll 24
  for (int r = 0; r < kRows; ++r) store(sums + r * kTileUnits, out[r]);
}

/// The first blocks ask for the next panel, which the same thread mostly multiplies next.
void paired_hidden_sums(const WeightPanelsView& weights, int64_t tile, const PairedRows& values,
                        float* scratch, float* sums) {
  pair_weights(weights.panel(tile), values.n_tiles * kTilePairs, scratch);
  const bool has_next = (tile + 1) * kTileUnits < weights.n_hidden;
  int64_t part = 0;  // of the next panel
  for_even_blocks<kPairRows>(values.rows, [&](int64_t first, auto height) {
    constexpr int kRows = decltype(height)::value;
    const int64_t line = part++ * kLinesAhead;
    const float* ahead = has_next && line + kLinesAhead <= kTileUnits
                             ? weights.panel(tile + 1) + line * values.n_tiles * kTileUnits
                             : nullptr;
    paired_block<kRows>(values.by_unit + first * values.n_tiles * kTilePairs, scratch,
                        values.n_tiles, ahead, sums + first * kTileUnits);
  });
}

UDL_ALWAYS_INLINE void add_phase(const PairedPhase& phase, int64_t tile,
                                 f32x16 (&out)[kTileUnits]) {
  const float *a = phase.visible.by_row + tile * phase.visible.row_stride(), *b = phase.means;
  for (int64_t r = 0; r < phase.visible.rows; r += 2, a += kTileUnits, b += kTileUnits)
    add_paired<1>(a, b, out);
}

void paired_gradient_sums(const PairedPhase& positive, const PairedPhase& negative,
                          int64_t n_visible, float* sums) {
  const auto n_up = static_cast<float>(positive.visible.rows),
             n_down = static_cast<float>(negative.visible.rows);
  const f32x16 up_for_down = broadcast(n_down / n_up), factor = broadcast(1.0f / n_down);
  for (int64_t tile = 0; tile * kTileUnits < n_visible; ++tile) {
    f32x16 out[kTileUnits];
    for (f32x16& sum : out) sum = broadcast(0.0f);
    add_phase(positive, tile, out);
    for (f32x16& sum : out) sum = sum * up_for_down;
    add_phase(negative, tile, out);
    const int64_t first = tile * kTileUnits;
    for (int u = 0; u < kTileUnits; ++u)
      if (first + u < n_visible) store(sums + (first + u) * kTileUnits, out[u] * factor);
  }
}

constexpr RbmBfloat16Kernels bfloat16_kernels() {
  return {pack_paired_rows, pack_paired_means, paired_hidden_sums, paired_gradient_sums};
}

#else

constexpr RbmBfloat16Kernels bfloat16_kernels() { return {}; }

#endif

}  // namespace
}  // namespace udl
