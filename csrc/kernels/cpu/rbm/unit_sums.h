#pragma once
// Sums over a batch of what single units do, which biases learn from.
#include <algorithm>

#include "base/bits.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

void unit_counts(const BitMatrixView& units, int64_t tile, int32_t* out) {
  std::fill_n(out, kTileUnits, 0);
  for (int64_t first = 0; first < units.columns; first += kWordBits) {
    const uint64_t mask = low_bits(units.columns - first);
    const uint64_t* words = units.word_column(first / kWordBits) + tile * kTileUnits;
    for (int k = 0; k < kTileUnits; ++k) out[k] += popcount(words[k] & mask);
  }
}

void column_sums(const int32_t* probabilities_fixed, int64_t rows, int32_t* out) {
  i32x16 sum = broadcast(0);
  for (int64_t r = 0; r < rows; ++r) sum = sum + load(probabilities_fixed + r * kTileUnits);
  store(out, sum);
}

}  // namespace
}  // namespace udl
