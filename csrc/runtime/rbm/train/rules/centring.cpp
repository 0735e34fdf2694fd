#include "runtime/rbm/train/rules/centring.h"

#include <algorithm>

#include "runtime/dispatch/target.h"
#include "runtime/rbm/steps/centring.h"

namespace udl {

Centring::Centring(RbmState& state, bool is_on)
    : state_(state), kernels_(rbm_kernels()), is_on_(is_on) {
  starts_ = is_on && !state.has_offsets();
  for (Layer* layer : {&state.hidden, &state.visible}) {
    if (!is_on) layer->offset.resize(0);
    if (starts_) layer->add_offset();
  }
  if (!is_on) return;
  const int64_t n_visible = state.visible_tiles() * kTileUnits;
  visible_gradient_.resize(n_visible);
  shifts_.resize(state.hidden_tiles() * n_visible);
}

void Centring::begin_visible(int64_t tile, bool first_batch, const TileMeans& means,
                             const TileMeans& gradient) {
  follow(state_.visible, tile, first_batch, means);
  std::copy_n(gradient.units, tile_units(state_.visible, tile),
              &visible_gradient_[tile * kTileUnits]);
}

void Centring::begin_hidden(int64_t tile, bool first_batch, const TileMeans& means) {
  follow(state_.hidden, tile, first_batch, means);
}

void Centring::follow(Layer& layer, int64_t tile, bool first_batch, const TileMeans& means) const {
  float* offset = &layer.offset[tile * kTileUnits];
  for (int64_t k = 0; k < tile_units(layer, tile); ++k)
    offset[k] = starts_ && first_batch ? means.units[k] : next_offset(offset[k], means.units[k]);
}

OuterTerm Centring::visible_term(const TileMeans& hidden_gradient) const {
  OuterTerm term{visible_offset(), {}};
  for (int k = 0; k < kTileUnits; ++k) term.hidden[k] = -hidden_gradient.units[k];
  return term;
}

OuterTerm Centring::hidden_term(int64_t tile) const {
  OuterTerm term{visible_gradient_.data(), {}};
  for (int k = 0; k < kTileUnits; ++k)
    term.hidden[k] = -state_.hidden.offset[tile * kTileUnits + k];
  return term;
}

void Centring::shift_hidden(int64_t tile, const float* weights_before) {
  const PanelMove move{weights_before, state_.weights.panel(tile), state_.n_visible,
                       visible_offset(), &state_.hidden.offset[tile * kTileUnits]};
  float shifts[kTileUnits];
  kernels_.centring.bias_shifts(move, shifts, &shifts_[tile * visible_gradient_.size()]);
  float* bias = &state_.hidden.bias[tile * kTileUnits];
  for (int64_t k = 0; k < tile_units(state_.hidden, tile); ++k) bias[k] -= shifts[k];
}

void Centring::shift_visible(int64_t tile) {
  const int64_t first = tile * kTileUnits, n_units = tile_units(state_.visible, tile);
  for (int64_t panel = 0; panel < state_.hidden_tiles(); ++panel) {
    const float* shifts = &shifts_[panel * visible_gradient_.size() + first];
    for (int64_t k = 0; k < n_units; ++k) state_.visible.bias[first + k] -= shifts[k];
  }
}

}  // namespace udl
