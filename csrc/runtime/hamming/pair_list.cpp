#include "runtime/hamming/pair_list.h"

#include <algorithm>
#include <utility>

#include "runtime/hamming/stoppable_sort.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

constexpr int64_t kRanges = 256;       // of first ids, sorted one by one
constexpr int64_t kSamples = 1 << 14;  // first ids from which the ranges are made

int64_t count_pairs(const HammingPairBlocks& blocks) {
  int64_t n = 0;
  for (const std::vector<HammingPair>& block : blocks) n += static_cast<int64_t>(block.size());
  return n;
}

/// First ids between which about as many pairs lie.
std::vector<int64_t> borders_of(const HammingPairBlocks& blocks) {
  const int64_t step = count_pairs(blocks) / kSamples + 1;
  std::vector<int64_t> samples;
  int64_t next = 0;  // pairs to pass over before the next sample
  for (const std::vector<HammingPair>& block : blocks) {
    const int64_t size = static_cast<int64_t>(block.size());
    for (; next < size; next += step) samples.push_back(block[next].first);
    next -= size;
  }
  std::sort(samples.begin(), samples.end());
  std::vector<int64_t> borders;
  const int64_t n = static_cast<int64_t>(samples.size());
  for (int64_t r = 1; r < kRanges && n > 0; ++r) borders.push_back(samples[n * r / kRanges]);
  return borders;
}

/// The same pairs in blocks that follow each other in order, and in order within each.
HammingPairBlocks in_ranges(HammingPairBlocks blocks, const Run& run) {
  const std::vector<int64_t> borders = borders_of(blocks);
  HammingPairBlocks ranges(borders.size() + 1);
  parallel_for(run.with_threads(1), static_cast<int64_t>(blocks.size()), [&](int64_t b) {
    const std::vector<HammingPair> block = std::move(blocks[b]);
    for (const HammingPair& pair : block) {
      const auto border = std::upper_bound(borders.begin(), borders.end(), pair.first);
      ranges[border - borders.begin()].push_back(pair);
    }
  });
  parallel_region(run, [&](Team& team) {
    team.for_each(static_cast<int64_t>(ranges.size()), [&](int64_t r) {
      sort_until_stopped(ranges[r].begin(), ranges[r].end(), team,
                         [](const HammingPair& a, const HammingPair& b) { return a < b; });
    });
  });
  return ranges;
}

}  // namespace

HammingPairs join_pairs(HammingPairBlocks blocks, bool in_order, const Run& run) {
  if (!in_order) blocks = in_ranges(std::move(blocks), run);
  HammingPairs pairs;
  const int64_t n = count_pairs(blocks);
  pairs.first.reserve(n);
  pairs.second.reserve(n);
  pairs.distances.reserve(n);
  parallel_for(run.with_threads(1), static_cast<int64_t>(blocks.size()), [&](int64_t b) {
    const std::vector<HammingPair> block = std::move(blocks[b]);
    for (const HammingPair& pair : block) {
      pairs.first.push_back(pair.first);
      pairs.second.push_back(pair.second);
      pairs.distances.push_back(pair.distance);
    }
  });
  return pairs;
}

}  // namespace udl
