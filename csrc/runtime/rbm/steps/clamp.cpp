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

BlockClamp::BlockClamp(const Clamp* clamp, int64_t first, int64_t count) {
  if (clamp == nullptr) return;
  held_ = bits_of_block(clamp->mask, first, count);
  values_ = bits_of_block(clamp->values, first, count);
  keep_common(held_.view(), values_.view());
  held_in_every_row_ = on_in_every_row(held_.view());
}

bool BlockClamp::holds(int64_t tile) const {
  return !is_free() &&
         tile_bits(&held_in_every_row_[tile / kTilesPerWord], tile) == low_bits(kTileUnits);
}

void BlockClamp::put_back(int64_t tile, const BitMatrixView& states) const {
  if (is_free()) return;
  const int64_t word = tile / kTilesPerWord;
  uint64_t* to = states.word_column(word);
  const uint64_t *held = held_.view().word_column(word), *values = values_.view().word_column(word);
  for (int64_t r = 0; r < states.rows; ++r) {
    const uint64_t free = tile_bits(to + r, tile) & ~tile_bits(held + r, tile);
    set_tile_bits(to + r, tile, free | tile_bits(values + r, tile));
  }
}

void BlockClamp::put_back(int64_t tile, float* means) const {
  if (is_free()) return;
  const int64_t word = tile / kTilesPerWord;
  const uint64_t *held = held_.view().word_column(word), *values = values_.view().word_column(word);
  for (int64_t r = 0; r < held_.rows(); ++r) {
    const uint64_t value = tile_bits(values + r, tile);
    for (uint64_t left = tile_bits(held + r, tile); left != 0; left &= left - 1) {
      const int unit = lowest_bit(left);
      means[r * kTileUnits + unit] = bit_at(&value, unit) ? 1.0f : 0.0f;
    }
  }
}

}  // namespace udl
