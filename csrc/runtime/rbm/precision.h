#pragma once
#include <cstdint>
#include <string>

namespace udl {

/// How an engine computes.
enum class Precision : uint8_t {
  fixed,    ///< packed bits, exact integer sums of weights rounded to at most 24 bits
  fast,     ///< the same with weights of about 10 bits in 16-bit tables; below Gaussian units
            ///< "fixed", which learns from products of bfloat16 numbers
  float64,  ///< plain loops in double
};

const char* precision_name(Precision precision);
/// Throws on another name.
Precision precision_from_name(const std::string& name);

}  // namespace udl
