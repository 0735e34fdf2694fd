#include "runtime/rbm/plain/normal.h"

namespace udl {
namespace {

/// Coefficients from the constant on, and the value of the polynomial.
template <int kTerms>
double polynomial(const double (&coefficients)[kTerms], double x) {
  double sum = coefficients[kTerms - 1];
  for (int k = kTerms - 2; k >= 0; --k) sum = sum * x + coefficients[k];
  return sum;
}

// AS 241, PPND16: rational functions of three ranges.
constexpr double kCentreAbove[] = {3.3871328727963666080e0,  1.3314166789178437745e+2,
                                   1.9715909503065514427e+3, 1.3731693765509461125e+4,
                                   4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                   3.3430575583588128105e+4, 2.5090809287301226727e+3};
constexpr double kCentreBelow[] = {1.0,
                                   4.2313330701600911252e+1,
                                   6.8718700749205790830e+2,
                                   5.3941960214247511077e+3,
                                   2.1213794301586595867e+4,
                                   3.9307895800092710610e+4,
                                   2.8729085735721942674e+4,
                                   5.2264952788528545610e+3};
constexpr double kMiddleAbove[] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                   5.76949722146069140550e0,  3.64784832476320460504e0,
                                   1.27045825245236838258e0,  2.41780725177450611770e-1,
                                   2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr double kMiddleBelow[] = {1.0,
                                   2.05319162663775882187e0,
                                   1.67638483018380384940e0,
                                   6.89767334985100004550e-1,
                                   1.48103976427480074590e-1,
                                   1.51986665636164571966e-2,
                                   5.47593808499534494600e-4,
                                   1.05075007164441684324e-9};
constexpr double kTailAbove[] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                 1.78482653991729133580e0,  2.96560571828504891230e-1,
                                 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                 2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr double kTailBelow[] = {1.0,
                                 5.99832206555887937690e-1,
                                 1.36929880922735805310e-1,
                                 1.48753612908506148525e-2,
                                 7.86869131145613259100e-4,
                                 1.84631831751005468180e-5,
                                 1.42151175831644588870e-7,
                                 2.04426310338993978564e-15};

}  // namespace

double inverse_normal(double p) {
  const double q = p - 0.5;
  if (std::fabs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(kCentreAbove, r) / polynomial(kCentreBelow, r);
  }
  const double r = std::sqrt(-std::log(std::min(p, 1 - p)));
  const double size = r <= 5 ? polynomial(kMiddleAbove, r - 1.6) / polynomial(kMiddleBelow, r - 1.6)
                             : polynomial(kTailAbove, r - 5) / polynomial(kTailBelow, r - 5);
  return q < 0 ? -size : size;
}

/// The number t above 0 that is passed with probability u: P(more than t - x) = u P(more than -x).
/// Far below 0 these probabilities vanish, and their logarithms are compared by Newton's method,
/// which from its first step on comes from above: the logarithm is concave.
double rectified_draw(double x, uint32_t bits) {
  const double u = open_uniform(bits), y = -x;
  if (y < 2) return std::max(0.0, x - inverse_normal(u * 0.5 * std::erfc(y / std::sqrt(2.0))));
  const double log_start = std::log(mills_ratio(y)) + std::log(u);
  double t = 0;
  for (int step = 0; step < 60; ++step) {
    const double ratio = mills_ratio(y + t);
    const double change = ratio * (std::log(ratio) - t * (y + t / 2) - log_start);
    t += change;
    if (std::fabs(change) <= 1e-15 * t) break;
  }
  return std::max(0.0, t);
}

}  // namespace udl
