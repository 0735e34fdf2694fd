#include "runtime/dense/fast/halves.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/dense/halves.h"

namespace udl {
namespace {

constexpr uint32_t kLow = 0xFFFF, kHigh = 0xFFFF0000;
constexpr auto kRounding = static_cast<uint32_t>(kHalfRounding);

/// s of halves. Of NaN, of which some would become numbers, one.
uint32_t rounded(uint32_t bits) {
  constexpr uint32_t kMagnitude = 0x7FFFFFFF, kInfinity = 0x7F800000, kNan = 0x7FC00000;
  const bool is_nan = (bits & kMagnitude) > kInfinity;
  return (is_nan ? (bits & ~kMagnitude) | kNan : bits) + kRounding;
}

std::vector<uint32_t> bits_of(const float* panel, int64_t n) {
  std::vector<uint32_t> bits(n);
  std::memcpy(bits.data(), panel, n * sizeof(float));
  return bits;
}

/// work(row, k, upper, lower) for all lanes of a panel of n floats: where halves of rows 2 * row
/// and 2 * row + 1 are.
template <class Work>
void for_each_pair(int64_t n, Work&& work) {
  for (int64_t row = 0; row < n / (2 * kTileUnits); ++row)
    for (int64_t k = 0; k < kTileUnits; ++k) {
      const int64_t upper = row * kTileUnits + k;
      work(2 * row * kTileUnits + k, upper, lower_halves(n) + upper);
    }
}

}  // namespace

void split_weights(PanelMatrix& weights) {
  const int64_t n = weights.panel_stride();
  std::vector<uint32_t> halves(n);
  for (int64_t panel = 0; panel < weights.n_panels(); ++panel) {
    const std::vector<uint32_t> bits = bits_of(weights.panel(panel), n);
    for_each_pair(n, [&](int64_t first, int64_t upper, int64_t lower) {
      const uint32_t even = rounded(bits[first]), odd = rounded(bits[first + kTileUnits]);
      halves[upper] = (even >> 16) | (odd & kHigh);
      halves[lower] = (even & kLow) | (odd << 16);
    });
    std::memcpy(weights.panel(panel), halves.data(), n * sizeof(float));
  }
}

PanelMatrix joined_weights(const PanelMatrix& halves) {
  const int64_t n = halves.panel_stride();
  PanelMatrix weights(halves.n_hidden(), halves.n_visible());
  std::vector<uint32_t> bits(n);
  for (int64_t panel = 0; panel < halves.n_panels(); ++panel) {
    const std::vector<uint32_t> from = bits_of(halves.panel(panel), n);
    for_each_pair(n, [&](int64_t first, int64_t upper, int64_t lower) {
      bits[first] = ((from[upper] << 16) | (from[lower] & kLow)) - kRounding;
      bits[first + kTileUnits] = ((from[upper] & kHigh) | (from[lower] >> 16)) - kRounding;
    });
    std::memcpy(weights.panel(panel), bits.data(), n * sizeof(float));
  }
  return weights;
}

bool are_finite_halves(const PanelMatrix& halves) {
  constexpr int32_t kMagnitude = 0x7FFFFFFF, kInfinity = 0x7F800000;
  int32_t largest = 0;  // as bits, which order like magnitudes
  for (int64_t panel = 0; panel < halves.n_panels(); ++panel)
    for (int64_t i = 0; i < lower_halves(halves.panel_stride()); ++i) {
      uint32_t pair;
      std::memcpy(&pair, halves.panel(panel) + i, sizeof pair);
      const auto even = static_cast<int32_t>((pair << 16) & kMagnitude);
      const auto odd = static_cast<int32_t>(pair & kHigh & kMagnitude);
      largest = std::max({largest, even, odd});
    }
  return largest < kInfinity;
}

}  // namespace udl
