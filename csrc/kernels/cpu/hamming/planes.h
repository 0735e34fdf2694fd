#pragma once
// Distances of one query to a tile of codes at once, bit by bit.
//
// With |x| the number of ones of a code, q the query or its complement (whichever has fewer ones,
// at most half of them) and A = |x & q|, the distance to q is |q| + |x| - 2 A, and n_bits minus
// that for the complement. So a query costs one plane addition for each one of q, at most n_bits /
// 2, and
//   distance to q <= limit   <=>   |x| + n_bits <= 2 A + (limit - |q| + n_bits)
// compares two rows of planes: the left is stored with the tile, the right starts from a constant
// of the query and grows with A. Numbers stay below 3 n_bits + 2, so with
// hamming_sum_planes(n_bits) planes none overflows. Three-input logic adds three planes in two
// operations, where counting bits of words takes a popcount for each word of each pair.
#include "base/view.h"
#include "kernels/cpu/simd/planes.h"
#include "kernels/hamming.h"

namespace udl {
namespace {

/// Blocks of kShift bits off the diagonal change places: a step of transposing 64 x 64 bits in each
/// 64-bit lane (Hacker's Delight, section 7-3, with the least significant bit first).
template <int kShift>
UDL_ALWAYS_INLINE void swap_blocks(Plane& upper, Plane& lower, uint64_t mask) {
  const Plane change = (shift_right<kShift>(upper) ^ lower) & broadcast_plane(mask);
  upper = upper ^ shift_left<kShift>(change);
  lower = lower ^ change;
}

/// Three of the six steps, on 8 of the 64 rows: every kStride-th one.
template <int kStride>
UDL_ALWAYS_INLINE void transpose_eight(uint64_t* rows, uint64_t mask4, uint64_t mask2,
                                       uint64_t mask1) {
  Plane x[8];
  for (int i = 0; i < 8; ++i) x[i] = load_plane(rows + i * kStride * kPlaneWords);
  for (int i = 0; i < 4; ++i) swap_blocks<4 * kStride>(x[i], x[i + 4], mask4);
  for (int i = 0; i < 8; i += 4) {
    swap_blocks<2 * kStride>(x[i], x[i + 2], mask2);
    swap_blocks<2 * kStride>(x[i + 1], x[i + 3], mask2);
  }
  for (int i = 0; i < 8; i += 2) swap_blocks<kStride>(x[i], x[i + 1], mask1);
  for (int i = 0; i < 8; ++i) store_plane(rows + i * kStride * kPlaneWords, x[i]);
}

void transpose_lanes(uint64_t* rows) {
  for (int r = 0; r < 8; ++r)
    transpose_eight<8>(rows + r * kPlaneWords, 0x00000000FFFFFFFFu, 0x0000FFFF0000FFFFu,
                       0x00FF00FF00FF00FFu);
  for (int r = 0; r < 64; r += 8)
    transpose_eight<1>(rows + r * kPlaneWords, 0x0F0F0F0F0F0F0F0Fu, 0x3333333333333333u,
                       0x5555555555555555u);
}

/// Word w of all codes to planes 64 w .. 64 w + 63, in place: row r, lane g first holds code 64 g +
/// r.
void slice_word(const uint64_t* codes, int64_t n_codes, int64_t n_words, uint64_t* planes) {
  for (int64_t g = 0; g < kPlaneWords; ++g) {
    const int64_t existing = n_codes <= kWordBits * g        ? 0
                             : n_codes < kWordBits * (g + 1) ? n_codes - kWordBits * g
                                                             : kWordBits;
    for (int64_t r = 0; r < existing; ++r)
      planes[r * kPlaneWords + g] = codes[(kWordBits * g + r) * n_words];
    for (int64_t r = existing; r < kWordBits; ++r) planes[r * kPlaneWords + g] = 0;
  }
  transpose_lanes(planes);
}

/// A number below 2^(4 + kUpper) at each bit position.
template <int kUpper>
struct PlaneSum {
  Plane low[4];
  Plane upper[kUpper];
};

/// The planes of a list of offsets from `tile`, in words.
struct ListedPlanes {
  const uint64_t* tile;
  const uint16_t* offsets;
  UDL_ALWAYS_INLINE Plane operator[](int64_t i) const { return load_plane(tile + offsets[i]); }
};

struct ConsecutivePlanes {
  const uint64_t* tile;
  UDL_ALWAYS_INLINE Plane operator[](int64_t i) const { return load_plane(tile + i * kPlaneWords); }
};

/// Adds planes first .. first + 15 to the four lowest of the sum and returns what they carry into
/// the upper ones.
template <int kUpper, class Planes>
UDL_ALWAYS_INLINE Plane add_16_planes(PlaneSum<kUpper>& sum, const Planes& planes, int64_t first) {
  Plane eights[2];
  for (int half = 0; half < 2; ++half) {
    Plane fours[2];
    for (int quarter = 0; quarter < 2; ++quarter) {
      const int64_t i = first + 8 * half + 4 * quarter;
      const Plane two = add_planes(sum.low[0], planes[i], planes[i + 1]);
      const Plane other_two = add_planes(sum.low[0], planes[i + 2], planes[i + 3]);
      fours[quarter] = add_planes(sum.low[1], two, other_two);
    }
    eights[half] = add_planes(sum.low[2], fours[0], fours[1]);
  }
  return add_planes(sum.low[3], eights[0], eights[1]);
}

template <int kUpper>
UDL_ALWAYS_INLINE void carry_up(PlaneSum<kUpper>& sum, Plane carry, int from) {
  for (int i = from; i < kUpper; ++i) carry = add_plane(sum.upper[i], carry);
}

/// n_planes is a multiple of 16.
template <int kUpper, class Planes>
UDL_ALWAYS_INLINE void add_all_planes(PlaneSum<kUpper>& sum, const Planes& planes,
                                      int64_t n_planes) {
  int64_t i = 0;
  for (; i + 32 <= n_planes; i += 32) {
    const Plane carry = add_16_planes(sum, planes, i),
                other_carry = add_16_planes(sum, planes, i + 16);
    carry_up(sum, add_planes(sum.upper[0], carry, other_carry), 1);
  }
  if (i < n_planes) carry_up(sum, add_16_planes(sum, planes, i), 0);
}

UDL_ALWAYS_INLINE Plane bit_plane(int32_t number, int bit) {
  return broadcast_plane(uint64_t{0} - (static_cast<uint32_t>(number) >> bit & 1));
}

/// Complement of |x| + n_bits, the left side of the comparison, in 5 + kUpper planes.
template <int kUpper>
void count_ones(const uint64_t* tile, int64_t n_planes, int32_t n_bits, uint64_t* out) {
  PlaneSum<kUpper + 1> sum;
  for (int i = 0; i < 4; ++i) sum.low[i] = bit_plane(n_bits, i);
  for (int i = 0; i <= kUpper; ++i) sum.upper[i] = bit_plane(n_bits, 4 + i);
  add_all_planes(sum, ConsecutivePlanes{tile}, n_planes);
  const Plane ones = broadcast_plane(~uint64_t{0});
  for (int i = 0; i < 4; ++i) store_plane(out + i * kPlaneWords, sum.low[i] ^ ones);
  for (int i = 0; i <= kUpper; ++i) store_plane(out + (4 + i) * kPlaneWords, sum.upper[i] ^ ones);
}

/// Codes of the tile within the query's limit.
template <int kUpper>
UDL_ALWAYS_INLINE Plane planes_within(const uint64_t* tile, const uint64_t* complement,
                                      const HammingTileQuery& query) {
  PlaneSum<kUpper> sum;  // of half the right side: its lowest plane is the same for all codes
  for (int i = 0; i < 4; ++i) sum.low[i] = broadcast_plane(query.limit_planes[1 + i]);
  for (int i = 0; i < kUpper; ++i) sum.upper[i] = broadcast_plane(query.limit_planes[5 + i]);
  add_all_planes(sum, ListedPlanes{tile, query.offsets}, query.n_offsets);
  // left <= right is the carry of right + complement of left + 1.
  Plane within = majority(load_plane(complement), broadcast_plane(query.limit_planes[0]),
                          broadcast_plane(~uint64_t{0}));
  for (int i = 0; i < 4; ++i)
    within = majority(load_plane(complement + (1 + i) * kPlaneWords), sum.low[i], within);
  for (int i = 0; i < kUpper; ++i)
    within = majority(load_plane(complement + (5 + i) * kPlaneWords), sum.upper[i], within);
  return within ^ broadcast_plane(query.flip);
}

template <int kUpper>
int64_t scan_planes(const HammingTileScan& scan, uint32_t* found, uint64_t* masks) {
  const uint64_t* complement = scan.tile + (kWordBits * scan.n_words + 1) * kPlaneWords;
  const Plane allowed = load_plane(scan.allowed);
  int64_t n_found = 0;
  for (int64_t q = 0; q < scan.n_queries; ++q) {
    const Plane within = planes_within<kUpper>(scan.tile, complement, scan.queries[q]) & allowed;
    found[n_found] = static_cast<uint32_t>(q);
    store_plane(masks + n_found * kPlaneWords, within);
    n_found += any_bit(within);
  }
  return n_found;
}

int64_t scan_tile(const HammingTileScan& scan, uint32_t* found, uint64_t* masks) {
  switch (hamming_sum_planes(scan.n_bits)) {
    case 8:
      return scan_planes<3>(scan, found, masks);
    case 10:
      return scan_planes<5>(scan, found, masks);
    case 12:
      return scan_planes<7>(scan, found, masks);
    default:
      return scan_planes<kHammingMaxSumPlanes - 5>(scan, found, masks);
  }
}

void slice_tile(const uint64_t* codes, int64_t n_codes, int64_t n_words, int32_t n_bits,
                uint64_t* tile) {
  const int64_t n_planes = kWordBits * n_words;
  for (int64_t w = 0; w < n_words; ++w)
    slice_word(codes + w, n_codes, n_words, tile + kWordBits * w * kPlaneWords);
  uint64_t* zero = tile + n_planes * kPlaneWords;
  store_plane(zero, broadcast_plane(0));
  uint64_t* sums = zero + kPlaneWords;
  switch (hamming_sum_planes(n_bits)) {
    case 8:
      return count_ones<3>(tile, n_planes, n_bits, sums);
    case 10:
      return count_ones<5>(tile, n_planes, n_bits, sums);
    case 12:
      return count_ones<7>(tile, n_planes, n_bits, sums);
    default:
      return count_ones<kHammingMaxSumPlanes - 5>(tile, n_planes, n_bits, sums);
  }
}

}  // namespace
}  // namespace udl
