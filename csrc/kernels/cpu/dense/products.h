#pragma once
// Products of weights with a minibatch. A block of rows by one or two panels of sums stays in
// registers while the reduction is walked in order, so the bits do not depend on how rows and
// panels are cut. The reduction is cut where what it reads would leave the cache; sums wait in
// `out` meanwhile.
#include <algorithm>

#include "kernels/cpu/dense/activations.h"
#include "kernels/cpu/dense/outer_product.h"
#include "kernels/cpu/simd/blocks.h"
#include "kernels/cpu/simd/prefetch.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/dense/products.h"

namespace udl {
namespace {

#if defined(UDL_TARGET_AVX512)
constexpr int kBlockRows = 12;  // by two panels: 24 of 32 registers
constexpr int kBlockPanels = 2;
constexpr int64_t kReduction = int64_t{1} << 40;  // of weights as they lie: never cut
constexpr int64_t kStripUnits = 512;
#elif defined(UDL_TARGET_AVX2)
constexpr int kBlockRows = 6;  // twelve of 16 registers
constexpr int kBlockPanels = 1;
constexpr int64_t kReduction = 208;
constexpr int64_t kStripUnits = 208;
#else
constexpr int kBlockRows = 2;
constexpr int kBlockPanels = 1;
constexpr int64_t kReduction = 208;
constexpr int64_t kStripUnits = 208;
#endif
static_assert(kStripUnits * kTaskPanels * kTileUnits <= kStripScratch, "strips fit the scratch");

/// What a part of a product reads and writes: `count` units of the side that is summed over.
struct ProductPart {
  ConstUnitPanels values;
  const float* weights;   ///< of the first unit in the first panel
  int64_t weight_stride;  ///< from panel to panel
  int64_t count;          ///< of units, or of pairs
  const UnitPanels& out;
  int64_t panel;     ///< of out
  bool first, last;  ///< whether sums begin, and whether they are complete then
  const DenseFinish& finish;
  const float* ahead;  ///< asked for on the way, four lines for each 16 of `count`; may be null
  int64_t ahead_stride;
};

/// What follows a block of sums writes and reads lines that are far away where rows are many: those
/// of a row are asked for.
template <int kPanels>
UDL_ALWAYS_INLINE void ask_for_row_behind(const ProductPart& part, int64_t row) {
  const ConstUnitPanels& outputs = part.finish.outputs;
  const bool reads_outputs = part.last && outputs.values != nullptr;
  for (int p = 0; p < kPanels; ++p) {
    if (part.first) prefetch_to_write(part.out.panel(part.panel + p) + row * kTileUnits);
    if (reads_outputs) prefetch(outputs.panel(part.panel + p) + row * kTileUnits);
  }
}

template <int kRows, int kPanels>
UDL_NEVER_INLINE void product_block(const ProductPart& part, int64_t first_row) {
  f32x16 sums[kRows][kPanels];
  const int64_t at = first_row * kTileUnits;
  for (int r = 0; r < kRows; ++r)
    for (int p = 0; p < kPanels; ++p)
      sums[r][p] =
          part.first ? broadcast(0.0f) : load(part.out.panel(part.panel + p) + at + r * kTileUnits);
  const float *values = part.values.values + at, *weights = part.weights, *ahead = part.ahead;
  for (int r = 0; r < kRows; ++r) ask_for_row_behind<kPanels>(part, first_row + r);
  int64_t n = part.count;
  for (; n >= kTileUnits; n -= kTileUnits) {
    if (ahead != nullptr) {
      for (int line = 0; line < 4; ++line) prefetch(ahead + line * kTileUnits);
      ahead += part.ahead_stride;
    }
#pragma GCC unroll 4
    for (int k = 0; k < kTileUnits; ++k)
      add_outer<kTileUnits>(values + k, weights + k * kTileUnits, part.weight_stride, sums);
    values += part.values.panel_stride;
    weights += kTileUnits * kTileUnits;
  }
  for (int64_t k = 0; k < n; ++k)
    add_outer<kTileUnits>(values + k, weights + k * kTileUnits, part.weight_stride, sums);
  for (int p = 0; p < kPanels; ++p) {
    float* out = part.out.panel(part.panel + p) + at;
    for (int r = 0; r < kRows; ++r) store(out + r * kTileUnits, sums[r][p]);
    if (part.last) finish_rows(part.finish, part.out, part.panel + p, first_row, kRows);
  }
}

/// All rows of a part of n_panels panels. `ask_ahead(block)` is what to ask for meanwhile.
template <class Ahead>
UDL_ALWAYS_INLINE void product_rows(ProductPart part, int64_t n_panels, int64_t first_row,
                                    int64_t n_rows, Ahead&& ask_ahead) {
  for (int64_t p = 0; p < n_panels; p += kBlockPanels) {
    int64_t block = 0;
    for_even_blocks<kBlockRows>(n_rows, [&](int64_t first, auto height) {
      constexpr int kRows = decltype(height)::value;
      part.ahead = p == 0 ? ask_ahead(block++) : nullptr;
      if (p + kBlockPanels <= n_panels)
        product_block<kRows, kBlockPanels>(part, first_row + first);
      else
        product_block<kRows, 1>(part, first_row + first);
    });
    part.weights += kBlockPanels * part.weight_stride;
    part.panel += kBlockPanels;
  }
}

/// work(first, count) for 0 .. n - 1 in panels of kTaskPanels.
template <class Work>
UDL_ALWAYS_INLINE void for_panel_groups(int64_t first_panel, int64_t n_panels, Work&& work) {
  for (int64_t p = 0; p < n_panels; p += kTaskPanels)
    work(first_panel + p, std::min(kTaskPanels, n_panels - p));
}

/// work(first, count) for n units in even parts of whole panels, or pairs of them, `most` units at
/// most: a short part at the end would load and store sums for little.
template <int64_t kWhole = kTileUnits, class Work>
UDL_ALWAYS_INLINE void for_even_parts(int64_t n, int64_t most, Work&& work) {
  const int64_t n_whole = divide_up(n, kWhole);
  const int64_t n_parts = divide_up(n_whole, most / kWhole);
  for (int64_t part = 0; part < n_parts; ++part) {
    const int64_t first = n_whole * part / n_parts * kWhole;
    const int64_t end = n_whole * (part + 1) / n_parts * kWhole;
    work(first, std::min(n, end) - first);
  }
}

void to_outputs(const DenseProduct& product) {
  const DenseWeights& w = product.weights;
  for_panel_groups(product.first_panel, product.n_panels, [&](int64_t panel, int64_t count) {
    for_even_parts(w.n_inputs, kReduction, [&](int64_t i, int64_t n) {
      const ConstUnitPanels values{product.values.panel(i / kTileUnits),
                                   product.values.panel_stride};
      const ProductPart part{values,
                             w.panels + panel * w.panel_stride() + i * kTileUnits,
                             w.panel_stride(),
                             n,
                             product.out,
                             panel,
                             i == 0,
                             i + n == w.n_inputs,
                             product.finish,
                             nullptr,
                             0};
      product_rows(part, count, product.first_row, product.n_rows,
                   [](int64_t) { return static_cast<const float*>(nullptr); });
    });
  });
}

/// The weights of `n` outputs from `first` on with the 16 inputs of each of `count` panels, outputs
/// as rows: a strip that reads like a panel of to_outputs.
UDL_ALWAYS_INLINE void transpose_strip(const DenseWeights& w, int64_t first, int64_t n,
                                       int64_t panel, int64_t count, float* strip) {
  for (int64_t j = 0; j < n; j += kTileUnits)
    for (int64_t p = 0; p < count; ++p) {
      const float* corner = w.panels + (first + j) / kTileUnits * w.panel_stride() +
                            (panel + p) * kTileUnits * kTileUnits;
      if (j + kTileUnits < n)
        for (int i = 0; i < kTileUnits; ++i) prefetch(corner + w.panel_stride() + i * kTileUnits);
      transpose_corner(corner, strip + (p * kStripUnits + j) * kTileUnits);
    }
}

void to_inputs(const DenseProduct& product) {
  const DenseWeights& w = product.weights;
  for_panel_groups(product.first_panel, product.n_panels, [&](int64_t panel, int64_t count) {
    for_even_parts(w.n_outputs, kStripUnits, [&](int64_t j, int64_t n) {
      transpose_strip(w, j, n, panel, count, product.scratch);
      const ConstUnitPanels values{product.values.panel(j / kTileUnits),
                                   product.values.panel_stride};
      const ProductPart part{
          values, product.scratch,      kStripUnits * kTileUnits, n,       product.out,     panel,
          j == 0, j + n == w.n_outputs, product.finish,           nullptr, w.panel_stride()};
      // Blocks of rows ask for the weights that are transposed next, four inputs a block.
      const float* next = part.last ? nullptr
                                    : w.panels + (j + n) / kTileUnits * w.panel_stride() +
                                          panel * kTileUnits * kTileUnits;
      const int64_t n_corners = count * 4;
      product_rows(part, count, product.first_row, product.n_rows, [&](int64_t block) {
        return next != nullptr && block < n_corners ? next + block * 4 * kTileUnits : nullptr;
      });
    });
  });
}

}  // namespace
}  // namespace udl
