#pragma once
// Prices that decide between looking up buckets and scanning, as measured on this machine. They
// never change a result, only how long it takes.
#include <cstdint>
#include <memory>

#include "runtime/hamming/codes.h"

namespace udl {

/// Seconds of one thread.
struct HammingPrices {
  double row_word = 0.0;   ///< a word of a code in a scan of rows, for few queries
  double tile_word = 0.0;  ///< the same in a scan of sliced tiles, for many
  double query = 0.0;      ///< asking tables at all
  double line = 0.0;       ///< looking at a line of keys
  double code = 0.0;       ///< measuring a code of a bucket
  double build = 0.0;      ///< a code in a table that is built

  /// One query against all codes, in a call of n_queries on n_threads.
  double scan(int64_t n_codes, int64_t n_words, int64_t n_queries, int n_threads) const;
  /// All codes within `radius` of a query from tables, where bits are spread evenly.
  double tables(int64_t n_codes, int32_t n_bits, int32_t n_tables, int32_t radius) const;
};

class HammingTables;

/// Prices of these tables and codes: some queries are asked and scanned, in well under a hundredth
/// of the time that building takes.
HammingPrices measure_prices(const HammingTables& tables, const HammingCodes& codes);

/// Prices of a small made-up index, before there are tables. Measured once for a process and CPU
/// target, in some 10 ms.
const HammingPrices& hamming_prices();

/// Tables that know their prices. n_tables as in HammingTables. Not fit for use once run.stopped().
std::unique_ptr<HammingTables> make_priced_tables(const HammingCodes& codes, int32_t n_tables,
                                                  const Run& run);

}  // namespace udl
