#include "runtime/rbm/model/units/units.h"

#include <numeric>

#include "base/error.h"

namespace udl {
namespace {

constexpr const char* kNames[kUnitKinds] = {"bernoulli", "gaussian", "relu", "softmax",
                                            "replicated_softmax"};

bool is_softmax(UnitKind kind) {
  return kind == UnitKind::softmax || kind == UnitKind::replicated_softmax;
}

void check_groups(const std::vector<int64_t>& groups, int64_t n_visible) {
  for (const int64_t size : groups)
    if (size < 1)
      throw_invalid("RbmEngine: visible_groups must hold sizes >= 1, got " + std::to_string(size));
  const int64_t n_units = std::accumulate(groups.begin(), groups.end(), int64_t{0});
  if (n_units != n_visible)
    throw_invalid("RbmEngine: visible_groups must add up to n_visible = " +
                  std::to_string(n_visible) + ", they have " + std::to_string(n_units) + " units");
}

}  // namespace

std::vector<UnitRange> Units::groups() const {
  std::vector<UnitRange> found;
  int64_t first = 0;
  for (const int64_t size : visible_groups) {
    found.push_back({first, first + size});
    first += size;
  }
  return found;
}

const char* unit_kind_name(UnitKind kind) { return kNames[static_cast<int>(kind)]; }

UnitKind unit_kind_from_name(const std::string& name, const char* argument) {
  std::string known;
  for (int index = 0; index < kUnitKinds; ++index) {
    if (name == kNames[index]) return static_cast<UnitKind>(index);
    known += (index > 0 ? ", '" : "'") + std::string(kNames[index]) + "'";
  }
  throw_invalid(std::string("RbmEngine: ") + argument + " must be one of " + known + ", got '" +
                name + "'");
}

void check_units(const Units& units, int64_t n_visible) {
  if (units.visible == UnitKind::relu)
    throw_invalid("RbmEngine: visible units cannot be 'relu', only hidden ones");
  if (is_softmax(units.hidden))
    throw_invalid(std::string("RbmEngine: hidden units cannot be '") +
                  unit_kind_name(units.hidden) + "', only visible ones");
  if (units.visible == UnitKind::softmax)
    check_groups(units.visible_groups, n_visible);
  else if (!units.visible_groups.empty())
    throw_invalid("RbmEngine: visible_groups are of visible='softmax', got visible='" +
                  std::string(unit_kind_name(units.visible)) + "'");
}

UnitRange checked_group(const Units& units, int64_t group) {
  const std::vector<UnitRange> groups = units.groups();
  if (group < 0 || group >= static_cast<int64_t>(groups.size()) || groups[group].size() == 1)
    throw_invalid("group_energies: " + std::to_string(group) + " is no group of several units of " +
                  std::to_string(groups.size()) + " groups");
  return groups[group];
}

void check_has_pseudo_likelihood(const Units& units) {
  if (has_bits(units.visible)) return;
  throw_invalid(std::string("pseudo_likelihood: the probability of one unit given all others has "
                            "no closed form for visible='") +
                unit_kind_name(units.visible) + "'; it is of 'bernoulli' and 'softmax' units");
}

}  // namespace udl
