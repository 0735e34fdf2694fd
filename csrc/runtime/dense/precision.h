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

const char* precision_name(NetPrecision precision);
/// Throws on another name.
NetPrecision net_precision_from_name(const std::string& name);

}  // namespace udl
