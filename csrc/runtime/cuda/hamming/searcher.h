#pragma once
// Searches among codes of a device, block of queries by block of queries.
#include <cstdint>
#include <functional>
#include <vector>

#include "runtime/cuda/hamming/steps.h"
#include "runtime/hamming/codes.h"

namespace udl::cuda {

/// Which kernels find nearest codes. All find the same.
enum class HammingWay {
  automatic,  ///< lists of candidates where they promise to suffice, else counting
  listing,    ///< the same without the kernels for few queries and for many
  counting,   ///< histograms of all distances alone
};

/// What is asked.
struct HammingAsked {
  HammingRows queries;
  int64_t n_queries;
  int64_t n_codes;          ///< the first of the codes: those behind them are passed over
  const uint64_t* allowed;  ///< of the host, a bitmap over their positions; null: all
};

/// Rows of k neighbours, of the host, or on the device with ids in place of positions.
struct HammingNeighbours {
  int32_t* distances;
  int64_t* positions;
  bool on_device = false;
  const int64_t* ids_of = nullptr;  ///< on the device, of positions; null: they are ids
};

/// True if the call is to end; asked between blocks, by the thread that called.
inline bool ends_now(const Run& run) { return run.interrupt != nullptr && run.interrupt->ask(); }

/// Answers searches by the positions of codes. Device memory for its work is kept for the next
/// search: about work_bytes at most, or as much as what one query finds takes. One search at a
/// time. Ends early, with results that mean nothing, once run.stopped(): it asks before every block
/// of queries, which takes some hundredths of a second.
class HammingSearcher {
 public:
  static constexpr int64_t kWorkBytes = int64_t{1} << 28;

  HammingSearcher(Driver& driver, const HammingCodeStore& codes, int64_t work_bytes)
      : steps_(driver), codes_(codes), work_bytes_(work_bytes) {}

  /// The k >= 1 nearest of each query in rows of k, by (distance, position); kNoDistance and kNoId
  /// where there are fewer.
  void nearest(const HammingAsked& asked, int64_t k, HammingWay way, const Run& run,
               const HammingNeighbours& to);

  /// All codes at a distance of at most `largest`, in the order of positions; these are the `ids`.
  HammingRange within(const HammingAsked& asked, int32_t largest, const Run& run);

  /// All pairs of the first n_codes codes at a distance of at most `largest`, by (first, second).
  HammingPairs pairs(int64_t n_codes, int32_t largest, const Run& run, Progress& progress);

  /// out[q * (n_bits + 1) + d] = number of codes at distance d of query q.
  void histogram(const HammingAsked& asked, const Run& run, int64_t* out);

  int64_t device_bytes() const { return steps_.device_bytes(); }

 private:
  struct Neighbours;  // where the nearest of a block of queries go
  using Take = std::function<void(int64_t query, const uint64_t* keys, int64_t n)>;

  HammingSet all_codes(int64_t n_codes) const;
  int64_t block_of(const HammingSet& set, int64_t n_queries, int64_t query_bytes) const;
  void take_queries(HammingSet& set, const HammingRows& rows, int64_t n,
                    const int64_t* numbers = nullptr);
  const std::vector<uint32_t>& list(const HammingSet& set, HammingWay way, int64_t n_allowed,
                                    int64_t n);
  std::vector<int64_t> list_nearest(const HammingSet& set, HammingWay way, int64_t n_allowed,
                                    const Neighbours& to);
  void count_missed(HammingSet set, const HammingRows& rows, const std::vector<int64_t>& missed,
                    int64_t block, const Neighbours& to, const Run& run);
  void take_missed(HammingSet& set, const HammingRows& rows, const int64_t* numbers, int64_t n);
  void count_nearest(const HammingSet& set, const Neighbours& to);
  void answer(int64_t n_queries, const Neighbours& to);
  void for_each_within(const HammingSet& set, int32_t largest, const Take& take);

  HammingSteps steps_;
  const HammingCodeStore& codes_;
  const int64_t work_bytes_;
};

}  // namespace udl::cuda
