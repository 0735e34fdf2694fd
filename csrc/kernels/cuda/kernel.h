#pragma once
// What whoever launches a kernel has to know of it.
#include <cstdint>

#include "base/view.h"

namespace udl::cuda {

/// Kernels are `extern "C" __global__` functions that take one plain struct by value, so that their
/// names in PTX are those of the source. Their file defines the Kernel, their header declares it
/// beside the struct.
struct Kernel {
  const char* name;
  const void* function;  ///< what the CUDA runtime knows it by
};

/// The Kernel of a `__global__` function.
#define UDL_KERNEL(function) {#function, reinterpret_cast<const void*>(function)}

struct Extent {
  uint32_t x = 1, y = 1, z = 1;
};

/// Blocks, and threads of each.
struct Grid {
  Extent blocks, threads;
  uint32_t shared_bytes = 0;  ///< beyond what the kernel declares
};

/// Threads of a block where nothing else decides: whole warps, enough of them to hide latencies.
constexpr uint32_t kBlockThreads = 128;

/// A thread for each of n > 0 outputs, and some more in the last block: fewer than 2^31 blocks.
inline Grid threads_for(int64_t n) {
  return {{static_cast<uint32_t>(divide_up(n, kBlockThreads))}, {kBlockThreads}};
}

}  // namespace udl::cuda
