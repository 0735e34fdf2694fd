// Engines of the CPU by their precision and units.
#include <memory>
#include <string>

#include "base/error.h"
#include "runtime/rbm/fixed_engine.h"
#include "runtime/rbm/plain/engine.h"

namespace udl {
namespace {

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

std::unique_ptr<RbmEngine> make_rbm_engine(int64_t n_visible, int64_t n_hidden, Precision precision,
                                           const Units& units) {
  check_units(units, n_visible);
  check_available(precision, units);
  if (precision == Precision::float64)
    return std::make_unique<PlainRbmEngine>(n_visible, n_hidden, units);
  return std::make_unique<FixedRbmEngine>(n_visible, n_hidden, units, precision == Precision::fast);
}

}  // namespace udl
