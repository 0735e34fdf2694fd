#include "runtime/dense/fast/values/noise.h"

#include <algorithm>

namespace udl {
namespace {

/// The draws of units 16 panel .. 16 panel + 15, in their order.
void draw_sixteen(const DrawKey& key, uint32_t chain, int64_t panel, uint32_t* out) {
  for (uint32_t block = 0; block < 4; ++block) {
    const auto draws = philox4x32(
        {{static_cast<uint32_t>(4 * panel) + block, chain, key.c2, key.c3}}, key.key0, key.key1);
    // The inverse of draw_position.
    for (uint32_t lane = 0; lane < 4; ++lane)
      out[2 * block + lane % 2 + 8 * (lane / 2)] = draws.c[lane];
  }
}

template <class Work>
void for_rows(const PanelRange& range, Work&& work) {
  for (int64_t panel = range.first_panel; panel < range.first_panel + range.n_panels; ++panel)
    for (int64_t r = range.first_row; r < range.first_row + range.n_rows; ++r) work(panel, r);
}

}  // namespace

void PartNoise::corrupt(const NetPart& part, int64_t first, int64_t n, float* rows,
                        int64_t n_units) const {
  if (!objective_.corrupts()) return;
  const DrawKey key = draws_.corruption(part.batch);
  const auto level = static_cast<float>(objective_.corruption_level);
  uint32_t bits[kTileUnits];
  for (int64_t r = 0; r < n; ++r)
    for (int64_t unit = 0; unit < n_units; unit += kTileUnits) {
      draw_sixteen(key, chain(part, first + r), unit / kTileUnits, bits);
      float* x = rows + r * n_units + unit;
      for (int64_t k = 0; k < std::min<int64_t>(kTileUnits, n_units - unit); ++k)
        x[k] = corrupted(x[k], bits[k], objective_.corruption, level);
    }
}

void PartNoise::draw_code_noise(int layer, const NetPart& part, const PanelRange& range,
                                LayerRoom& room) const {
  const bool fixed = objective_.fixed_code_noise;
  const DrawKey key = fixed ? draws_.fixed_code_noise(layer) : draws_.code_noise(layer, part.batch);
  const auto deviation = static_cast<float>(objective_.code_noise);
  uint32_t bits[kTileUnits];
  for_rows(range, [&](int64_t panel, int64_t r) {
    const uint32_t of_row =
        fixed ? static_cast<uint32_t>(Rows::source_row(order_, part.first + r)) : chain(part, r);
    draw_sixteen(key, of_row, panel, bits);
    float* noise = room.noise.view().panel(panel) + r * kTileUnits;
    for (int k = 0; k < kTileUnits; ++k) noise[k] = code_noise(bits[k], deviation);
  });
}

/// Lanes of missing units are 0 and stay so.
void PartNoise::change_outputs(int layer, const NetPart& part, const PanelRange& range,
                               LayerRoom& room) const {
  const bool rounds = objective_.rounded_code && layer == objective_.code_layer;
  const auto dropout = static_cast<float>(objective_.dropout);
  const DrawKey key = draws_.dropout(layer, part.batch);
  uint32_t bits[kTileUnits];
  for_rows(range, [&](int64_t panel, int64_t r) {
    const float* y = std::as_const(room.outputs).view().panel(panel) + r * kTileUnits;
    float* x = room.passed.view().panel(panel) + r * kTileUnits;
    for (int k = 0; k < kTileUnits; ++k) x[k] = !rounds ? y[k] : y[k] >= 0.5f ? 1.0f : 0.0f;
    if (dropout == 0) return;
    draw_sixteen(key, chain(part, r), panel, bits);
    float* scale = room.scales.view().panel(panel) + r * kTileUnits;
    for (int k = 0; k < kTileUnits; ++k) {
      scale[k] = dropout_scale(bits[k], dropout);
      x[k] *= scale[k];
    }
  });
}

}  // namespace udl
