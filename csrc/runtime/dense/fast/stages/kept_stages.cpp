// Parts of rows that come again and again: what of them does not change, or not yet.
#include <algorithm>
#include <utility>

#include "runtime/dense/fast/stages/stages.h"

namespace udl {
namespace {

/// The first n_rows rows.
void copy_panel(const ConstUnitPanels& from, const UnitPanels& to, int64_t panel, int64_t n_rows) {
  std::copy_n(from.panel(panel), n_rows * kTileUnits, to.panel(panel));
}

}  // namespace

void FastStages::keep_inputs(Team& team, const NetPart& part) {
  if (!lists_.are_used() || part.index >= n_kept_ || net_.shape.last_layer() == 0) return;
  team.for_each(1, [&](int64_t) {
    if (!lists_.is_kept(part)) lists_.keep(part, lists_serve_learning());
  });
}

/// Nothing but outputs passes from layer to layer.
bool FastStages::can_keep_outputs() const {
  return !net_.bfloat16 && std::all_of(rooms_.layers.begin(), rooms_.layers.end(),
                                       [](const LayerRoom& room) { return room.passed.empty(); });
}

void FastStages::keep_outputs(Team& team, const NetPart& part) {
  if (!can_keep_outputs() || part.index >= n_kept_) return;
  team.for_each(1, [&](int64_t) {
    if (part.index >= static_cast<int64_t>(kept_outputs_.size()))
      kept_outputs_.resize(part.index + 1);
    std::vector<UnitMatrix>& kept = kept_outputs_[part.index];
    for (int l = static_cast<int>(kept.size()); l < net_.shape.last_layer(); ++l)
      kept.emplace_back(part.count, net_.shape.n_outputs(l));
  });
  for (int l = 0; l < net_.shape.last_layer(); ++l) {
    const UnitMatrix& outputs = rooms_.layers[l].outputs;
    team.for_each(outputs.n_panels(), [&](int64_t panel) {
      copy_panel(outputs.view(), kept_outputs_[part.index][l].view(), panel, part.count);
    });
  }
}

bool FastStages::recall_outputs(Team& team, const NetPart& part) {
  if (part.index >= static_cast<int64_t>(kept_outputs_.size())) return false;
  if (lists_.are_used() && !lists_.is_kept(part)) return false;  // lists are made on the way up
  fetch(team, part);
  for (int l = 0; l < net_.shape.last_layer(); ++l) {
    const UnitMatrix& kept = kept_outputs_[part.index][l];
    team.for_each(kept.n_panels(), [&](int64_t panel) {
      copy_panel(kept.view(), rooms_.layers[l].outputs.view(), panel, part.count);
    });
  }
  return true;
}

}  // namespace udl
