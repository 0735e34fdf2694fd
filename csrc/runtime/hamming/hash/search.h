#pragma once
// Searches through tables of buckets, with the results of hamming/codes.h: a query whose buckets
// would cost more than a scan is scanned. Codes added after the tables were built, from
// tables.n_codes() on, are always scanned.
#include <cstdint>

#include "runtime/hamming/codes.h"
#include "runtime/hamming/hash/tables.h"

namespace udl {

/// Queries or codes answered from the tables alone; the others were scanned.
struct HashReport {
  int64_t n_hashed = 0;
};

/// When a query is left to a scan.
enum class HashPolicy { cheaper, always };  ///< where that is cheaper; never (for tests)

HashReport hamming_hash_search(const HammingTables& tables, const HammingCodes& codes,
                               const HammingQueries& queries, int64_t k, HashPolicy policy,
                               const Run& run, int32_t* distances, int64_t* ids);

HammingRange hamming_hash_range(const HammingTables& tables, const HammingCodes& codes,
                                const HammingQueries& queries, int32_t largest, HashPolicy policy,
                                const Run& run, HashReport& report);

HammingPairs hamming_hash_pairs(const HammingTables& tables, const HammingCodes& codes,
                                int32_t largest, HashPolicy policy, const Run& run,
                                HashReport& report, Progress& progress);

}  // namespace udl
