// All of csrc/base compiles for a device, and gives the bits of the host there.
//
//   nvcc -std=c++17 -fmad=false -Icsrc tests/cpp/base_on_device.cu -o base_on_device
//
// Compiling is the test where there is no device; run with one, every result is compared.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

#include "base/bits.h"
#include "base/error.h"
#include "base/fixed.h"
#include "base/macros.h"
#include "base/math.h"
#include "base/normal.h"
#include "base/philox.h"
#include "base/sampling.h"
#include "base/units.h"
#include "base/view.h"

namespace {

using namespace udl;

/// What a function makes of one of many arguments.
struct Found {
  uint32_t exp_negative, log_scaled, normal, uniform, fires, power_of_two;
  int32_t rounded;
  uint32_t draw, philox[4];
  uint64_t low_bits, changed;
  int32_t popcount, lowest_bit;
  int64_t rounded_up, word;
  bool bit;
  UnitKind kind;
};

UDL_HD uint32_t bits_of(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

UDL_HD float float_of(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

/// Floats of all sizes, infinities and NaN are among the arguments.
UDL_HD Found call_all(uint32_t n) {
  const uint32_t argument = n * 2654435761u;
  const float x = float_of(argument), exp = exp_negative(x);
  const PhiloxCounter counter = philox4x32({{n, 1, 2, 3}}, argument, 7);
  const DrawKey key =
      make_draw_key(uint64_t{argument} << 9, Stream::gibbs, kHiddenLayer, kMaxStep - 1 - n);
  const uint64_t word = uint64_t{counter.c[0]} << 32 | counter.c[1] | 1;
  uint64_t words[2] = {word, 0};
  set_bit(words, 64 + n % 64);
  const BitMatrixView view{words, 1, 128, 1};
  Found found{};
  found.exp_negative = bits_of(exp);
  found.log_scaled = bits_of(log_scaled(1.0f + 1.0f / (1.0f + exp), 3.0f));
  found.normal = bits_of(normal_from_bits(argument));
  found.uniform = bits_of(uniform_from_bits(argument));
  found.fires = fires(counter.c[2], 1.0f + exp);
  found.power_of_two = bits_of(power_of_two(static_cast<int>(n % 300) - 160));
  found.rounded = round_to_int(x * 0 == 0 && x > -2147483648.0f && x < 2147483648.0f ? x : 0.5f);
  found.draw = draw_bits(key, n, argument % 1000);
  for (int k = 0; k < 4; ++k) found.philox[k] = counter.c[k];
  found.low_bits = low_bits(n % 70);
  found.popcount = popcount(word);
  found.lowest_bit = lowest_bit(word << n % 64 | uint64_t{1} << 63);
  found.rounded_up = round_up(n, kTileUnits) + divide_up(n, kWordBits);
  found.changed = words[1];
  found.bit = bit_at(words, n % 128);
  found.word = static_cast<int64_t>(*view.word_column(view.word_columns() - 1));
  found.kind = UnitKind::bernoulli;
  return found;
}

__global__ void call_on_device(uint32_t first, uint32_t n, Found* out) {
  const uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = call_all(first + i);
}

/// NaN has many forms; any will do.
bool same_float(uint32_t a, uint32_t b) {
  return a == b || (std::isnan(float_of(a)) && std::isnan(float_of(b)));
}

bool same(const Found& a, const Found& b) {
  bool draws = a.draw == b.draw && a.fires == b.fires;
  for (int k = 0; k < 4; ++k) draws = draws && a.philox[k] == b.philox[k];
  return draws && same_float(a.exp_negative, b.exp_negative) &&
         same_float(a.log_scaled, b.log_scaled) && same_float(a.uniform, b.uniform) &&
         a.normal == b.normal && a.power_of_two == b.power_of_two && a.rounded == b.rounded &&
         a.low_bits == b.low_bits && a.changed == b.changed && a.popcount == b.popcount &&
         a.lowest_bit == b.lowest_bit && a.rounded_up == b.rounded_up && a.word == b.word &&
         a.bit == b.bit && a.kind == b.kind;
}

/// Arguments first .. first + n - 1; returns how many differ.
int64_t compare(uint32_t first, uint32_t n, Found* on_device, std::vector<Found>& host) {
  call_on_device<<<(n + 255) / 256, 256>>>(first, n, on_device);
  cudaMemcpy(host.data(), on_device, n * sizeof(Found), cudaMemcpyDeviceToHost);
  int64_t differ = 0;
  for (uint32_t i = 0; i < n; ++i) {
    if (same(host[i], call_all(first + i))) continue;
    if (differ++ == 0) std::printf("argument %u differs\n", first + i);
  }
  return differ;
}

}  // namespace

int main() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    std::printf("no CUDA device: compiled only\n");
    return 0;
  }
  constexpr uint32_t kBlock = 1 << 20;
  std::vector<Found> host(kBlock);
  Found* on_device;
  if (cudaMalloc(&on_device, kBlock * sizeof(Found)) != cudaSuccess) return 1;
  int64_t differ = 0;
  for (uint32_t block = 0; block < 64; ++block)
    differ += compare(block * kBlock, kBlock, on_device, host);
  if (cudaGetLastError() != cudaSuccess) return 1;
  std::printf("%lld of %u arguments differ\n", static_cast<long long>(differ), 64 * kBlock);
  return differ == 0 ? 0 : 1;
}
