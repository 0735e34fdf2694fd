#pragma once
// Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC
// 2011). A counter-based generator: four 32-bit draws are a pure function of a 128-bit counter and
// a 64-bit key.
#include <cstdint>

#include "base/macros.h"

namespace udl {

constexpr uint32_t kPhiloxMultiplier0 = 0xD2511F53u;
constexpr uint32_t kPhiloxMultiplier1 = 0xCD9E8D57u;
constexpr uint32_t kPhiloxWeyl0 = 0x9E3779B9u;
constexpr uint32_t kPhiloxWeyl1 = 0xBB67AE85u;
constexpr int kPhiloxRounds = 10;

struct PhiloxCounter {
  uint32_t c[4];
};

UDL_HD inline PhiloxCounter philox4x32(PhiloxCounter x, uint32_t key0, uint32_t key1) {
  for (int round = 0; round < kPhiloxRounds; ++round) {
    const uint64_t product0 = static_cast<uint64_t>(kPhiloxMultiplier0) * x.c[0];
    const uint64_t product1 = static_cast<uint64_t>(kPhiloxMultiplier1) * x.c[2];
    x = {{static_cast<uint32_t>(product1 >> 32) ^ x.c[1] ^ key0, static_cast<uint32_t>(product1),
          static_cast<uint32_t>(product0 >> 32) ^ x.c[3] ^ key1, static_cast<uint32_t>(product0)}};
    key0 += kPhiloxWeyl0;
    key1 += kPhiloxWeyl1;
  }
  return x;
}

}  // namespace udl
