#pragma once
// Which draws change the values of a net in training, and how: one place for all engines and
// devices. They are part of every trained bit.
#include <cstdint>

#include "base/normal.h"
#include "base/sampling.h"
#include "runtime/dense/settings.h"

namespace udl {

/// Keys of the draws of minibatches 0, 1, ... of one call. The draw of a unit is that of its number
/// in its layer, and of the chain that is the row's number in the minibatch.
class NetDraws {
 public:
  /// `first_step` is the number of updates made before.
  NetDraws(uint64_t seed, uint64_t first_step) : seed_(seed), first_step_(first_step) {}

  /// Corrupts the inputs.
  UDL_HD DrawKey corruption(int64_t batch) const {
    return make_draw_key(seed_, Stream::corrupt, 0, step(batch));
  }
  /// Drops outputs of a layer, or adds noise to its inputs; units count their layers from the
  /// inputs, which are 0.
  UDL_HD DrawKey dropout(int layer, int64_t batch) const {
    return make_draw_key(seed_, Stream::dropout, units_of(layer), step(batch));
  }
  UDL_HD DrawKey code_noise(int layer, int64_t batch) const {
    return make_draw_key(seed_, Stream::code_noise, units_of(layer), step(batch));
  }
  /// The same for all times; the chain is the row's number in the data.
  UDL_HD DrawKey fixed_code_noise(int layer) const {
    return make_draw_key(seed_, Stream::code_noise, units_of(layer), 0);
  }

 private:
  UDL_HD static uint32_t units_of(int layer) { return static_cast<uint32_t>(layer) + 1; }
  UDL_HD uint64_t step(int64_t batch) const { return first_step_ + static_cast<uint64_t>(batch); }

  uint64_t seed_, first_step_;
};

/// What becomes of an input. Levels are compared and multiplied in float32 in every precision.
template <class Real>
UDL_HD inline Real corrupted(Real value, uint32_t bits, Corruption corruption, float level) {
  if (corruption == Corruption::gaussian)
    return value + static_cast<Real>(level * normal_from_bits(bits));
  const float u = uniform_from_bits(bits);
  if (!(u < level) || corruption == Corruption::none) return value;
  const bool is_salt = corruption == Corruption::salt_and_pepper && u < 0.5f * level;
  return is_salt ? Real{1} : Real{0};
}

/// What an output is multiplied with.
UDL_HD inline float dropout_scale(uint32_t bits, float dropout) {
  return uniform_from_bits(bits) < dropout ? 0.0f : 1.0f / (1.0f - dropout);
}

/// What is added to the input of a code unit.
UDL_HD inline float code_noise(uint32_t bits, float deviation) {
  return deviation * normal_from_bits(bits);
}

}  // namespace udl
