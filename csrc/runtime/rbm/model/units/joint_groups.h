#pragma once
// Which units of a layer are activated in groups, and which tile by tile.
#include <cstdint>
#include <vector>

#include "base/view.h"
#include "kernels/rbm/groups.h"

namespace udl {

/// The groups that tiles cannot activate: those of several units, and those of one unit that share
/// a tile with them. All other units of such a layer are groups of one, which are Bernoulli units.
class JointGroups {
 public:
  JointGroups() = default;
  /// Of a layer all of whose units are in these groups.
  explicit JointGroups(const std::vector<UnitRange>& of_layer) {
    is_joint_.resize(divide_up(of_layer.back().end, kTileUnits));
    for (const UnitRange& units : of_layer)
      if (units.size() == 1)
        has_single_units_ = true;
      else
        mark(units);
    for (const UnitRange& units : of_layer)
      if (is_joint_[units.first / kTileUnits] != 0) groups_.push_back(units);
  }
  /// Of units that count words, which are one group.
  static JointGroups of_words(int64_t n_units) {
    JointGroups found;
    found.groups_ = {{0, n_units}};
    found.is_joint_.assign(divide_up(n_units, kTileUnits), 1);
    return found;
  }

  bool are_none() const { return groups_.empty(); }
  /// Whether the units of a tile are activated in groups.
  bool holds(int64_t tile) const { return !are_none() && is_joint_[tile] != 0; }
  /// Whether some units of the layer are groups of one, whose states may be probabilities.
  bool has_single_units() const { return has_single_units_; }

  int64_t count() const { return static_cast<int64_t>(groups_.size()); }
  const UnitRange& operator[](int64_t group) const { return groups_[group]; }
  const UnitRange* data() const { return groups_.data(); }
  /// Tiles from that of the first group to that of the last; some between may be of groups of one.
  int64_t first_tile() const { return are_none() ? 0 : groups_.front().first / kTileUnits; }
  int64_t n_tiles() const {
    return are_none() ? 0 : divide_up(groups_.back().end, kTileUnits) - first_tile();
  }
  int64_t first_unit() const { return first_tile() * kTileUnits; }

 private:
  void mark(const UnitRange& units) {
    for (int64_t tile = units.first / kTileUnits; tile * kTileUnits < units.end; ++tile)
      is_joint_[tile] = 1;
  }

  std::vector<UnitRange> groups_;
  std::vector<uint8_t> is_joint_;  ///< by tile
  bool has_single_units_ = false;
};

}  // namespace udl
