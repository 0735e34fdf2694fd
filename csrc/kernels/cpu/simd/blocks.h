#pragma once
// Blocks of rows, or of units, that a kernel keeps in registers: one template a height.
#include <cstdint>
#include <type_traits>

#include "base/view.h"
#include "kernels/cpu/simd/simd.h"

namespace udl {
namespace {

/// Calls work(std::integral_constant<int, height>) for a height of 1 .. kMost: one template a
/// height.
template <int kMost, class Work>
UDL_ALWAYS_INLINE void with_height(int64_t height, Work&& work) {
  if constexpr (kMost > 1)
    if (height < kMost) return with_height<kMost - 1>(height, work);
  work(std::integral_constant<int, kMost>{});
}

/// work(first, height) for 0 .. n - 1 in blocks of nearly equal height, at most kMost: a low block
/// at the end would wait for every addition.
template <int kMost, class Work>
UDL_ALWAYS_INLINE void for_even_heights(int64_t n, Work&& work) {
  const int64_t n_blocks = divide_up(n, kMost);
  int64_t first = 0;
  for (int64_t block = 0; block < n_blocks; ++block) {
    const int64_t height = n / n_blocks + (block < n % n_blocks ? 1 : 0);
    work(first, height);
    first += height;
  }
}

/// The same with heights that are constants, one template each.
template <int kMost, class Work>
UDL_ALWAYS_INLINE void for_even_blocks(int64_t n, Work&& work) {
  for_even_heights<kMost>(n, [&](int64_t first, int64_t height) {
    with_height<kMost>(height, [&](auto rows) { work(first, rows); });
  });
}

/// work(row, panel) for each sum of a block that stays in registers. Unrolled before anything else
/// looks at it: sums under an index that is no constant lie in memory, and are loaded and stored
/// around every loop that adds to them.
template <int kRows, int kPanels, class Work>
UDL_ALWAYS_INLINE void for_sums(Work&& work) {
#pragma GCC unroll 16
  for (int row = 0; row < kRows; ++row)
#pragma GCC unroll 8
    for (int panel = 0; panel < kPanels; ++panel) work(row, panel);
}

/// Rows of 16 x 16 values to columns, which lie column_stride apart; rows lie one after the other.
UDL_ALWAYS_INLINE void transpose_corner(const float* corner, float* columns,
                                        int64_t column_stride = kTileUnits) {
  for (int j = 0; j < kTileUnits; j += 4) {
    f32x16 four[4];
    load_columns(corner + j, kTileUnits, four);
    for (int k = 0; k < 4; ++k) store(columns + (j + k) * column_stride, four[k]);
  }
}

}  // namespace
}  // namespace udl
