#pragma once
// The direction of limited-memory BFGS, of whole vectors of parameters.
#include <cstdint>
#include <vector>

#include "runtime/threads/run.h"

namespace udl {

/// A step, the change of the gradient along it, and their product, which is positive.
template <class Real>
struct CurvaturePair {
  const Real *step, *change;
  double curvature;
};

/// `values`, a gradient of n numbers, becomes minus the inverse of the Hessian times it, as the
/// pairs tell that inverse, oldest first; there is at least one (Liu and Nocedal 1989, section 2).
/// Everything is in double. Sums are those of blocks, in order, so that they depend on no number of
/// threads. After an interruption `values` mean nothing.
template <class Real>
void lbfgs_direction(const std::vector<CurvaturePair<Real>>& pairs, int64_t n, double* values,
                     const Run& run);

extern template void lbfgs_direction(const std::vector<CurvaturePair<float>>&, int64_t, double*,
                                     const Run&);
extern template void lbfgs_direction(const std::vector<CurvaturePair<double>>&, int64_t, double*,
                                     const Run&);

}  // namespace udl
