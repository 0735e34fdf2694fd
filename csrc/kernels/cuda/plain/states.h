#pragma once
// States of one layer as kernels are given them: bits or real values, row by row.
#include <cstdint>

#include "base/macros.h"
#include "base/view.h"

namespace udl::cuda::plain {

constexpr int kStateBits = 32;  ///< bits of a word of states

/// Words of a row of states of n units: those of whole words of 64 bits.
UDL_HD constexpr int64_t state_words(int64_t n_units) {
  return divide_up(n_units, kWordBits) * (kWordBits / kStateBits);
}

/// One of both is null.
struct States {
  const uint32_t* bits;  ///< [row][state_words(n_units)]
  const float* values;   ///< [row][n_units]
  int64_t rows;
};

/// Bit j of a row of words.
UDL_HD inline bool state_bit(const uint32_t* words, int64_t j) {
  return (words[j / kStateBits] >> (j % kStateBits) & 1) != 0;
}

}  // namespace udl::cuda::plain
