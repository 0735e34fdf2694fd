#include "runtime/dense/fast/values/rooms.h"

namespace udl {
namespace {

bool is_sparse(const NetShape& shape, const Objective& objective, int layer) {
  return objective.has_sparsity() && layer < shape.last_layer() &&
         shape.activations[layer] == Activation::logistic;
}

LayerRoom layer_room(const NetShape& shape, const Objective& objective, int layer, int64_t max_rows,
                     bool has_pairs) {
  const int64_t n = shape.n_outputs(layer);
  const bool is_hidden = layer < shape.last_layer();
  LayerRoom room;
  room.outputs = UnitMatrix(max_rows, n);
  room.errors = UnitMatrix(max_rows, n);
  if (has_pairs) room.error_pairs = PairMatrix(max_rows, n);
  if (has_pairs && is_hidden) room.seen_pairs = PairMatrix(max_rows, n);
  if (is_hidden && objective.changes_outputs(layer)) room.passed = UnitMatrix(max_rows, n);
  if (is_hidden && objective.dropout != 0) room.scales = UnitMatrix(max_rows, n);
  if (layer == objective.code_layer && objective.code_noise != 0)
    room.noise = UnitMatrix(max_rows, n);
  if (is_sparse(shape, objective, layer)) {
    room.mean.resize(round_up(n, kTileUnits));
    room.term.resize(round_up(n, kTileUnits));
  }
  return room;
}

}  // namespace

NetRooms::NetRooms(const NetShape& shape, const Objective& objective, int64_t rows,
                   int64_t n_inputs, bool has_targets, bool has_pairs)
    : max_rows(rows), inputs(n_inputs) {
  for (InputRoom& input : inputs) {
    input.inputs = UnitMatrix(rows, shape.n_inputs());
    if (has_targets) input.own_targets = UnitMatrix(rows, shape.n_outputs());
  }
  for (int l = 0; l < shape.n_layers(); ++l)
    layers.push_back(layer_room(shape, objective, l, rows, has_pairs));
  if (shape.activations.back() == Activation::softmax) {
    log_sums.resize(rows);
    target_sums.resize(rows);
  }
}

}  // namespace udl
