#pragma once
// Draws of normal and of rectified units in double, each from one 32-bit draw.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "runtime/rbm/model/units/unit_terms.h"

namespace udl {

/// The probability that a draw stands for, above 0 and below 1.
inline double open_uniform(uint32_t bits) { return (bits + 0.5) * 0x1p-32; }

/// The x that a normal number is below with probability p, 0 < p < 1 (Wichura 1988, AS 241:
/// relative error below 1e-15).
double inverse_normal(double p);

/// A normal number.
inline double normal_draw(uint32_t bits) { return inverse_normal(open_uniform(bits)); }

/// A normal number of mean x and variance 1, given that it is above 0.
double rectified_draw(double x, uint32_t bits);

}  // namespace udl
