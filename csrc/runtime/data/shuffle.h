#pragma once
// Orders of rows.
#include <cstdint>

#include "runtime/threads/run.h"

namespace udl {

/// A random permutation of 0 .. n - 1, a pure function of (n, seed, epoch): Fisher-Yates with draws
/// of the `shuffle` stream. A 64-bit draw times the range, high half, picks an index; its bias is
/// below n / 2^64. On the caller's thread; no permutation once run.stopped().
void shuffled_order(int64_t n, uint64_t seed, uint64_t epoch, const Run& run, uint32_t* out);

}  // namespace udl
