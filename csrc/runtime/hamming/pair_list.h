#pragma once
// Pairs of codes while they are collected, block by block.
#include <cstdint>
#include <vector>

#include "runtime/hamming/codes.h"
#include "runtime/threads/run.h"

namespace udl {

struct HammingPair {
  int64_t first, second;  ///< ids, the smaller one first
  int32_t distance;
  bool operator<(const HammingPair& other) const {
    return first != other.first ? first < other.first : second < other.second;
  }
};

using HammingPairBlocks = std::vector<std::vector<HammingPair>>;

/// All pairs in the order of (first, second); `in_order`: they lie so already. Blocks are let go of
/// as their pairs are taken, so that memory holds each pair little more than once.
HammingPairs join_pairs(HammingPairBlocks blocks, bool in_order, const Run& run);

}  // namespace udl
