#pragma once
// Two rows of sixteen floats as halves and back (kernels/dense/halves.h).
#include "kernels/cpu/simd/simd.h"
#include "kernels/dense/halves.h"

namespace udl {
namespace {

struct RowPair {
  f32x16 even, odd;
};

struct RowHalves {
  i32x16 upper, lower;
};

UDL_ALWAYS_INLINE RowPair join_halves(const RowHalves& halves) {
  const i32x16 rounding = broadcast(kHalfRounding);
  const i32x16 even = blend_halves(halves.lower, shift_left<16>(halves.upper));
  const i32x16 odd = blend_halves(shift_right_logical<16>(halves.lower), halves.upper);
  return {float_from_bits(even - rounding), float_from_bits(odd - rounding)};
}

UDL_ALWAYS_INLINE RowHalves split_rows(const RowPair& rows) {
  const i32x16 rounding = broadcast(kHalfRounding);
  const i32x16 even = bits_of_float(rows.even) + rounding, odd = bits_of_float(rows.odd) + rounding;
  return {blend_halves(shift_right_logical<16>(even), odd),
          blend_halves(even, shift_left<16>(odd))};
}

}  // namespace
}  // namespace udl
