// Engines by their precision and units, and precisions by their names.
#include <memory>
#include <string>

#include "base/error.h"
#include "runtime/rbm/fixed_engine.h"
#include "runtime/rbm/plain/engine.h"

namespace udl {
namespace {

constexpr Precision kPrecisions[] = {Precision::fixed, Precision::fast, Precision::float64};

/// The one list of what each engine has so far.
bool has_units(Precision precision, const Units& units) {
  if (precision != Precision::fast || units.have_variances()) return true;
  return units.hidden == UnitKind::bernoulli && has_bits(units.visible);
}

void check_available(Precision precision, const Units& units) {
  if (has_units(precision, units)) return;
  throw NotAvailable(std::string("RbmEngine: precision='") + precision_name(precision) +
                     "' has no visible='" + unit_kind_name(units.visible) + "' with hidden='" +
                     unit_kind_name(units.hidden) + "' yet");
}

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

std::unique_ptr<RbmEngine> make_rbm_engine(int64_t n_visible, int64_t n_hidden, Precision precision,
                                           const Units& units) {
  check_units(units, n_visible);
  check_available(precision, units);
  if (precision == Precision::float64)
    return std::make_unique<PlainRbmEngine>(n_visible, n_hidden, units);
  return std::make_unique<FixedRbmEngine>(n_visible, n_hidden, units, precision == Precision::fast);
}

}  // namespace udl
