#pragma once
// Instructions of a warp that C++ has no word for, one a function. What a fragment of `mma` holds:
// with g = lane / 4 and t = lane % 4, rows g and g + 8 of A, column g of B, and of the sums rows g
// (0, 1) and g + 8 (2, 3), columns 2t and 2t + 1.
#include <cstdint>

#define UDL_DEVICE __device__ __forceinline__

namespace udl::cuda {

constexpr unsigned kWholeWarp = 0xFFFFFFFFu;

/// Address of shared memory as instructions want it.
UDL_DEVICE uint32_t shared_address(const void* p) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(p));
}

/// Sixteen bytes of global memory to shared memory, both aligned so; there once it is waited for.
UDL_DEVICE void copy_async(uint32_t to, const void* from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
}

/// What this thread has asked for since the last call is a group, also if it is nothing.
UDL_DEVICE void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

/// Waits until at most kPending groups of this thread are under way.
template <int kPending>
UDL_DEVICE void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}

/// Four matrices of 8 x 16 bytes; lane l gives the address of row l % 8 of matrix l / 8.
UDL_DEVICE void load_matrices(uint32_t (&to)[4], uint32_t address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(address));
}

// sums += A B of 16 x 32 and 32 x 8 bytes. A has bytes without sign; B either.
#define UDL_MMA_BYTES(kinds)                                                \
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32." kinds               \
               ".s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};" \
               : "+r"(sums[0]), "+r"(sums[1]), "+r"(sums[2]), "+r"(sums[3]) \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1))

template <bool kSigned>
UDL_DEVICE void multiply_bytes(int (&sums)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  if constexpr (kSigned)
    UDL_MMA_BYTES("u8.s8");
  else
    UDL_MMA_BYTES("u8.u8");
}
#undef UDL_MMA_BYTES

/// Bytes 0 or 1 of the bits of a word that are those of thread t (layout.h): its first register.
/// The second is that of the word shifted by one more.
UDL_DEVICE uint32_t expand_bits(uint32_t word, int t) { return word >> (2 * t) & 0x01010101u; }

/// A of 16 rows whose words are those of rows g and g + 8.
UDL_DEVICE void expand_rows(uint32_t (&a)[4], uint32_t row, uint32_t row_below, int t) {
  const uint32_t x = row >> (2 * t), y = row_below >> (2 * t);
  a[0] = x & 0x01010101u;
  a[1] = y & 0x01010101u;
  a[2] = x >> 1 & 0x01010101u;
  a[3] = y >> 1 & 0x01010101u;
}

/// Byte i of the result is byte `selector >> 4 i & 7` of the eight of low and high.
UDL_DEVICE uint32_t pick_bytes(uint32_t low, uint32_t high, uint32_t selector) {
  return __byte_perm(low, high, selector);
}

/// The largest of the values of a warp, to all its lanes.
UDL_DEVICE unsigned largest_of_warp(unsigned value) { return __reduce_max_sync(kWholeWarp, value); }

/// Sum over `n_lanes` lanes, a power of two, to each of them.
template <class Number>
UDL_DEVICE Number sum_of_lanes(Number value, int n_lanes = 32) {
  for (int distance = 1; distance < n_lanes; distance *= 2)
    value += __shfl_xor_sync(kWholeWarp, value, distance);
  return value;
}

/// The OR of the values of lanes whose number differs in these bits alone, to each of them.
UDL_DEVICE uint32_t join_lanes(uint32_t value, int first_bit, int end_bit) {
  for (int distance = first_bit; distance < end_bit; distance *= 2)
    value |= __shfl_xor_sync(kWholeWarp, value, distance);
  return value;
}

}  // namespace udl::cuda
