#pragma once
// Rows that are one minibatch, in parts that are taken up and down the net one after the other.
#include <algorithm>
#include <cstdint>

#include "runtime/dense/fast/values/noise.h"

namespace udl {

/// No result depends on it but by the order in which gradients are added.
constexpr int64_t kPartRows = 1024;

inline int64_t n_parts(int64_t n_rows) { return divide_up(n_rows, kPartRows); }

inline NetPart part_of(int64_t n_rows, int64_t index) {
  const int64_t first = index * kPartRows;
  return {index, 0, first, std::min(kPartRows, n_rows - first), first};
}

}  // namespace udl
