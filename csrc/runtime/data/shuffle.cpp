#include "runtime/data/shuffle.h"

#include <utility>

#include "base/sampling.h"

namespace udl {
namespace {

/// High 64 bits of a * range, for range below 2^33.
uint64_t scaled(uint64_t a, uint64_t range) {
  const uint64_t high = (a >> 32) * range, low = (a & 0xFFFFFFFFu) * range;
  return (high + (low >> 32)) >> 32;
}

}  // namespace

void shuffled_order(int64_t n, uint64_t seed, uint64_t epoch, uint32_t* out) {
  const DrawKey key = make_draw_key(seed, Stream::shuffle, 0, epoch);
  for (int64_t i = 0; i < n; ++i) out[i] = static_cast<uint32_t>(i);
  for (int64_t i = n - 1; i > 0; --i) {
    const PhiloxCounter r =
        philox4x32({{static_cast<uint32_t>(i), 0, key.c2, key.c3}}, key.key0, key.key1);
    const uint64_t draw = (static_cast<uint64_t>(r.c[1]) << 32) | r.c[0];
    std::swap(out[i], out[scaled(draw, static_cast<uint64_t>(i) + 1)]);
  }
}

}  // namespace udl
