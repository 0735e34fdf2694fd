#include "runtime/hamming/hash/prices.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <vector>

#include "runtime/dispatch/target.h"
#include "runtime/hamming/hash/query.h"
#include "runtime/hamming/hash/tables.h"
#include "runtime/hamming/rows.h"
#include "runtime/hamming/scanner.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRounds = 3;  // of each measurement, of other codes: the fastest was disturbed least
constexpr int64_t kSlicedQueries = 8;  // from so many on a scan works on sliced tiles

template <class Work>
double seconds_of(Work&& work) {
  const Clock::time_point start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The position at which round `round` reads n codes, a multiple of kHammingBlock.
int64_t place_of(int64_t n_codes, int64_t n, int round) {
  return (n_codes - n) * round / kRounds / kHammingBlock * kHammingBlock;
}

/// Seconds for a word in a scan of n codes, of which nothing is found, for as many queries.
double word_seconds(const HammingCodes& codes, int64_t n_codes, int64_t n_queries) {
  n_codes = std::min(n_codes, codes.n_codes);
  n_queries = std::min(n_queries, codes.n_codes);
  HammingRows rows(codes, n_queries);
  const uint64_t* queries = rows.words(0, n_queries);
  double least = std::numeric_limits<double>::infinity();
  parallel_region(Run{}, [&](Team& team) {
    HammingScanner scanner(codes);
    for (int round = 0; round < kRounds; ++round) {
      const int64_t begin = place_of(codes.n_codes, n_codes, round);
      const double seconds = seconds_of([&] {
        scanner.run(
            queries, n_queries, begin, begin + n_codes, team, [](int64_t) { return -1; },
            [](int64_t, int64_t, const HammingHits&, int64_t) {});
      });
      least = std::min(least, seconds / static_cast<double>(n_codes * n_queries * codes.n_words));
    }
  });
  return least;
}

/// Words of codes that lie evenly among the others, other ones in each round.
class Samples {
 public:
  static constexpr int64_t kCount = 16;
  Samples(const HammingCodes& codes, int round) : n_words_(codes.n_words) {
    HammingRows rows(codes, 1);
    for (int64_t s = 0; s < kCount; ++s) {
      const int64_t position = (codes.n_codes - 1) * (kRounds * s + round) / (kRounds * kCount);
      const uint64_t* words = rows.words(position, 1);
      words_.insert(words_.end(), words, words + n_words_);
    }
  }
  const uint64_t* operator[](int64_t s) const { return words_.data() + s * n_words_; }

 private:
  int64_t n_words_;
  std::vector<uint64_t> words_;
};

double all_keys(const HammingTables& tables, int32_t radius) {
  double n = 0.0;
  for (int32_t j = 0; j < tables.count(); ++j) n += hamming_keys(tables.tables()[j].n_bits, radius);
  return n;
}

double all_lines(const HammingTables& tables, int32_t radius) {
  double n = 0.0;
  for (int32_t j = 0; j < tables.count(); ++j)
    n += hamming_lines(tables.tables()[j].n_bits, radius);
  return n;
}

/// Seconds for a line, where so many are looked at that their misses overlap.
double line_seconds(const HammingTables& tables, const Samples& samples) {
  constexpr double kFewest = 512.0;
  constexpr int32_t kLargest = 3;
  int32_t radius = 0;
  while (radius < kLargest && all_lines(tables, radius) < kFewest &&
         all_lines(tables, radius + 1) > 0.0)
    ++radius;
  std::vector<HammingBucket> buckets(static_cast<std::size_t>(all_keys(tables, radius)));
  std::vector<uint32_t> keys(tables.count());
  const double seconds = seconds_of([&] {
    for (int64_t s = 0; s < Samples::kCount; ++s) {
      for (int32_t j = 0; j < tables.count(); ++j)
        keys[j] = hamming_key(samples[s], tables.tables()[j].first_bit, tables.tables()[j].n_bits);
      hamming_hash_kernels().find_buckets(tables.tables(), 0, tables.count(), keys.data(), radius,
                                          buckets.data());
    }
  });
  return seconds / (all_lines(tables, radius) * static_cast<double>(Samples::kCount));
}

/// Seconds for a code of a bucket, all that is done with it included; 0 where too few are met.
double code_seconds(const HammingTables& tables, const HammingCodes& codes,
                    const HammingPrices& prices, const Samples& samples) {
  constexpr int64_t kFewest = 64;     // below it the time of lines hides that of codes
  constexpr int64_t kMost = 1 << 14;  // more need not be measured
  constexpr int64_t kNearest = 10;
  const double no_limit = std::numeric_limits<double>::infinity();
  HammingProber prober(tables, codes, prices);
  HammingHashQuery owner(tables, codes, prices, 0.0, HashPolicy::always);
  int64_t n_codes = 0;
  double seconds = 0.0, n_lines = 0.0;
  for (int64_t s = 0; s < Samples::kCount && n_codes < kMost; ++s) {
    NearestList& list = owner.empty_list(kNearest);
    prober.start(samples[s]);
    for (int32_t step = 0; step < 2 * tables.count() && prober.n_measured() < kMost;
         step += tables.count()) {
      seconds += seconds_of([&] {
        prober.steps(step, step + tables.count(), list.threshold(), no_limit,
                     [&](int64_t position, int32_t distance) {
                       list.append({distance, codes.id(position)});
                     });
      });
      n_lines += tables.lines_before(step + tables.count()) - tables.lines_before(step);
    }
    n_codes += prober.n_measured();
  }
  if (n_codes < kFewest) return 0.0;
  return std::max(0.0, seconds - n_lines * prices.line) / static_cast<double>(n_codes);
}

/// Seconds to ask tables and give up at once.
double query_seconds(const HammingTables& tables, const HammingCodes& codes,
                     const HammingPrices& prices, const Samples& samples) {
  constexpr int64_t kNearest = 10;
  HammingHashQuery query(tables, codes, prices, std::numeric_limits<double>::min(),
                         HashPolicy::cheaper);
  query.nearest(samples[0], query.empty_list(kNearest));
  const double seconds = seconds_of([&] {
    for (int64_t s = 0; s < Samples::kCount; ++s)
      query.nearest(samples[s], query.empty_list(kNearest));
  });
  return seconds / static_cast<double>(Samples::kCount);
}

double least(double a, double b) { return a == 0.0 ? b : b == 0.0 ? a : std::min(a, b); }

HammingPrices made_up_prices() {
  constexpr int64_t kCodes = 1 << 14, kBytes = 16;
  std::vector<uint8_t> bytes(kCodes * kBytes);
  uint64_t state = 1;
  for (uint8_t& byte : bytes) {  // a linear congruential generator (Knuth's MMIX)
    state = state * 6364136223846793005u + 1442695040888963407u;
    byte = static_cast<uint8_t>(state >> 56);
  }
  const HammingCodes codes = {
      bytes.data(), kCodes, kBytes, hamming_row_words(kBytes), static_cast<int32_t>(8 * kBytes),
      nullptr,      true,   nullptr};
  std::unique_ptr<HammingTables> tables;
  const double seconds =
      seconds_of([&] { tables = std::make_unique<HammingTables>(codes, 0, Run{}); });
  HammingPrices prices = measure_prices(*tables, codes);
  prices.build = seconds / static_cast<double>(kCodes * tables->count());
  return prices;
}

}  // namespace

double HammingPrices::scan(int64_t n_codes, int64_t n_words, int64_t n_queries,
                           int n_threads) const {
  const double words = static_cast<double>(n_codes) * static_cast<double>(n_words);
  const double idle = std::max(
      1.0, static_cast<double>(n_threads) / static_cast<double>(std::max<int64_t>(n_queries, 1)));
  return words * (n_queries < kSlicedQueries ? row_word : tile_word) / idle;
}

double HammingPrices::tables(int64_t n_codes, int32_t n_bits, int32_t n_tables,
                             int32_t radius) const {
  double seconds = query;
  for (int32_t step = 0; step <= std::min(radius, n_bits); ++step) {
    const int32_t j = step % n_tables;
    const int32_t width =
        static_cast<int32_t>(int64_t{n_bits} * (j + 1) / n_tables - int64_t{n_bits} * j / n_tables);
    const double codes_per_key = std::ldexp(static_cast<double>(n_codes), -width);
    seconds += hamming_lines(width, step / n_tables) * line +
               hamming_keys(width, step / n_tables) * codes_per_key * code;
  }
  return seconds;
}

HammingPrices measure_prices(const HammingTables& tables, const HammingCodes& codes) {
  constexpr int64_t kRowCodes = 1 << 15, kTileCodes = 1 << 12, kTileQueries = 64;
  constexpr double kUsualCode = 1e-8;  // where no buckets hold codes there is nothing to measure
  HammingPrices prices;
  prices.row_word = word_seconds(codes, kRowCodes, 1);
  prices.tile_word = word_seconds(codes, kTileCodes, kTileQueries);
  for (int round = 0; round < kRounds; ++round)
    prices.line = least(prices.line, line_seconds(tables, Samples(codes, round)));
  for (int round = 0; round < kRounds; ++round) {
    const Samples samples(codes, round);
    prices.code = least(prices.code, code_seconds(tables, codes, prices, samples));
    prices.query = least(prices.query, query_seconds(tables, codes, prices, samples));
  }
  if (prices.code == 0.0) prices.code = kUsualCode;
  tables.tally().clear();  // these were no queries
  return prices;
}

const HammingPrices& hamming_prices() {
  struct Measured {
    const HammingKernels* kernels;
    HammingPrices prices;
  };
  // No lock, which a fork might leave closed: two threads may measure at once.
  static std::atomic<const Measured*> latest{nullptr};
  const Measured* seen = latest.load(std::memory_order_acquire);
  if (seen == nullptr || seen->kernels != &hamming_kernels()) {
    seen = new Measured{&hamming_kernels(), made_up_prices()};  // kept: others may be reading it
    latest.store(seen, std::memory_order_release);
  }
  return seen->prices;
}

std::unique_ptr<HammingTables> make_priced_tables(const HammingCodes& codes, int32_t n_tables,
                                                  const Run& run) {
  auto tables = std::make_unique<HammingTables>(codes, n_tables, run);
  if (codes.n_codes > 0 && !run.stopped()) tables->set_prices(measure_prices(*tables, codes));
  return tables;
}

}  // namespace udl
