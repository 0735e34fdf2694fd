#include "runtime/data/shuffle.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/sampling.h"
#include "base/view.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

constexpr int64_t kPiece = 1 << 14;  // rows between two checks for a stop

/// High 64 bits of a * range, for range below 2^33.
uint64_t scaled(uint64_t a, uint64_t range) {
  const uint64_t high = (a >> 32) * range, low = (a & 0xFFFFFFFFu) * range;
  return (high + (low >> 32)) >> 32;
}

/// One of 0 .. i.
uint64_t drawn_index(const DrawKey& key, int64_t i) {
  const PhiloxCounter r =
      philox4x32({{static_cast<uint32_t>(i), 0, key.c2, key.c3}}, key.key0, key.key1);
  const uint64_t draw = (static_cast<uint64_t>(r.c[1]) << 32) | r.c[0];
  return scaled(draw, static_cast<uint64_t>(i) + 1);
}

}  // namespace

void shuffled_order(int64_t n, uint64_t seed, uint64_t epoch, const Run& run, uint32_t* out) {
  const DrawKey key = make_draw_key(seed, Stream::shuffle, 0, epoch);
  const Run own = run.with_threads(1);
  parallel_for(own, divide_up(n, kPiece), [&](int64_t piece) {
    const int64_t first = piece * kPiece;
    std::iota(out + first, out + std::min(n, first + kPiece), static_cast<uint32_t>(first));
  });
  parallel_for(own, divide_up(n, kPiece), [&](int64_t piece) {
    const int64_t last = n - 1 - piece * kPiece;
    for (int64_t i = last; i > std::max<int64_t>(last - kPiece, 0); --i)
      std::swap(out[i], out[drawn_index(key, i)]);
  });
}

}  // namespace udl
