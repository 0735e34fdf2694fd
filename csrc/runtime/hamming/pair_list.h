#pragma once
// Pairs of codes while they are collected, block by block.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "runtime/hamming/codes.h"
#include "runtime/threads/parallel.h"

namespace udl {

struct HammingPair {
  int64_t first, second;  ///< ids, the smaller one first
  int32_t distance;
  bool operator<(const HammingPair& other) const {
    return first != other.first ? first < other.first : second < other.second;
  }
};

/// All pairs in the order of (first, second); `in_order`: they lie so already. Empties the blocks.
inline HammingPairs join_pairs(std::vector<std::vector<HammingPair>>& blocks, bool in_order,
                               const Run& run) {
  std::vector<HammingPair> all;
  std::size_t n = 0;
  for (const std::vector<HammingPair>& block : blocks) n += block.size();
  all.reserve(n);
  parallel_for(run.with_threads(1), static_cast<int64_t>(blocks.size()), [&](int64_t b) {
    all.insert(all.end(), blocks[b].begin(), blocks[b].end());
    blocks[b] = {};
  });
  if (run.stopped()) return {};
  if (!in_order) std::sort(all.begin(), all.end());
  HammingPairs pairs;
  pairs.first.reserve(n);
  pairs.second.reserve(n);
  pairs.distances.reserve(n);
  for (const HammingPair& p : all) {
    pairs.first.push_back(p.first);
    pairs.second.push_back(p.second);
    pairs.distances.push_back(p.distance);
  }
  return pairs;
}

}  // namespace udl
