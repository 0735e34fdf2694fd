#include "runtime/rbm/model/layer_states.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace udl {

LayerStates states_of(const Rows& rows, const Layer& layer) {
  LayerStates to;
  if (has_bits(layer.kind)) {
    to.bits = rows.bit_matrix();
    return to;
  }
  to.allocate_states(rows.rows(), layer);
  Buffer<float> row(layer.n_tiles() * kTileUnits);
  for (int64_t r = 0; r < rows.rows(); ++r) {
    rows.gather_values<float>(nullptr, r, 1, row.data(), row.size());
    for (int64_t tile = 0; tile < layer.n_tiles(); ++tile)
      std::copy_n(row.data() + tile * kTileUnits, kTileUnits,
                  to.values.data() + tile * to.value_tile_stride + r * to.value_stride);
  }
  return to;
}

Rows rows_of_states(const LayerStates& states, const Layer& layer) {
  if (has_bits(layer.kind)) return rows_from_bits(states.bits.view());
  const int64_t n_rows = states.rows(), n_units = layer.n_units();
  const StatesView view = states.states(n_rows);
  std::vector<float> values(static_cast<std::size_t>(n_rows * n_units));
  for (int64_t r = 0; r < n_rows; ++r) view.copy_values(r, n_units, values.data() + r * n_units);
  return Rows::of_values(std::move(values), n_rows, n_units);
}

int64_t StatesView::unit_on(int64_t row, const UnitRange& units) const {
  if (is_sparse()) {
    const int32_t *last = sparse.columns + sparse.last[row],
                  *found = std::lower_bound(sparse.columns + sparse.first[row], last, units.first);
    return found < last && *found < units.end ? *found : -1;
  }
  if (real) {
    for (int64_t i = units.first; i < units.end; ++i)
      if (value(row, i) != 0) return i;
    return -1;
  }
  for (int64_t at = units.first; at < units.end;) {
    const int64_t word = at / kWordBits, stop = std::min(units.end, (word + 1) * kWordBits);
    const uint64_t on = bits.word_column(word)[row] >> (at % kWordBits) & low_bits(stop - at);
    if (on != 0) return at + lowest_bit(on);
    at = stop;
  }
  return -1;
}

void unpack_tile(const BitMatrixView& bits, int64_t tile, float* to) {
  const uint64_t* words = bits.word_column(tile / kTilesPerWord);
  for (int64_t r = 0; r < bits.rows; ++r, to += kTileUnits) {
    const auto row = static_cast<uint32_t>(tile_bits(words + r, tile));
    for (int k = 0; k < kTileUnits; ++k) to[k] = static_cast<float>(row >> k & 1);
  }
}

}  // namespace udl
