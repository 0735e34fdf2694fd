#pragma once
// Sixteen lanes: one row of a tile. Every kernel is written once over these types; lanes_<target>.h
// says what they are on each CPU target, in the same order, and this file says what they mean.
//
// Types
//   f32x16, i32x16   sixteen floats, sixteen 32-bit integers
//   i16x16           sixteen 16-bit integers, for narrow tables
//   u64x8            eight 64-bit integers, for 32 x 32 -> 64 bit products and for words of states
//   mask bits        uint16_t, bit k for lane k
//
// Floats and integers
//   load, store, broadcast, + - * / ^ &, shift_left, shift_right_logical. Integers wrap.
//   min, max         as x86 has them, a < b ? a : b and a > b ? a : b: a NaN in `a` gives b
//   multiply_add     rounded once, as fma of the C library is. No other operation contracts a
//                    multiply and an add
//   keep_in_register  a is read from memory once, not again by each operation that uses it
//   broadcast_in_register  the same of a broadcast, in as few registers as hold equal lanes
//   square_root      rounded once
//   magnitude_bits   bits of |a|: as integers they order like the magnitudes, with infinity and
//                    then NaN on top
//   sign             -1, 0 or +1; 0 for NaN
//   less             mask of a < b
//   where_less       x where a < b, else y
//   to_float, round_to_int (ties to even), float_from_bits, bits_of_float
//   blend_halves     the low 16 bits of each lane of a with the high ones of b
//
// Words
//   even_lanes, odd_lanes   lanes 0, 2, .. 14 and 1, 3, .. 15 in the low words of eight 64-bit
//                           lanes; the high words hold anything
//   merge_lanes             low words of both back in their places
//   multiply_low_words      whole 64-bit products of the low words with m
//   high_words              high words, moved down
//   xor3                    a ^ b ^ c; ^ of two
//   load_words, broadcast_word
//   count_bits              set bits of each word
//   low_halves              low halves of the words of a, then of b
//
// Short integers
//   narrow                  values that fit 16 bits
//   widen_signed, widen_unsigned
//   zero_i16x16, + -, max; these wrap
//   add_saturated           stops at 2^15 - 1 and at -2^15
//   neighbour_sums          in each half (eight lanes) four sums of neighbours of a, then four of
//                           b, saturated
//   add_halves              the halves of a added, then those of b, saturated
//
// Between lanes; a quarter is four of them
//   interleave_low, interleave_high   in each quarter a0 b0 a1 b1 and a2 b2 a3 b3
//   pair_sums               in each quarter lanes 0 and 1 add pairs of a, 2 and 3 pairs of b;
//                           values within 0 .. 2^15 - 1
//   even_of_quarters, odd_of_quarters   in each quarter lanes 0 and 2, or 1 and 3, of a, then of b
//   transpose_quarters      a 4 x 4 matrix of quarters: quarter k of out[q] becomes quarter q of
//                           in[k]
//   load_columns            four consecutive floats of each of sixteen rows, as four vectors over
//                           the rows
#if defined(UDL_TARGET_AVX512)
#include "kernels/cpu/simd/lanes_avx512.h"
#elif defined(UDL_TARGET_AVX2)
#include "kernels/cpu/simd/lanes_avx2.h"
#else
#include "kernels/cpu/simd/lanes_baseline.h"
#endif
#include "kernels/cpu/simd/lanes_math.h"
