#include "runtime/cuda/hamming/steps.h"

#include <algorithm>
#include <limits>

#include "base/view.h"
#include "kernels/cuda/hamming/count.h"
#include "kernels/cuda/hamming/few.h"
#include "kernels/cuda/hamming/filter.h"
#include "kernels/cuda/hamming/rank.h"

namespace udl::cuda {
namespace {

/// Up to so many queries, blocks of fewer rows keep more of the device at work.
constexpr int64_t kFewFiltered = 256;

/// Room for n entries; what was there is lost where it grows.
template <class T>
void make_room(Driver& driver, DeviceBuffer<T>& buffer, int64_t n) {
  if (buffer.size() >= n) return;
  buffer = DeviceBuffer<T>(driver);  // lets go first: both need not fit
  buffer = DeviceBuffer<T>(driver, n);
}

template <class T>
void set_to_zero(Driver& driver, DeviceBuffer<T>& buffer, int64_t n) {
  driver.fill(buffer.data(), 0, static_cast<std::size_t>(n) * sizeof(T));
}

template <class T>
void copy_in(Driver& driver, DeviceBuffer<T>& to, const T* from, int64_t n) {
  make_room(driver, to, n);
  driver.copy_to_device(to.data(), from, static_cast<std::size_t>(n) * sizeof(T));
}

template <class T>
void copy_out(Driver& driver, T* to, const T* from, int64_t n) {
  if (n > 0) driver.copy_to_host(to, from, static_cast<std::size_t>(n) * sizeof(T));
}

template <class Arguments>
void launch(Driver& driver, const Kernel& kernel, int64_t n_blocks, int64_t shared_bytes,
            const Arguments& arguments) {
  if (n_blocks > 0)
    driver.launch(kernel,
                  {{static_cast<uint32_t>(n_blocks)},
                   {static_cast<uint32_t>(kHammingThreads)},
                   static_cast<uint32_t>(shared_bytes)},
                  arguments);
}

}  // namespace

HammingSteps::HammingSteps(Driver& driver)
    : driver_(driver),
      queries_(driver),
      allowed_(driver),
      counts_(driver),
      found_(driver),
      tickets_(driver),
      distances_(driver),
      limits_(driver),
      ties_(driver),
      needs_(driver),
      tallies_(driver),
      starts_(driver),
      numbers_(driver),
      keys_(driver),
      ranked_(driver) {}

const uint32_t* HammingSteps::upload_allowed(const uint64_t* words, int64_t n_codes) {
  if (words == nullptr) return nullptr;
  const int64_t n = 2 * ((n_codes + 63) / 64);
  copy_in(driver_, allowed_, reinterpret_cast<const uint32_t*>(words), n);
  return allowed_.data();
}

const uint32_t* HammingSteps::take_queries(const HammingCodeStore& codes, const HammingRows& rows,
                                           int64_t n, const int64_t* numbers) {
  const int64_t padded = codes.has_filter() ? round_up(n, kHammingFilterQueries) : n;
  make_room(driver_, queries_, padded * codes.row_words());
  driver_.fill(queries_.data() + n * codes.row_words(), 0,
               static_cast<std::size_t>((padded - n) * codes.row_words() * 4));
  take_rows(driver_, rows, n, codes.n_bytes(), codes.row_words(), queries_.data(), numbers);
  return queries_.data();
}

const int64_t* HammingSteps::upload_numbers(const int64_t* numbers, int64_t n) {
  copy_in(driver_, numbers_, numbers, n);
  return numbers_.data();
}

void HammingSteps::answer_ranked(HammingAnswer to) {
  to.keys = ranked_.data();
  if (to.n_queries * to.k > 0) driver_.launch(kHammingAnswer, threads_for(to.n_queries * to.k), to);
}

void HammingSteps::set_ranked(const std::vector<uint64_t>& keys) {
  copy_in(driver_, ranked_, keys.data(), static_cast<int64_t>(keys.size()));
}

void HammingSteps::count(const HammingSet& set) {
  const int64_t n = int64_t{set.n_queries} * (set.n_bits + 1);
  make_room(driver_, counts_, n);
  set_to_zero(driver_, counts_, n);
  launch(driver_, kHammingHistogram, hamming_blocks(set), hamming_histogram_shared(set.n_bits),
         HammingHistogram{set, counts_.data()});
}

void HammingSteps::read_counts(const HammingSet& set, uint32_t* to) {
  copy_out(driver_, to, counts_.data(), int64_t{set.n_queries} * (set.n_bits + 1));
}

void HammingSteps::limit_to_nearest(const HammingSet& set, int64_t k, uint32_t most) {
  make_room(driver_, limits_, set.n_queries);
  make_room(driver_, ties_, set.n_queries);
  launch(driver_, kHammingThreshold, hamming_query_blocks(set.n_queries), 0,
         HammingThreshold{counts_.data(), limits(), set.n_queries, set.n_bits,
                          static_cast<uint32_t>(k), most});
}

void HammingSteps::limit_to(const HammingSet& set, int32_t distance) {
  const std::vector<int32_t> all(set.n_queries, distance);
  const std::vector<int32_t> ties(set.n_queries, std::numeric_limits<int32_t>::max());
  copy_in(driver_, limits_, all.data(), set.n_queries);
  copy_in(driver_, ties_, ties.data(), set.n_queries);
}

const std::vector<uint32_t>& HammingSteps::collect(const HammingSet& set) {
  make_room(driver_, keys_, int64_t{set.n_queries} * kHammingListRoom);
  make_room(driver_, found_, set.n_queries);
  set_to_zero(driver_, found_, set.n_queries);
  launch(driver_, kHammingCollect, hamming_blocks(set), 0,
         HammingCollect{set, limits_.data(), keys_.data(), found_.data()});
  return read_found(set.n_queries);
}

const std::vector<uint32_t>& HammingSteps::filter(const HammingSet& set,
                                                  const HammingCodeStore& codes) {
  const int64_t n = set.n_queries, padded = round_up(n, kHammingFilterQueries);
  make_room(driver_, needs_, padded);
  launch(driver_, kHammingNeeds, divide_up(padded, kHammingThreads), 0,
         HammingNeeds{set.queries, limits_.data(), needs_.data(), set.n_queries,
                      static_cast<int32_t>(padded)});
  make_room(driver_, keys_, n * kHammingListRoom);
  make_room(driver_, found_, n);
  set_to_zero(driver_, found_, n);
  const bool are_few = n <= kFewFiltered;
  const Kernel& kernel = are_few ? kHammingFilter16 : kHammingFilter64;
  const int64_t in_y = divide_up(n, kHammingWarps * (are_few ? 16 : 64));
  // Two blocks fit a multiprocessor: as many blocks as run at once.
  const int64_t in_x = std::clamp<int64_t>(2 * driver_.facts().n_multiprocessors / in_y, 1,
                                           divide_up(set.n_codes, kHammingTile));
  driver_.launch(kernel,
                 {{static_cast<uint32_t>(in_x), static_cast<uint32_t>(in_y)},
                  {static_cast<uint32_t>(kHammingThreads)},
                  static_cast<uint32_t>(kHammingStages * kHammingStageBytes)},
                 HammingFilter{set, codes.half_ones(), needs_.data(), limits_.data(), keys_.data(),
                               found_.data()});
  return read_found(n);
}

const std::vector<uint32_t>& HammingSteps::select(const HammingSet& set, int64_t k) {
  const int64_t n = set.n_queries, n_blocks = n * hamming_scan_blocks(set.n_codes);
  const int64_t n_counts = n * (int64_t{set.n_bits} + 1);
  make_room(driver_, counts_, n_counts);
  make_room(driver_, distances_, n * set.n_codes);
  make_room(driver_, found_, n);
  make_room(driver_, tickets_, n);
  make_room(driver_, keys_, n * kHammingListRoom);
  make_room(driver_, ranked_, n * k);
  set_to_zero(driver_, counts_, n_counts);
  set_to_zero(driver_, found_, n);
  set_to_zero(driver_, tickets_, n);
  set_to_zero(driver_, ranked_, n * k);
  launch(driver_, kHammingScanAll, n_blocks, hamming_histogram_shared(set.n_bits),
         HammingScanAll{set, distances_.data(), counts_.data()});
  launch(driver_, kHammingSelect, n_blocks, 0,
         HammingSelect{distances_.data(), counts_.data(), keys_.data(), found_.data(),
                       tickets_.data(), ranked_.data(), set.n_codes, set.n_queries, set.n_bits,
                       static_cast<int32_t>(k)});
  return read_found(n);
}

const std::vector<uint32_t>& HammingSteps::tally(const HammingSet& set) {
  const int32_t n_chunks = hamming_chunks(set);
  make_room(driver_, tallies_, int64_t{set.n_queries} * (n_chunks + 1));
  make_room(driver_, found_, set.n_queries);
  launch(driver_, kHammingTally, hamming_blocks(set), 0,
         HammingTallies{set, limits_.data(), tallies_.data()});
  launch(driver_, kHammingOffsets, hamming_query_blocks(set.n_queries), 0,
         HammingOffsets{tallies_.data(), limits(), found_.data(), set.n_queries, n_chunks});
  return read_found(set.n_queries);
}

void HammingSteps::place(const HammingSet& set, int64_t first, const std::vector<int64_t>& starts,
                         int64_t end) {
  const int64_t n = static_cast<int64_t>(starts.size());
  HammingSet part = set;
  part.queries += first * set.row_words;
  part.n_queries = static_cast<int32_t>(n);
  if (set.pairs_from >= 0) part.pairs_from += static_cast<int32_t>(first);
  copy_in(driver_, starts_, starts.data(), n);
  make_room(driver_, keys_, end);
  launch(driver_, kHammingPlace, hamming_blocks(part), 0,
         HammingPlace{part,
                      {limits_.data() + first, ties_.data() + first},
                      tallies_.data() + first * (hamming_chunks(set) + 1),
                      starts_.data(),
                      keys_.data()});
}

void HammingSteps::rank(int64_t n, int64_t room, int64_t k) {
  make_room(driver_, ranked_, n * k);
  set_to_zero(driver_, ranked_, n * k);  // queries of fewer keys leave some of theirs alone
  launch(driver_, kHammingRank, n, 0,
         HammingRank{keys_.data(), found_.data(), ranked_.data(), static_cast<int32_t>(room),
                     static_cast<int32_t>(k)});
}

const std::vector<uint64_t>& HammingSteps::read_placed(int64_t n) { return read_keys(keys_, n); }

const std::vector<uint64_t>& HammingSteps::read_ranked(int64_t n) { return read_keys(ranked_, n); }

int64_t HammingSteps::device_bytes() const {
  return 2 * distances_.size() +
         4 * (tickets_.size() + needs_.size() + queries_.size() + allowed_.size() + counts_.size() +
              found_.size() + limits_.size() + ties_.size()) +
         8 * (tallies_.size() + starts_.size() + numbers_.size() + keys_.size() + ranked_.size());
}

const std::vector<uint32_t>& HammingSteps::read_found(int64_t n_queries) {
  found_here_.resize(static_cast<std::size_t>(n_queries));
  copy_out(driver_, found_here_.data(), found_.data(), n_queries);
  return found_here_;
}

const std::vector<uint64_t>& HammingSteps::read_keys(const DeviceBuffer<uint64_t>& from,
                                                     int64_t n) {
  keys_here_.resize(static_cast<std::size_t>(n));
  copy_out(driver_, keys_here_.data(), from.data(), n);
  return keys_here_;
}

}  // namespace udl::cuda
