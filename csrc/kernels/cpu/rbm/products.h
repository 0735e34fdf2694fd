#pragma once
// Sums of active weights in both directions, and the gradient's sums of probabilities over the
// batch. All are table products; they differ only in the integer rows a table is built from.
#include <algorithm>

#include "base/fixed.h"
#include "kernels/cpu/rbm/table_product.h"
#include "kernels/cpu/simd/prefetch.h"

namespace udl {
namespace {

UDL_ALWAYS_INLINE i32x16 quantise(f32x16 weights, f32x16 inverse_scale) {
  return round_to_int(weights * inverse_scale);
}

/// Integer rows that lie in memory one after the other.
struct HiddenRows {
  static constexpr bool kMayBeFar = true;
  const float* weights;
  f32x16 inverse_scale;
  bool far;

  UDL_ALWAYS_INLINE void ask_next(uint64_t k) const {
    prefetch(weights + (kWordBits + k) * kTileUnits);
  }
  UDL_ALWAYS_INLINE i32x16 row(int64_t k) const {
    return quantise(load(weights + k * kTileUnits), inverse_scale);
  }
  UDL_ALWAYS_INLINE void four(int64_t k, i32x16 (&out)[4]) const {
    for (int b = 0; b < 4; ++b) out[b] = row(k + b);
  }
  void stage() const {}
  int32_t largest_negative() const { return 0; }
};

template <class WordRows>
void weight_product(const WeightPanelsView& weights, const BitMatrixView& bits, int32_t* scratch,
                    int32_t* sums, WordRows&& word_rows) {
  if (weights.narrow) return table_product<NarrowEntries<true>>(bits, scratch, sums, word_rows);
  table_product<WideEntries>(bits, scratch, sums, word_rows);
}

void hidden_sums(const WeightPanelsView& weights, int64_t tile, const BitMatrixView& visible,
                 int32_t* scratch, int32_t* sums) {
  const float* panel = weights.panel(tile);
  const f32x16 inverse_scale = broadcast(weights.inverse_scale);
  weight_product(weights, visible, scratch, sums, [&](int64_t first, int32_t*) {
    return HiddenRows{panel + first * kTileUnits, inverse_scale, weights.far};
  });
}

/// The same panels serve the other direction: four hidden units are four neighbouring lanes,
/// transposed as they are read, so no second copy of the weights exists.
///
/// A panel gives 16 cache lines, then the walk jumps to the next panel, too far for the hardware to
/// foresee: while one panel is read the lines of the next are asked for.
struct VisibleRows {
  static constexpr bool kMayBeFar = true;
  const WeightPanelsView& weights;
  f32x16 inverse_scale;
  int64_t tile, first;
  int32_t* staging;
  bool far;

  const float* next_word =
      weights.panel((first + kWordBits) / kTileUnits) + tile * kTileUnits * kTileUnits;
  uint64_t panel_stride = static_cast<uint64_t>(weights.panel_stride());

  /// A line holds one visible unit of sixteen hidden ones; those of one panel follow each other.
  UDL_ALWAYS_INLINE void ask_next(uint64_t k) const {
    prefetch(next_word + k / kTileUnits * panel_stride + k % kTileUnits * kTileUnits);
  }

  UDL_ALWAYS_INLINE void four(int64_t k, i32x16 (&out)[4]) const {
    const int64_t unit = first + k, lane = unit % kTileUnits;
    const float* corner = weights.panel(unit / kTileUnits) + tile * kTileUnits * kTileUnits;
    const float* next = corner + weights.panel_stride() + lane * kTileUnits;
    for (int line = 0; line < 4; ++line) prefetch(next + line * kTileUnits);
    f32x16 columns[4];
    load_columns(corner + lane, kTileUnits, columns);
    for (int b = 0; b < 4; ++b) out[b] = quantise(columns[b], inverse_scale);
  }
  void stage() const {
    for (int64_t k = 0; k < kWordBits; k += 4) {
      i32x16 rows[4];
      four(k, rows);
      for (int b = 0; b < 4; ++b) store(staging + (k + b) * kTileUnits, rows[b]);
    }
  }
  UDL_ALWAYS_INLINE i32x16 row(int64_t k) const { return load(staging + k * kTileUnits); }
  int32_t largest_negative() const { return 0; }
};

void visible_sums(const WeightPanelsView& weights, int64_t tile, const BitMatrixView& hidden,
                  int32_t* scratch, int32_t* sums) {
  const f32x16 inverse_scale = broadcast(weights.inverse_scale);
  weight_product(weights, hidden, scratch, sums, [&](int64_t first, int32_t* staging) {
    return VisibleRows{weights, inverse_scale, tile, first, staging, weights.far};
  });
}

/// Probabilities of the batch, 16-bit fixed point; those of the negative phase are subtracted.
struct GradientRows {
  static constexpr bool kMayBeFar = false;
  const int32_t* probabilities;
  int64_t first_negative;  ///< counted from row 0 of this word

  UDL_ALWAYS_INLINE i32x16 row(int64_t k) const {
    const i32x16 p = load(probabilities + k * kTileUnits);
    return k < first_negative ? p : broadcast(0) - p;
  }
  UDL_ALWAYS_INLINE void four(int64_t k, i32x16 (&out)[4]) const {
    for (int b = 0; b < 4; ++b) out[b] = row(k + b);
  }
  void stage() const {}
  int32_t largest_negative() const { return 0; }
};

/// Probabilities in 10 bits, for tables of 16 bits: min(1023, (p + d) >> 6). The offset d walks
/// through 0 .. 63 with the rows of a phase (37 is odd, so 64 rows take every value once) from one
/// that is drawn for each minibatch. So the mean over a batch, and over batches of any length, is
/// unbiased up to p = 1023 / 1024, where plain rounding would lose all probabilities below 1 /
/// 2048. What p exceeds 1023 / 1024 by is cut off, always: up to 2^-10 of the gradient of a unit
/// that is saturated. Two such phases lose it alike; against a phase of real values (grey data,
/// whose probabilities are not cut) the weights of the unit grow by 2^-10 mean(v) too much.
struct DitheredRows {
  static constexpr bool kMayBeFar = false;
  const int32_t* probabilities;
  int64_t first, first_negative;  ///< row of the product this word starts with; first_negative
                                  ///< counts from there
  int32_t first_offset;           ///< of row 0 of each phase

  UDL_ALWAYS_INLINE i32x16 row(int64_t k) const {
    constexpr int32_t kOne = 1 << kNarrowProbabilityShift;
    const int64_t row_of_phase = k < first_negative ? first + k : k - first_negative;
    const auto offset = static_cast<int32_t>((first_offset + row_of_phase * 37) % kOne);
    const i32x16 p = load(probabilities + k * kTileUnits) + broadcast(offset);
    const i32x16 dithered =
        min(shift_right_logical<kNarrowProbabilityShift>(p), broadcast(kLargest));
    return k < first_negative ? dithered : broadcast(0) - dithered;
  }
  UDL_ALWAYS_INLINE void four(int64_t k, i32x16 (&out)[4]) const {
    for (int b = 0; b < 4; ++b) out[b] = row(k + b);
  }
  void stage() const {}
  /// The sum of all rows of the word that are subtracted is no larger.
  int32_t largest_negative() const {
    const int64_t rows = kWordBits - std::clamp<int64_t>(first_negative, 0, kWordBits);
    return static_cast<int32_t>(rows) * kLargest;
  }

  static constexpr int32_t kLargest = (1 << (kProbabilityBits - kNarrowProbabilityShift)) - 1;
};

void gradient_sums(const BitMatrixView& units, const int32_t* probabilities_fixed,
                   int64_t first_negative, ProbabilityRounding rounding, int32_t* scratch,
                   int32_t* sums) {
  if (rounding.narrow)
    return table_product<NarrowEntries<false>>(units, scratch, sums, [&](int64_t first, int32_t*) {
      return DitheredRows{probabilities_fixed + first * kTileUnits, first, first_negative - first,
                          rounding.first_offset};
    });
  table_product<WideEntries>(units, scratch, sums, [&](int64_t first, int32_t*) {
    return GradientRows{probabilities_fixed + first * kTileUnits, first_negative - first};
  });
}

}  // namespace
}  // namespace udl
