#pragma once
// Centring (Montavon and Mueller 2012; Melchior, Fischer and Wiskott, JMLR 17, 2016).
//
// A centred RBM sees states less their offsets, E(v, h) = -(v - m)'b* - (h - l)'c* - (h - l)'W(v -
// m): the same distributions, with b = b* - W'l and c = c* - W m. A step of gradient ascent is
// another one, which does not care whether a unit's 0 and 1 are exchanged. Models keep b and c, so
// no half step knows of centring. Of a minibatch, d x being a mean of the data less one of the
// model,
//
//   dW  learns from <h v'>_data - <h v'>_model - dh m' - l dv'
//   b*  learns from dv, and b moves as it does, less W's change' l
//   c*  learns from dh, and c moves as it does, less W's change m
//
// whatever else changes W. Moving an offset moves b* and c* alone. Offsets are those that Melchior
// et al. call dd, which PyDeep's trainers take: both follow means of the data, at its rate of 0.01
// a minibatch, and serve once they have moved.
#include "base/macros.h"

namespace udl {

constexpr double kOffsetRate = 0.01;

template <class Real>
UDL_HD Real next_offset(Real offset, Real mean) {
  return offset + static_cast<Real>(kOffsetRate) * (mean - offset);
}

}  // namespace udl
