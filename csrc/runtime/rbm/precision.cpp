// Precisions by their names.
#include "runtime/rbm/precision.h"

#include <string>

#include "base/error.h"

namespace udl {
namespace {

constexpr Precision kPrecisions[] = {Precision::fixed, Precision::fast, Precision::float64};

}  // namespace

const char* precision_name(Precision precision) {
  switch (precision) {
    case Precision::fixed:
      return "fixed";
    case Precision::fast:
      return "fast";
    case Precision::float64:
      break;
  }
  return "float64";
}

Precision precision_from_name(const std::string& name) {
  for (const Precision precision : kPrecisions)
    if (name == precision_name(precision)) return precision;
  throw_invalid("RbmEngine: precision must be 'fixed', 'fast' or 'float64', got '" + name + "'");
}

}  // namespace udl
