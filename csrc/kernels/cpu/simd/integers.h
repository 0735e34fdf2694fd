#pragma once
// Two 16-bit integers, or four bytes, in sixteen lanes of 32 bits, the first in the lowest bits.
//
//   pair, quad        of the low halves of two lanes, of the low bytes of four
//   broadcast_lane    the same lane sixteen times
//   add_dot           c + a0 b0 + a1 b1 of 16-bit integers a and b and 32-bit c, without overflow
//   dot_bytes         a0 b0 + a1 b1 and a2 b2 + a3 b3, in 16 bits each, of bytes a that are not
//                     negative and signed bytes b; sums fit 16 bits
//   add_shorts        a0 + b0, a1 + b1 of 16-bit integers
//   add_halves        c + a0 + a1 of 16-bit integers a and 32-bit c
//   sum_of_lanes      of 32-bit integers
//   keep_in_register  as of floats
#include <cstdint>

#include "kernels/cpu/simd/simd.h"

namespace udl {
namespace {

UDL_ALWAYS_INLINE i32x16 pair(i32x16 low, i32x16 high) {
  return shift_right_logical<16>(shift_left<16>(low)) ^ shift_left<16>(high);
}

UDL_ALWAYS_INLINE i32x16 quad(const i32x16 (&bytes)[4]) {
  const i32x16 high = shift_left<24>(bytes[3]);
  const i32x16 third = shift_right_logical<8>(shift_left<24>(bytes[2]));
  const i32x16 second = shift_right_logical<16>(shift_left<24>(bytes[1]));
  return high ^ third ^ second ^ shift_right_logical<24>(shift_left<24>(bytes[0]));
}

UDL_ALWAYS_INLINE int64_t sum_of_lanes(i32x16 a) {
  int32_t lanes[16];
  store(lanes, a);
  int64_t sum = 0;
  for (int k = 0; k < 16; ++k) sum += lanes[k];
  return sum;
}

#if defined(UDL_TARGET_AVX512)

struct SameLanes {
  __m512i v;
};
UDL_ALWAYS_INLINE SameLanes broadcast_lane(const int32_t* p) { return {_mm512_set1_epi32(*p)}; }
UDL_ALWAYS_INLINE void keep_in_register(SameLanes& a) { asm("" : "+v"(a.v)); }
UDL_ALWAYS_INLINE i32x16 add_dot(SameLanes a, i32x16 b, i32x16 c) {
  return {_mm512_add_epi32(c.v, _mm512_madd_epi16(a.v, b.v))};
}
UDL_ALWAYS_INLINE i32x16 dot_bytes(SameLanes a, i32x16 b) {
  return {_mm512_maddubs_epi16(a.v, b.v)};
}
UDL_ALWAYS_INLINE i32x16 add_shorts(i32x16 a, i32x16 b) { return {_mm512_add_epi16(a.v, b.v)}; }
UDL_ALWAYS_INLINE i32x16 add_halves(i32x16 a, i32x16 c) {
  return add_dot({_mm512_set1_epi16(1)}, a, c);
}

#elif defined(UDL_TARGET_AVX2)

struct SameLanes {
  __m256i v;
};
UDL_ALWAYS_INLINE SameLanes broadcast_lane(const int32_t* p) { return {_mm256_set1_epi32(*p)}; }
UDL_ALWAYS_INLINE void keep_in_register(SameLanes& a) { asm("" : "+x"(a.v)); }
UDL_ALWAYS_INLINE i32x16 add_dot(SameLanes a, i32x16 b, i32x16 c) {
  return {_mm256_add_epi32(c.low, _mm256_madd_epi16(a.v, b.low)),
          _mm256_add_epi32(c.high, _mm256_madd_epi16(a.v, b.high))};
}
UDL_ALWAYS_INLINE i32x16 dot_bytes(SameLanes a, i32x16 b) {
  return {_mm256_maddubs_epi16(a.v, b.low), _mm256_maddubs_epi16(a.v, b.high)};
}
UDL_ALWAYS_INLINE i32x16 add_shorts(i32x16 a, i32x16 b) {
  return {_mm256_add_epi16(a.low, b.low), _mm256_add_epi16(a.high, b.high)};
}
UDL_ALWAYS_INLINE i32x16 add_halves(i32x16 a, i32x16 c) {
  return add_dot({_mm256_set1_epi16(1)}, a, c);
}

#else

struct SameLanes {
  int32_t lane;
};
/// Byte k of a lane, signed.
template <int k>
UDL_ALWAYS_INLINE int32_t byte_of(int32_t lane) {
  return wrap(bits_of(lane) << (24 - 8 * k)) >> 24;
}
UDL_ALWAYS_INLINE int32_t low_short(int32_t lane) { return wrap(bits_of(lane) << 16) >> 16; }
UDL_ALWAYS_INLINE int32_t high_short(int32_t lane) { return lane >> 16; }
UDL_ALWAYS_INLINE int32_t shorts_of(int32_t low, int32_t high) {
  return wrap((bits_of(low) & 0xFFFFu) | (bits_of(high) << 16));
}

UDL_ALWAYS_INLINE SameLanes broadcast_lane(const int32_t* p) { return {*p}; }
UDL_ALWAYS_INLINE void keep_in_register(SameLanes&) {}
UDL_ALWAYS_INLINE i32x16 add_dot(SameLanes a, const i32x16& b, const i32x16& c) {
  const int32_t low = low_short(a.lane), high = high_short(a.lane);
  return lanes<i32x16>(
      [&](int k) { return c.v[k] + low * low_short(b.v[k]) + high * high_short(b.v[k]); });
}
UDL_ALWAYS_INLINE i32x16 dot_bytes(SameLanes a, const i32x16& b) {
  const int32_t first = byte_of<0>(a.lane), second = byte_of<1>(a.lane);
  const int32_t third = byte_of<2>(a.lane), fourth = byte_of<3>(a.lane);
  return lanes<i32x16>([&](int k) {
    const int32_t lane = b.v[k];
    return shorts_of(first * byte_of<0>(lane) + second * byte_of<1>(lane),
                     third * byte_of<2>(lane) + fourth * byte_of<3>(lane));
  });
}
UDL_ALWAYS_INLINE i32x16 add_shorts(const i32x16& a, const i32x16& b) {
  return lanes<i32x16>([&](int k) {
    return shorts_of(low_short(a.v[k]) + low_short(b.v[k]),
                     high_short(a.v[k]) + high_short(b.v[k]));
  });
}
UDL_ALWAYS_INLINE i32x16 add_halves(const i32x16& a, const i32x16& c) {
  return lanes<i32x16>([&](int k) { return c.v[k] + low_short(a.v[k]) + high_short(a.v[k]); });
}

#endif

}  // namespace
}  // namespace udl
