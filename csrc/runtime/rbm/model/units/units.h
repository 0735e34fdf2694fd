#pragma once
// What the units of a model are: the kind of each layer, and how visible units go together.
#include <cstdint>
#include <string>
#include <vector>

#include "base/units.h"
#include "kernels/rbm/groups.h"

namespace udl {

/// Of log sigma^2, so that 1 / sigma^2 stays far within float32.
constexpr double kLargestLogVariance = 40;

struct Units {
  UnitKind visible = UnitKind::bernoulli, hidden = UnitKind::bernoulli;
  /// Numbers of units of the groups of softmax units, in their order; empty for other kinds.
  std::vector<int64_t> visible_groups;

  bool are_bernoulli() const {
    return visible == UnitKind::bernoulli && hidden == UnitKind::bernoulli;
  }
  /// Whether the visible units have variances.
  bool have_variances() const { return visible == UnitKind::gaussian; }
  /// The units of each group. A group of one unit is on or off, as a Bernoulli unit is; in a larger
  /// one a single unit is on, or none where the value is missing.
  std::vector<UnitRange> groups() const;
};

const char* unit_kind_name(UnitKind kind);
/// Throws on another name; `argument` is what errors call it.
UnitKind unit_kind_from_name(const std::string& name, const char* argument);

/// Throws where a layer cannot be of its kind, or groups do not make up the visible units.
void check_units(const Units& units, int64_t n_visible);
/// The units of a group of several; throws where none of this number is.
UnitRange checked_group(const Units& units, int64_t group);
/// Throws where P(v_i | all others) is a density without a closed form, or no unit stands alone.
void check_has_pseudo_likelihood(const Units& units);

}  // namespace udl
