// Engines by their precision, and precisions by their names.
#include <memory>
#include <string>

#include "base/error.h"
#include "runtime/dense/fast/engine.h"
#include "runtime/dense/plain/engine.h"

namespace udl {
namespace {

constexpr NetPrecision kPrecisions[] = {NetPrecision::float32, NetPrecision::fast,
                                        NetPrecision::float64};

}  // namespace

const char* precision_name(NetPrecision precision) {
  switch (precision) {
    case NetPrecision::float32:
      return "float32";
    case NetPrecision::fast:
      return "fast";
    case NetPrecision::float64:
      break;
  }
  return "float64";
}

NetPrecision net_precision_from_name(const std::string& name) {
  for (const NetPrecision precision : kPrecisions)
    if (name == precision_name(precision)) return precision;
  throw_invalid("NetEngine: precision must be 'float32', 'fast' or 'float64', got '" + name + "'");
}

Rounding rounding_from_name(const std::string& name) {
  if (name == "int16") return Rounding::int16;
  if (name == "int8") return Rounding::int8;
  throw_invalid("NetEngine.forward: rounding must be 'int16', 'int8' or None, got '" + name + "'");
}

std::unique_ptr<NetEngine> make_net_engine(const NetShape& shape, NetPrecision precision) {
  check_shape(shape);
  switch (precision) {
    case NetPrecision::float32:
    case NetPrecision::fast:
      return std::make_unique<FastNetEngine>(shape, precision);
    case NetPrecision::float64:
      break;
  }
  return std::make_unique<PlainNetEngine<double>>(shape);
}

}  // namespace udl
