// All pairs of codes within a radius.
#include <algorithm>
#include <utility>
#include <vector>

#include "runtime/hamming/nearest.h"
#include "runtime/hamming/pair_list.h"
#include "runtime/hamming/scanner.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

constexpr int64_t kBlocksPerThread =
    4;  // blocks of codes compared with all codes behind them: unequal work

using Found = std::vector<Neighbour>;

/// Pairs of each of the codes first .. first + n - 1 with codes behind it.
std::vector<Found> pairs_of_block(const HammingCodes& codes, HammingScanner& scanner, int64_t first,
                                  int64_t n, int32_t largest, Team& team) {
  std::vector<Found> found(n);
  const int64_t begin = first / kHammingBlock * kHammingBlock;
  HammingRows rows(codes, n);
  scanner.run(
      rows.words(first, n), n, begin, codes.n_codes, team, [&](int64_t) { return largest; },
      [&](int64_t q, int64_t first_hit, const HammingHits& hits, int64_t n_hits) {
        for (int64_t i = 0; i < n_hits; ++i) {
          const int64_t position = first_hit + hits.positions[i];
          if (position > first + q) found[q].push_back({hits.distances[i], codes.id(position)});
        }
      });
  return found;
}

}  // namespace

HammingPairs hamming_pairs(const HammingCodes& codes, int32_t largest, const Run& given,
                           Progress& progress) {
  const Run run = hamming_run(codes, 0.5 * static_cast<double>(codes.n_codes), given);
  const int64_t block = std::clamp<int64_t>(codes.n_codes / (kBlocksPerThread * run.n_threads),
                                            kHammingBlock, kHammingQueryBlock);
  HammingPairBlocks blocks(divide_up(codes.n_codes, block));
  std::atomic<int64_t> n_compared{0};
  const double n_all =
      0.5 * static_cast<double>(codes.n_codes) * static_cast<double>(codes.n_codes);
  parallel_region(run, [&](Team& team) {
    team.for_each(static_cast<int64_t>(blocks.size()), [&](int64_t b) {
      const int64_t first = b * block, n = std::min(block, codes.n_codes - first);
      HammingScanner scanner(codes);
      const std::vector<Found> found = pairs_of_block(codes, scanner, first, n, largest, team);
      for (int64_t q = 0; q < n; ++q) {
        const int64_t id = codes.id(first + q);
        for (const Neighbour& other : found[q])
          blocks[b].push_back({std::min(id, other.id), std::max(id, other.id), other.distance});
      }
      n_compared += n * (codes.n_codes - first);
      progress.reach(std::min(1.0, static_cast<double>(n_compared) / n_all));
    });
  });
  if (run.stopped()) return {};
  return join_pairs(std::move(blocks), codes.ascending, run);
}

}  // namespace udl
