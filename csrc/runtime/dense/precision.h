#pragma once
#include <cstdint>
#include <string>

namespace udl {

/// How a net computes.
enum class NetPrecision : uint8_t {
  float32,
  fast,     ///< products of bfloat16, sums and weights of float32
  float64,  ///< plain loops in double
};

/// What both factors of products are rounded to (kernels/dense/int16.h, int8.h), where a call asks
/// for that.
enum class Rounding : uint8_t { int16, int8 };

const char* precision_name(NetPrecision precision);
/// Throws on another name.
NetPrecision net_precision_from_name(const std::string& name);
Rounding rounding_from_name(const std::string& name);

}  // namespace udl
