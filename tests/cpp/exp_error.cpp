// The largest errors of exp_negative and of the sigmoid made from it, over every float32 argument
// with 1e-9 < |x| < 86.9, and of log_scaled over those in [1, 2), against long double. Prints all;
// docs/numerics.md quotes them. Takes a minute.
//
//   g++ -std=c++17 -O2 -ffp-contract=off -Icsrc tests/cpp/exp_error.cpp -o exp_error && ./exp_error
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <initializer_list>

#include "base/math.h"

namespace {

float float_of(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

uint32_t bits_of(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

/// In units in the last place of the float32 number nearest to `exact`.
double error_in_units(float found, long double exact) {
  int exponent;
  std::frexp(static_cast<float>(exact), &exponent);
  return static_cast<double>(std::fabs(found - exact) / std::ldexp(1.0L, exponent - 24));
}

struct Errors {
  double units = 0;    ///< of e^-x, in units in the last place
  double sigmoid = 0;  ///< of 1 / (1 + e^-x), absolute
  float units_at = 0, sigmoid_at = 0;

  void add(float x) {
    const long double exact = std::exp(-static_cast<long double>(x));
    const float found = udl::exp_negative(x);
    const double in_units = error_in_units(found, exact);
    const double of_sigmoid =
        static_cast<double>(std::fabs(1.0f / (1.0f + found) - 1.0L / (1.0L + exact)));
    if (in_units > units) units = in_units, units_at = x;
    if (of_sigmoid > sigmoid) sigmoid = of_sigmoid, sigmoid_at = x;
  }
};

}  // namespace

int main() {
  Errors errors;
  for (uint32_t bits = bits_of(1e-9f); bits < bits_of(86.9f); ++bits)
    for (const float sign : {1.0f, -1.0f}) errors.add(sign * float_of(bits));
  std::printf("e^-x: %.3f units in the last place, at x = %.9g\n", errors.units,
              static_cast<double>(errors.units_at));
  std::printf("sigmoid: %.3g, at x = %.9g\n", errors.sigmoid,
              static_cast<double>(errors.sigmoid_at));
  double of_log = 0;  // relative to the larger of the result and 2^-24
  for (uint32_t bits = bits_of(1.0f); bits < bits_of(2.0f); ++bits)
    for (const float power : {0.0f, -1.0f, 5.0f, -700.0f}) {
      const float x = float_of(bits);
      const long double exact =
          std::log(static_cast<long double>(x)) + static_cast<long double>(power) * std::log(2.0L);
      const long double size = std::fmax(std::fabs(exact), 0x1p-24L);
      const long double error = std::fabs(udl::log_scaled(x, power) - exact) / size;
      of_log = std::fmax(of_log, static_cast<double>(error));
    }
  std::printf("log: %.3g of its size\n", of_log);
  return errors.units < 1 && errors.sigmoid < 9e-8 && of_log < 1.2e-7 ? 0 : 1;
}
