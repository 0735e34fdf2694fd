#include "runtime/rbm/steps/clamp.h"

#include "base/bits.h"

namespace udl {
namespace {

/// Bits of rows first .. first + count - 1, or of the one row that stands for all, as often.
BitMatrix bits_of_block(const Rows& rows, int64_t first, int64_t count) {
  BitMatrix bits(count, rows.columns());
  if (rows.rows() == 1) {
    const std::vector<uint32_t> order(count, 0);
    rows.gather_bits(order.data(), 0, count, bits.view());
  } else {
    rows.gather_bits(nullptr, first, count, bits.view());
  }
  return bits;
}

/// Units that are on in every row; those beyond the last column count as on.
std::vector<uint64_t> on_in_every_row(const BitMatrixView& bits) {
  std::vector<uint64_t> words(bits.word_columns());
  for (int64_t w = 0; w < bits.word_columns(); ++w) {
    uint64_t on = ~uint64_t{0};
    for (int64_t r = 0; r < bits.rows; ++r) on &= bits.word_column(w)[r];
    words[w] = on | ~low_bits(bits.columns - w * kWordBits);
  }
  return words;
}

void keep_common(const BitMatrixView& mask, const BitMatrixView& bits) {
  for (int64_t w = 0; w < bits.word_columns(); ++w)
    for (int64_t r = 0; r < bits.rows; ++r) bits.word_column(w)[r] &= mask.word_column(w)[r];
}

}  // namespace

BlockClamp::BlockClamp(const Clamp* clamp, const Layer& layer, int64_t first, int64_t count) {
  if (clamp == nullptr) return;
  held_ = bits_of_block(clamp->mask, first, count);
  held_in_every_row_ = on_in_every_row(held_.view());
  if (has_bits(layer.kind)) {
    bits_ = bits_of_block(clamp->values, first, count);
    keep_common(held_.view(), bits_.view());
    return;
  }
  const bool is_one_row = clamp->values.rows() == 1;
  const int64_t n_units = layer.n_units(), n_rows = is_one_row ? 1 : count;
  real_row_stride_ = is_one_row ? 0 : n_units;
  reals_.resize(n_rows * n_units);
  clamp->values.gather_values<float>(nullptr, is_one_row ? 0 : first, n_rows, reals_.data(),
                                     n_units);
}

bool BlockClamp::holds(int64_t tile) const {
  return !is_free() &&
         tile_bits(&held_in_every_row_[tile / kTilesPerWord], tile) == low_bits(kTileUnits);
}

template <class Put>
void BlockClamp::visit_held(int64_t tile, Put&& put) const {
  const int64_t word = tile / kTilesPerWord;
  const uint64_t* held = held_.view().word_column(word);
  for (int64_t r = 0; r < held_.rows(); ++r)
    for (uint64_t left = tile_bits(held + r, tile); left != 0; left &= left - 1) {
      const int64_t unit = lowest_bit(left), i = tile * kTileUnits + unit;
      put(r, unit,
          reals_.size() > 0 ? reals_[r * real_row_stride_ + i] : (bits_.get(r, i) ? 1.0f : 0.0f));
    }
}

void BlockClamp::put_bits_back(int64_t tile, const BitMatrixView& states) const {
  const int64_t word = tile / kTilesPerWord;
  uint64_t* to = states.word_column(word);
  const uint64_t *held = held_.view().word_column(word), *values = bits_.view().word_column(word);
  for (int64_t r = 0; r < states.rows; ++r) {
    const uint64_t free = tile_bits(to + r, tile) & ~tile_bits(held + r, tile);
    set_tile_bits(to + r, tile, free | tile_bits(values + r, tile));
  }
}

void BlockClamp::put_back(int64_t tile, const StatesRoom& states) const {
  if (is_free()) return;
  if (states.values == nullptr) return put_bits_back(tile, states.bits);
  float* to = states.values + tile * states.value_tile_stride;
  visit_held(tile, [&](int64_t row, int64_t unit, float value) {
    const float factor = states.factors != nullptr ? states.factors[tile * kTileUnits + unit] : 1;
    to[row * states.value_stride + unit] = value * factor;
  });
}

void BlockClamp::put_back(int64_t tile, float* means) const {
  if (is_free()) return;
  visit_held(tile, [&](int64_t row, int64_t unit, float value) {
    means[row * kTileUnits + unit] = value;
  });
}

void BlockClamp::put_back(int64_t tile, const MeanRows& means) const {
  if (is_free()) return;
  visit_held(tile, [&](int64_t row, int64_t unit, float value) {
    means.values[row * means.stride + tile * kTileUnits + unit] = value;
  });
}

}  // namespace udl
