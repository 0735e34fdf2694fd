#pragma once
// Products of bits by a warp. Device code, for compute capabilities 8.0 to 9.0: later ones have no
// such unit, and code for them is compiled but slow.
#include <cstdint>

namespace udl::cuda {

/// sums = first + the numbers of ones of a AND b, for 16 rows a and 8 columns b of 256 bits. With g
/// = lane / 4 and t = lane % 4: a[0] and a[2] are words t and 4 + t of row g, a[1] and a[3] those
/// of row g + 8, b0 and b1 those of column g. sums are of row g, columns 2t and 2t + 1, then of row
/// g + 8; `first` is one number a column, for both rows.
__device__ __forceinline__ void count_common_ones(int32_t (&sums)[4], const uint32_t (&a)[4],
                                                  uint32_t b0, uint32_t b1, int32_t first0,
                                                  int32_t first1) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k256.row.col.s32.b1.b1.s32.and.popc "
      "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%10,%11,%10,%11};"
      : "=r"(sums[0]), "=r"(sums[1]), "=r"(sums[2]), "=r"(sums[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1), "r"(first0), "r"(first1));
#endif
}

}  // namespace udl::cuda
