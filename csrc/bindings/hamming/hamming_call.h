#pragma once
// What calls among codes have in common: arrays of packed codes that are checked, queries in words,
// and arrays of what was found.
#include <pybind11/stl.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/view.h"
#include "bindings/numpy/arrays.h"
#include "bindings/numpy/interrupt.h"
#include "kernels/hamming.h"
#include "runtime/hamming/codes.h"
#include "runtime/hamming/rows.h"
#include "runtime/memory/buffer.h"

namespace udl::bindings {

// Converted only where the dtype differs; memory maps and other C-ordered uint8 arrays are used in
// place.
using Packed = CArray<uint8_t>;
using Ids = std::optional<CArray<int64_t>>;
using Bitmap = std::optional<CArray<uint64_t>>;

inline HammingCodes codes_view(const char* function, const Packed& codes,
                               const Ids& ids = std::nullopt, bool ascending = false,
                               const Bitmap& allowed = std::nullopt) {
  constexpr int64_t kMaxBytes = 8192;
  if (codes.ndim() != 2 || codes.shape(1) < 1 || codes.shape(1) > kMaxBytes)
    throw_invalid(std::string(function) + ": codes must have 1 to " + std::to_string(kMaxBytes) +
                  " bytes in each of 2 dimensions' rows, got shape " + shape_text(codes));
  const int64_t n_codes = codes.shape(0), n_bytes = codes.shape(1);
  if (ids) check_shape(*ids, {n_codes}, function, "ids");
  if (allowed) check_shape(*allowed, {divide_up(n_codes, kHammingBlock)}, function, "allowed");
  return {codes.data(),
          n_codes,
          n_bytes,
          hamming_row_words(n_bytes),
          static_cast<int32_t>(8 * n_bytes),
          ids ? ids->data() : nullptr,
          !ids || ascending,
          allowed ? allowed->data() : nullptr};
}

/// A largest distance, brought down to the largest there is: kernels compare small integers.
inline int32_t at_most_all(int32_t largest, const HammingCodes& codes) {
  return std::min(largest, codes.n_bits);
}

/// Queries as rows of words.
struct QueryWords {
  int64_t n_queries;
  Buffer<uint64_t> words;

  QueryWords(const char* function, const Packed& queries, const HammingCodes& codes,
             const char* name = "queries") {
    check_shape(queries, {queries.ndim() > 0 ? queries.shape(0) : 0, codes.n_bytes}, function,
                name);
    n_queries = queries.shape(0);
    words.resize(n_queries * codes.n_words);
    widen_rows(queries.data(), n_queries, codes.n_bytes, queries.data() + n_queries * codes.n_bytes,
               words.data());
  }
  HammingQueries view() const { return {words.data(), n_queries}; }
};

/// A search with queries: checked where it is made. Holds pointers into its arguments.
class SearchCall {
 public:
  SearchCall(const char* function, const Packed& codes, const Packed& queries, int n_threads,
             const Ids& ids = std::nullopt, bool ascending = false,
             const Bitmap& allowed = std::nullopt)
      : codes(codes_view(function, codes, ids, ascending, allowed)),
        queries_(function, queries, this->codes),
        n_threads_(check_threads(n_threads, function)) {}

  HammingQueries queries() const { return queries_.view(); }

  /// An array of n values a query.
  template <class T>
  py::array_t<T> rows_of(int64_t n) const {
    return py::array_t<T>({queries_.n_queries, n});
  }

  /// body(run) without the GIL; Ctrl-C is raised here.
  template <class Body>
  void run(Body&& body) const {
    run_interruptible(n_threads_, body);
  }

  const HammingCodes codes;

 private:
  const QueryWords queries_;
  const int n_threads_;
};

/// An array that owns the vector's memory.
template <class T>
py::array_t<T> moved(std::vector<T>&& values) {
  auto* owned = new std::vector<T>(std::move(values));
  const py::capsule owner(owned, [](void* p) { delete static_cast<std::vector<T>*>(p); });
  return py::array_t<T>(static_cast<py::ssize_t>(owned->size()), owned->data(), owner);
}

/// (limits, distances, ids, more ...).
template <class... More>
py::tuple range_tuple(HammingRange&& range, More... more) {
  return py::make_tuple(moved(std::move(range.limits)), moved(std::move(range.distances)),
                        moved(std::move(range.ids)), more...);
}

/// (first ids, second ids, distances, more ...).
template <class... More>
py::tuple pairs_tuple(HammingPairs&& pairs, More... more) {
  return py::make_tuple(moved(std::move(pairs.first)), moved(std::move(pairs.second)),
                        moved(std::move(pairs.distances)), more...);
}

}  // namespace udl::bindings
