#pragma once
// Weights in halves, those of nets whose products round (bfloat16.h). The upper half of a weight is
// the bfloat16 number that products take as it lies, the lower one what an optimiser needs besides:
// together they are the float, bit for bit.
//
// Both are halves of s, the float's bits + 2^15, modulo 2^32. So the upper half is the nearest
// number of eight bits, of two the one away from 0; of bits alone it would be the one towards 0,
// and weights would shrink. NaN has the bits 0x7FC00000, but for its sign: others would wrap.
//
// Where floats have 2 m rows of sixteen in a panel (DenseWeights), halves have m rows of upper and
// then m rows of lower ones. Lane k of row i holds that of rows 2 i, in its low bits, and 2 i + 1:
// pairs of inputs in the order in which products want them.
#include <cstdint>

namespace udl {

constexpr int32_t kHalfRounding = 0x8000;

/// Of a panel of n floats: how far lower halves lie behind upper ones.
constexpr int64_t lower_halves(int64_t n) { return n / 2; }

}  // namespace udl
