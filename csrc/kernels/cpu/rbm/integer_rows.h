#pragma once
// Weights as integers, row by row as a product in either direction walks them.
#include "kernels/cpu/simd/prefetch.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/rbm.h"

namespace udl {
namespace {

UDL_ALWAYS_INLINE i32x16 quantise(f32x16 weights, f32x16 inverse_scale) {
  return round_to_int(weights * inverse_scale);
}

/// Integer rows that are kept: those of a word, of 16 or 32 bits.
template <class Element>
struct KeptRows {
  static constexpr bool kMayBeFar = false;
  const Element* rows;

  UDL_ALWAYS_INLINE auto row(int64_t k) const { return load(rows + k * kTileUnits); }
  template <class Row>
  UDL_ALWAYS_INLINE void four(int64_t k, Row (&out)[4]) const {
    for (int b = 0; b < 4; ++b) out[b] = row(k + b);
  }
  void stage() const {}
  int32_t largest_negative() const { return 0; }
};

/// Integer rows of weights that lie in memory one after the other.
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

}  // namespace
}  // namespace udl
