// Hamming search: arrays of packed codes are checked here, then the GIL is released and the runtime
// takes over.
#include <pybind11/stl.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "bindings/numpy/arrays.h"
#include "bindings/numpy/gil.h"
#include "kernels/hamming.h"
#include "runtime/dispatch/target.h"
#include "runtime/hamming/codes.h"
#include "runtime/hamming/hash/cost.h"
#include "runtime/hamming/hash/search.h"
#include "runtime/hamming/rows.h"
#include "runtime/hamming/tile_queries.h"
#include "runtime/memory/buffer.h"

namespace udl::bindings {
namespace {

// Converted only where the dtype differs; memory maps and other C-ordered uint8 arrays are used in
// place.
using Packed = CArray<uint8_t>;
using Ids = std::optional<CArray<int64_t>>;
using Bitmap = std::optional<CArray<uint64_t>>;

constexpr int64_t kMaxBytes = 8192;

HammingCodes codes_view(const Packed& codes, const Ids& ids, const Bitmap& allowed,
                        const char* function) {
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
          !ids,
          allowed ? allowed->data() : nullptr};
}

/// Queries as rows of words.
struct QueryWords {
  int64_t n_queries;
  Buffer<uint64_t> words;

  QueryWords(const Packed& queries, const HammingCodes& codes, const char* function,
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

/// Runs body(interrupt) without the GIL. Ctrl-C ends it early and is raised here.
template <class Body>
void run_interruptible(Body&& body) {
  Interrupt interrupt([] {
    const HeldGil gil;
    return PyErr_CheckSignals() != 0;
  });
  {
    ReleasedGil release;
    body(interrupt);
  }
  if (interrupt.stopped()) throw py::error_already_set();
}

py::tuple search(const Packed& packed, const Packed& queries, int64_t k, int n_threads,
                 const Ids& ids, bool ascending, const Bitmap& allowed) {
  HammingCodes codes = codes_view(packed, ids, allowed, "hamming_search");
  codes.ascending = codes.ascending || ascending;
  const QueryWords query_words(queries, codes, "hamming_search");
  const HammingQueries view = query_words.view();
  check_positive(k, "hamming_search", "k");
  check_threads(n_threads, "hamming_search");
  py::array_t<int32_t> distances({view.n_queries, k});
  py::array_t<int64_t> found({view.n_queries, k});
  int32_t* d = distances.mutable_data();
  int64_t* i = found.mutable_data();
  run_interruptible(
      [&](Interrupt& interrupt) { hamming_search(codes, view, k, n_threads, d, i, interrupt); });
  return py::make_tuple(distances, found);
}

/// An array that owns the vector's memory.
template <class T>
py::array_t<T> moved(std::vector<T>&& values) {
  auto* owned = new std::vector<T>(std::move(values));
  const py::capsule owner(owned, [](void* p) { delete static_cast<std::vector<T>*>(p); });
  return py::array_t<T>(static_cast<py::ssize_t>(owned->size()), owned->data(), owner);
}

py::tuple range_search(const Packed& packed, const Packed& queries, int32_t largest, int n_threads,
                       const Ids& ids, bool ascending, const Bitmap& allowed) {
  HammingCodes codes = codes_view(packed, ids, allowed, "hamming_range");
  codes.ascending = codes.ascending || ascending;
  const QueryWords query_words(queries, codes, "hamming_range");
  const HammingQueries view = query_words.view();
  check_threads(n_threads, "hamming_range");
  HammingRange range;
  run_interruptible([&](Interrupt& interrupt) {
    range = hamming_range(codes, view, largest, n_threads, interrupt);
  });
  return py::make_tuple(moved(std::move(range.limits)), moved(std::move(range.distances)),
                        moved(std::move(range.ids)));
}

py::array_t<int32_t> distances(const Packed& packed, const Packed& queries, int n_threads) {
  const HammingCodes codes = codes_view(packed, std::nullopt, std::nullopt, "hamming_distances");
  const QueryWords query_words(queries, codes, "hamming_distances");
  const HammingQueries view = query_words.view();
  check_threads(n_threads, "hamming_distances");
  py::array_t<int32_t> out({view.n_queries, codes.n_codes});
  int32_t* data = out.mutable_data();
  run_interruptible(
      [&](Interrupt& interrupt) { hamming_distances(codes, view, n_threads, data, interrupt); });
  return out;
}

py::array_t<int64_t> histogram(const Packed& packed, const Packed& queries, int n_threads,
                               const Bitmap& allowed) {
  const HammingCodes codes = codes_view(packed, std::nullopt, allowed, "hamming_histogram");
  const QueryWords query_words(queries, codes, "hamming_histogram");
  const HammingQueries view = query_words.view();
  check_threads(n_threads, "hamming_histogram");
  py::array_t<int64_t> out({view.n_queries, int64_t{codes.n_bits} + 1});
  int64_t* data = out.mutable_data();
  run_interruptible(
      [&](Interrupt& interrupt) { hamming_histogram(codes, view, n_threads, data, interrupt); });
  return out;
}

py::tuple pairs(const Packed& packed, int32_t largest, int n_threads, const Ids& ids,
                bool ascending) {
  HammingCodes codes = codes_view(packed, ids, std::nullopt, "hamming_pairs");
  codes.ascending = codes.ascending || ascending;
  check_threads(n_threads, "hamming_pairs");
  HammingPairs found;
  run_interruptible(
      [&](Interrupt& interrupt) { found = hamming_pairs(codes, largest, n_threads, interrupt); });
  return py::make_tuple(moved(std::move(found.first)), moved(std::move(found.second)),
                        moved(std::move(found.distances)));
}

// ---- tables of buckets ----

std::unique_ptr<HammingTables> make_tables(const Packed& packed, int32_t n_tables, int n_threads) {
  const HammingCodes codes = codes_view(packed, std::nullopt, std::nullopt, "HammingTables");
  check_threads(n_threads, "HammingTables");
  if (codes.n_codes >= int64_t{1} << 30)
    throw_invalid("HammingTables: codes must number less than 2^30, got " +
                  std::to_string(codes.n_codes));
  if (n_tables == 0) n_tables = HammingTables::default_count(codes.n_codes, codes.n_bits);
  const int32_t fewest = static_cast<int32_t>(divide_up(codes.n_bits, kHammingMaxKeyBits));
  if (n_tables < fewest || n_tables > codes.n_bits)
    throw_invalid("HammingTables: n_tables must be between " + std::to_string(fewest) + " and " +
                  std::to_string(codes.n_bits) + " for " + std::to_string(codes.n_bits) +
                  " bits, got " + std::to_string(n_tables));
  std::unique_ptr<HammingTables> tables;
  run_interruptible([&](Interrupt& interrupt) {
    tables = std::make_unique<HammingTables>(codes, n_tables, n_threads, interrupt);
  });
  return tables;
}

void check_tables(const HammingTables& tables, const HammingCodes& codes, const char* function) {
  if (tables.n_bits() != codes.n_bits || tables.n_codes() > codes.n_codes)
    throw_invalid(std::string(function) + ": tables are of " + std::to_string(tables.n_codes()) +
                  " codes of " + std::to_string(tables.n_bits()) + " bits, codes are " +
                  std::to_string(codes.n_codes) + " of " + std::to_string(codes.n_bits));
}

HashPolicy hash_policy(bool always) { return always ? HashPolicy::always : HashPolicy::cheaper; }

py::tuple hash_search(const HammingTables& tables, const Packed& packed, const Packed& queries,
                      int64_t k, int n_threads, const Ids& ids, const Bitmap& allowed,
                      bool always) {
  const HammingCodes codes = codes_view(packed, ids, allowed, "hamming_hash_search");
  const QueryWords query_words(queries, codes, "hamming_hash_search");
  const HammingQueries view = query_words.view();
  check_tables(tables, codes, "hamming_hash_search");
  check_positive(k, "hamming_hash_search", "k");
  check_threads(n_threads, "hamming_hash_search");
  py::array_t<int32_t> distances({view.n_queries, k});
  py::array_t<int64_t> found({view.n_queries, k});
  int32_t* d = distances.mutable_data();
  int64_t* i = found.mutable_data();
  HashReport report;
  run_interruptible([&](Interrupt& interrupt) {
    report = hamming_hash_search(tables, codes, view, k, hash_policy(always), n_threads, d, i,
                                 interrupt);
  });
  return py::make_tuple(distances, found, report.n_hashed);
}

py::tuple hash_range(const HammingTables& tables, const Packed& packed, const Packed& queries,
                     int32_t largest, int n_threads, const Ids& ids, bool ascending,
                     const Bitmap& allowed, bool always) {
  HammingCodes codes = codes_view(packed, ids, allowed, "hamming_hash_range");
  codes.ascending = codes.ascending || ascending;
  const QueryWords query_words(queries, codes, "hamming_hash_range");
  const HammingQueries view = query_words.view();
  check_tables(tables, codes, "hamming_hash_range");
  check_threads(n_threads, "hamming_hash_range");
  HammingRange range;
  HashReport report;
  run_interruptible([&](Interrupt& interrupt) {
    range = hamming_hash_range(tables, codes, view, largest, hash_policy(always), n_threads, report,
                               interrupt);
  });
  return py::make_tuple(moved(std::move(range.limits)), moved(std::move(range.distances)),
                        moved(std::move(range.ids)), report.n_hashed);
}

py::tuple hash_pairs(const HammingTables& tables, const Packed& packed, int32_t largest,
                     int n_threads, const Ids& ids, bool ascending, bool always) {
  HammingCodes codes = codes_view(packed, ids, std::nullopt, "hamming_hash_pairs");
  codes.ascending = codes.ascending || ascending;
  check_tables(tables, codes, "hamming_hash_pairs");
  check_threads(n_threads, "hamming_hash_pairs");
  HammingPairs found;
  HashReport report;
  run_interruptible([&](Interrupt& interrupt) {
    found = hamming_hash_pairs(tables, codes, largest, hash_policy(always), n_threads, report,
                               interrupt);
  });
  return py::make_tuple(moved(std::move(found.first)), moved(std::move(found.second)),
                        moved(std::move(found.distances)), report.n_hashed);
}

/// Positions in the buckets of table j whose keys differ from the key of `code` in exactly `radius`
/// bits, for tests.
py::array_t<int64_t> bucket_positions(const HammingTables& tables, int32_t j, const Packed& code,
                                      int32_t radius) {
  if (j < 0 || j >= tables.count())
    throw_invalid("HammingTables.positions: no table " + std::to_string(j));
  check_shape(code, {tables.n_bits() / 8}, "HammingTables.positions", "code");
  std::vector<uint64_t> words(hamming_row_words(code.size()));
  widen_rows(code.data(), 1, code.size(), code.data() + code.size(), words.data());
  const HammingTable& table = tables.tables()[j];
  std::vector<uint32_t> keys(tables.count());
  keys[j] = hamming_key(words.data(), table.first_bit, table.n_bits);
  std::vector<HammingBucket> buckets(static_cast<std::size_t>(hamming_keys(table.n_bits, radius)));
  const int64_t n = hamming_hash_kernels().find_buckets(tables.tables(), j, j + 1, keys.data(),
                                                        radius, buckets.data());
  std::vector<int64_t> positions;
  for (int64_t b = 0; b < n; ++b) {
    const bool single = (buckets[b].table & kHammingSingle) != 0;
    for (uint32_t i = buckets[b].begin; i < buckets[b].end; ++i)
      positions.push_back(single ? i : table.lists[i]);
  }
  return moved(std::move(positions));
}

/// One call of the row kernel on at most kHammingMaxTile codes, for tests: (positions, distances).
py::tuple scan_rows(const Packed& packed, const Packed& query, int32_t threshold,
                    const Bitmap& allowed) {
  const HammingCodes codes = codes_view(packed, std::nullopt, allowed, "hamming_scan_rows");
  const QueryWords query_words(query, codes, "hamming_scan_rows", "query");
  if (codes.n_codes > kHammingMaxTile)
    throw_invalid("hamming_scan_rows: codes must be at most " + std::to_string(kHammingMaxTile) +
                  ", got " + std::to_string(codes.n_codes));
  HammingRows rows(codes, codes.n_codes);
  const HammingScan scan = {query_words.words.data(),
                            rows.words(0, codes.n_codes),
                            codes.n_codes,
                            codes.n_words,
                            threshold,
                            codes.allowed};
  HammingHits hits;
  const int64_t n = hamming_kernels().scan_rows(scan, hits);
  return py::make_tuple(py::array_t<uint16_t>(n, hits.positions),
                        py::array_t<int32_t>(n, hits.distances));
}

/// One call of the tile kernel on at most a tile of codes, for tests: which codes lie within each
/// query's limit.
py::array_t<bool> scan_tile(const Packed& packed, const Packed& queries,
                            const CArray<int32_t>& limits) {
  const HammingCodes codes = codes_view(packed, std::nullopt, std::nullopt, "hamming_scan_tile");
  const QueryWords query_words(queries, codes, "hamming_scan_tile");
  const HammingQueries view = query_words.view();
  check_shape(limits, {view.n_queries}, "hamming_scan_tile", "limits");
  const HammingKernels& kernels = hamming_kernels();
  HammingRows rows(codes, codes.n_codes);
  const int64_t plane_words = kernels.tile_codes / kWordBits;
  if (codes.n_codes > kernels.tile_codes)
    throw_invalid("hamming_scan_tile: codes must be at most " + std::to_string(kernels.tile_codes) +
                  ", got " + std::to_string(codes.n_codes));
  HammingTileQueries prepared(view.words, view.n_queries, codes.n_words, codes.n_bits,
                              kernels.tile_codes);
  for (int64_t q = 0; q < view.n_queries; ++q)
    prepared.set_limit(q, std::clamp(limits.at(q), -1, codes.n_bits));
  Buffer<uint64_t> tile(hamming_tile_planes(codes.n_words, codes.n_bits) * plane_words),
      allowed(plane_words), masks(view.n_queries * plane_words);
  for (int64_t c = 0; c < codes.n_codes; ++c)
    allowed[c / kWordBits] |= uint64_t{1} << (c % kWordBits);
  std::vector<uint32_t> found(view.n_queries);
  kernels.slice_tile(rows.words(0, codes.n_codes), codes.n_codes, codes.n_words, codes.n_bits,
                     tile.data());
  const int64_t n_found = kernels.scan_tile(
      {tile.data(), codes.n_words, codes.n_bits, prepared.data(), view.n_queries, allowed.data()},
      found.data(), masks.data());
  py::array_t<bool> out({view.n_queries, codes.n_codes});
  std::fill_n(out.mutable_data(), view.n_queries * codes.n_codes, false);
  for (int64_t i = 0; i < n_found; ++i) {
    for (int64_t c = 0; c < codes.n_codes; ++c)
      out.mutable_at(found[i], c) =
          (masks[i * plane_words + c / kWordBits] >> (c % kWordBits) & 1) != 0;
  }
  return out;
}

}  // namespace
}  // namespace udl::bindings

void init_hamming(pybind11::module_& m) {
  using namespace udl::bindings;
  m.def("hamming_search", &search, py::arg("codes"), py::arg("queries"), py::arg("k"),
        py::arg("n_threads"), py::arg("ids") = py::none(), py::arg("ascending") = false,
        py::arg("allowed") = py::none());
  m.def("hamming_range", &range_search, py::arg("codes"), py::arg("queries"), py::arg("largest"),
        py::arg("n_threads"), py::arg("ids") = py::none(), py::arg("ascending") = false,
        py::arg("allowed") = py::none());
  m.def("hamming_distances", &distances, py::arg("codes"), py::arg("queries"),
        py::arg("n_threads"));
  m.def("hamming_histogram", &histogram, py::arg("codes"), py::arg("queries"), py::arg("n_threads"),
        py::arg("allowed") = py::none());
  m.def("hamming_pairs", &pairs, py::arg("codes"), py::arg("largest"), py::arg("n_threads"),
        py::arg("ids") = py::none(), py::arg("ascending") = false);
  py::class_<udl::HammingTables>(m, "HammingTables")
      .def(py::init(&make_tables), py::arg("codes"), py::arg("n_tables"), py::arg("n_threads"))
      .def_property_readonly("n_tables", &udl::HammingTables::count)
      .def_property_readonly("n_codes", &udl::HammingTables::n_codes)
      .def_property_readonly("nbytes", &udl::HammingTables::n_bytes)
      .def("positions", &bucket_positions, py::arg("table"), py::arg("code"), py::arg("radius"));
  m.def("hamming_hash_search", &hash_search, py::arg("tables"), py::arg("codes"),
        py::arg("queries"), py::arg("k"), py::arg("n_threads"), py::arg("ids") = py::none(),
        py::arg("allowed") = py::none(), py::arg("always") = false);
  m.def("hamming_hash_range", &hash_range, py::arg("tables"), py::arg("codes"), py::arg("queries"),
        py::arg("largest"), py::arg("n_threads"), py::arg("ids") = py::none(),
        py::arg("ascending") = false, py::arg("allowed") = py::none(), py::arg("always") = false);
  m.def("hamming_hash_pairs", &hash_pairs, py::arg("tables"), py::arg("codes"), py::arg("largest"),
        py::arg("n_threads"), py::arg("ids") = py::none(), py::arg("ascending") = false,
        py::arg("always") = false);
  m.def("hamming_scan_seconds", &udl::hamming_scan_seconds, py::arg("n_codes"), py::arg("n_words"),
        py::arg("n_queries"), py::arg("n_threads"));
  m.def("hamming_hash_seconds", &udl::hamming_hash_seconds, py::arg("n_codes"), py::arg("n_bits"),
        py::arg("n_tables"), py::arg("radius"));
  m.def("hamming_default_tables", &udl::HammingTables::default_count, py::arg("n_codes"),
        py::arg("n_bits"));
  m.def("hamming_tile_codes", [] { return udl::hamming_kernels().tile_codes; });
  m.def("hamming_scan_rows", &scan_rows, py::arg("codes"), py::arg("query"), py::arg("threshold"),
        py::arg("allowed") = py::none());
  m.def("hamming_scan_tile", &scan_tile, py::arg("codes"), py::arg("queries"), py::arg("limits"));
}
