#pragma once
// Where a random draw is used decides its value: (seed, stream, layer, step, chain, unit) -> Philox
// counter. Nothing else enters, so draws do not depend on threads, tiles, batch splits, instruction
// set or device.
#include <cstdint>

#include "base/macros.h"
#include "base/philox.h"

namespace udl {

/// Purposes of draws. Append only: the numbers are part of every sampled bit.
enum class Stream : uint32_t {
  init = 0,
  data,
  gibbs,
  cd,
  pcd,
  temper,
  ais,
  corrupt,
  code_noise,
  dropout,
  shuffle,
  labels,
  rounding,
  wake,
  sleep,
};

constexpr uint32_t kVisibleLayer = 0;  ///< layers count from the bottom
constexpr uint32_t kHiddenLayer = 1;
constexpr uint32_t kMaxStreams = 64;   // 6 bits
constexpr uint32_t kMaxLayers = 1024;  // 10 bits
constexpr uint64_t kMaxStep = uint64_t{1} << 48;

/// The part of the counter shared by all chains and units of one half step.
struct DrawKey {
  uint32_t key0, key1;  ///< seed
  uint32_t c2, c3;      ///< step, stream and layer
};

/// Callers guarantee layer < 1024 and step < 2^48 (checked once per call above the kernels).
UDL_HD inline DrawKey make_draw_key(uint64_t seed, Stream stream, uint32_t layer, uint64_t step) {
  return {
      static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32), static_cast<uint32_t>(step),
      (static_cast<uint32_t>(stream) << 26) | (layer << 16) | static_cast<uint32_t>(step >> 32)};
}

/// Unit j of a group of 16 (w = j % 16) takes draw `lane` of block 4 (j / 16) + (w % 8) / 2.
/// The map follows the accumulator layout of tensor-core instructions, so a GPU uses every draw in
/// place.
struct DrawPosition {
  uint32_t block, lane;
};
UDL_HD inline DrawPosition draw_position(uint32_t unit) {
  const uint32_t w = unit % 16;
  return {4 * (unit / 16) + (w % 8) / 2, (w % 2) + 2 * (w / 8)};
}

/// The 32-bit draw of one unit of one chain: the readable form of what tile kernels do 16 units at
/// a time.
UDL_HD inline uint32_t draw_bits(const DrawKey& key, uint32_t chain, uint32_t unit) {
  const DrawPosition at = draw_position(unit);
  return philox4x32({{at.block, chain, key.c2, key.c3}}, key.key0, key.key1).c[at.lane];
}

/// The highest 24 bits of a draw are a uniform number in units of 2^-24, exact in float32.
constexpr int kUniformShift = 8;
constexpr float kUniformOne = 16777216.0f;  ///< 1 in these units

/// u in [0, 1).
UDL_HD inline float uniform_from_bits(uint32_t bits) {
  return static_cast<float>(bits >> kUniformShift) * (1.0f / kUniformOne);
}

/// The canonical Bernoulli test: fires if u (1 + e^-x) < 1. Both sides are multiplied by 2^24,
/// which changes no rounding.
UDL_HD inline bool fires(uint32_t bits, float one_plus_exp) {
  return static_cast<float>(static_cast<int32_t>(bits >> kUniformShift)) * one_plus_exp <
         kUniformOne;
}

}  // namespace udl
