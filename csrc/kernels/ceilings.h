#pragma once
// Contract of the loops that measure what a core of one CPU target can do at most: the rates that
// products are compared with. Nothing but benchmarks calls them.
#include <cstdint>

namespace udl {

/// Entries the second loop walks over: 16 KB, the tables of one word cut into fours, well inside an
/// L1 cache.
constexpr int64_t kCeilingEntries = 256;
/// Rows of sixteen lanes are taken in blocks of this many: whole walks over the entries, and a
/// multiple of the number of independent sums on every target.
constexpr int64_t kCeilingBlock = 15 * kCeilingEntries;

struct CeilingKernels {
  const char* target;

  /// n_blocks * kCeilingBlock multiply-adds of sixteen lanes, operands in registers: the bound of a
  /// dense product. Fused where the target has such an instruction. out[16] depends on all of them.
  void (*multiply_adds)(int64_t n_blocks, float* out);

  /// n_blocks * kCeilingBlock times one load and one addition of an entry of sixteen 32-bit lanes,
  /// nothing else: the bound of a table product. `entries` holds kCeilingEntries of them. out[16]:
  /// their sums, modulo 2^32. Exact.
  void (*entry_additions)(const int32_t* entries, int64_t n_blocks, int32_t* out);
};

extern const CeilingKernels ceilings_kernels_baseline;
extern const CeilingKernels ceilings_kernels_avx2;
extern const CeilingKernels ceilings_kernels_avx512;

}  // namespace udl
