// The loops that measure one core of one CPU target. Compiled once per target with
// UDL_TARGET=<name>.
#include "kernels/ceilings.h"

#include "base/view.h"
#include "kernels/cpu/simd/simd.h"
#include "kernels/cpu/target_name.h"

namespace udl {
namespace {

// Independent sums: enough that none waits for its last addition (4 clocks, twice a clock), few
// enough that all stay in registers beside two factors: of sixteen lanes there are 32 registers, or
// 8, or 4.
#if defined(UDL_TARGET_AVX512)
constexpr int kChains = 12;
#elif defined(UDL_TARGET_AVX2)
constexpr int kChains = 6;
#else
constexpr int kChains = 3;
#endif
static_assert(kCeilingBlock % kChains == 0, "a block is whole steps of all sums");

void multiply_adds(int64_t n_blocks, float* out) {
  f32x16 sums[kChains];
  for (int k = 0; k < kChains; ++k) sums[k] = broadcast(static_cast<float>(k));
  const f32x16 factor = broadcast(0.999f),
               term = broadcast(0.001f);  // towards 1: nothing overflows or vanishes
  for (int64_t n = 0; n < n_blocks * (kCeilingBlock / kChains); ++n)
    for (int k = 0; k < kChains; ++k) sums[k] = multiply_add(sums[k], factor, term);
  for (int k = 1; k < kChains; ++k) sums[0] = sums[0] + sums[k];
  store(out, sums[0]);
}

constexpr int kRows = 4;  // sums in turn, as in a table product (rbm/table_product.h)

void entry_additions(const int32_t* entries, int64_t n_blocks, int32_t* out) {
  i32x16 sums[kRows] = {broadcast(0), broadcast(0), broadcast(0), broadcast(0)};
  for (int64_t walk = 0; walk < n_blocks * (kCeilingBlock / kCeilingEntries); ++walk)
    for (int64_t entry = 0; entry < kCeilingEntries; entry += kRows)
      for (int k = 0; k < kRows; ++k) sums[k] = sums[k] + load(entries + (entry + k) * kTileUnits);
  store(out, (sums[0] + sums[1]) + (sums[2] + sums[3]));
}

}  // namespace

const CeilingKernels UDL_JOIN(ceilings_kernels_, UDL_TARGET) = {UDL_TEXT(UDL_TARGET), multiply_adds,
                                                                entry_additions};

}  // namespace udl
