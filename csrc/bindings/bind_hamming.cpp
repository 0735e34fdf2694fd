// Hamming search: arrays of words are checked here, then the GIL is released and the runtime takes over.
#include <pybind11/stl.h>

#include <optional>

#include "bindings/arrays.h"
#include "kernels/hamming.h"
#include "runtime/hamming.h"
#include "runtime/target.h"

namespace udl::bindings {
namespace {

// Converted only where the dtype differs; memory maps and other C-ordered uint64 arrays are used in place.
using Words = CArray<uint64_t>;
using Ids = std::optional<CArray<int64_t>>;
using Bitmap = std::optional<CArray<uint64_t>>;

constexpr int32_t kMaxBits = 65536;

HammingCodes codes_view(const Words& words, int32_t n_bits, const Ids& ids, const Bitmap& allowed, const char* function) {
  if (n_bits < 1 || n_bits > kMaxBits)
    throw_invalid(std::string(function) + ": n_bits must be between 1 and " + std::to_string(kMaxBits) + ", got " + std::to_string(n_bits));
  if (words.ndim() != 2) throw_invalid(std::string(function) + ": codes must have 2 dimensions, got shape " + shape_text(words));
  const int64_t n_codes = words.shape(0), n_words = divide_up(n_bits, kWordBits);
  check_shape(words, {n_codes, n_words}, function, "codes");
  if (ids) check_shape(*ids, {n_codes}, function, "ids");
  if (allowed) check_shape(*allowed, {divide_up(n_codes, kHammingBlock)}, function, "allowed");
  return {words.data(), n_codes, n_words, n_bits, ids ? ids->data() : nullptr, !ids, allowed ? allowed->data() : nullptr};
}

HammingQueries queries_view(const Words& queries, const HammingCodes& codes, const char* function) {
  check_shape(queries, {queries.ndim() > 0 ? queries.shape(0) : 0, codes.n_words}, function, "queries");
  return {queries.data(), queries.shape(0)};
}

py::tuple search(const Words& words, int32_t n_bits, const Words& queries, int64_t k, int n_threads, const Ids& ids, bool ascending, const Bitmap& allowed) {
  HammingCodes codes = codes_view(words, n_bits, ids, allowed, "hamming_search");
  codes.ascending = codes.ascending || ascending;
  const HammingQueries view = queries_view(queries, codes, "hamming_search");
  check_positive(k, "hamming_search", "k");
  check_threads(n_threads, "hamming_search");
  py::array_t<int32_t> distances({view.n_queries, k});
  py::array_t<int64_t> found({view.n_queries, k});
  int32_t* d = distances.mutable_data();
  int64_t* i = found.mutable_data();
  {
    ReleasedGil release;
    hamming_search(codes, view, k, n_threads, d, i);
  }
  return py::make_tuple(distances, found);
}

template <class T>
py::array_t<T> copied(const std::vector<T>& values) {
  return py::array_t<T>(static_cast<py::ssize_t>(values.size()), values.data());
}

py::tuple range_search(const Words& words, int32_t n_bits, const Words& queries, int32_t largest, int n_threads, const Ids& ids, bool ascending, const Bitmap& allowed) {
  HammingCodes codes = codes_view(words, n_bits, ids, allowed, "hamming_range");
  codes.ascending = codes.ascending || ascending;
  const HammingQueries view = queries_view(queries, codes, "hamming_range");
  check_threads(n_threads, "hamming_range");
  HammingRange range;
  {
    ReleasedGil release;
    range = hamming_range(codes, view, largest, n_threads);
  }
  return py::make_tuple(copied(range.limits), copied(range.distances), copied(range.ids));
}

py::array_t<int32_t> distances(const Words& words, int32_t n_bits, const Words& queries, int n_threads) {
  const HammingCodes codes = codes_view(words, n_bits, std::nullopt, std::nullopt, "hamming_distances");
  const HammingQueries view = queries_view(queries, codes, "hamming_distances");
  check_threads(n_threads, "hamming_distances");
  py::array_t<int32_t> out({view.n_queries, codes.n_codes});
  int32_t* data = out.mutable_data();
  ReleasedGil release;
  hamming_distances(codes, view, n_threads, data);
  return out;
}

/// One call of a scan kernel on at most kHammingMaxTile codes, for tests: (positions, distances).
py::tuple scan(const Words& words, int32_t n_bits, const Words& query, int32_t threshold, bool packed, const Bitmap& allowed) {
  const HammingCodes codes = codes_view(words, n_bits, std::nullopt, allowed, "hamming_scan");
  check_shape(query, {1, codes.n_words}, "hamming_scan", "query");
  if (codes.n_codes > kHammingMaxTile) throw_invalid("hamming_scan: codes must be at most " + std::to_string(kHammingMaxTile) + ", got " + std::to_string(codes.n_codes));
  const HammingKernels& kernels = hamming_kernels();
  std::vector<uint64_t> tile(round_up(codes.n_codes, kHammingBlock) * codes.n_words, ~uint64_t{0});
  if (packed) kernels.pack_tile(codes.words, codes.n_codes, codes.n_words, tile.data());
  const HammingScan scan = {query.data(), packed ? tile.data() : codes.words, codes.n_codes, codes.n_words, threshold, codes.allowed};
  HammingHits hits;
  const int64_t n = packed ? kernels.scan_tile(scan, hits) : kernels.scan_rows(scan, hits);
  return py::make_tuple(py::array_t<uint16_t>(n, hits.positions), py::array_t<int32_t>(n, hits.distances));
}

}  // namespace
}  // namespace udl::bindings

void init_hamming(pybind11::module_& m) {
  using namespace udl::bindings;
  m.def("hamming_search", &search, py::arg("codes"), py::arg("n_bits"), py::arg("queries"), py::arg("k"), py::arg("n_threads"),
        py::arg("ids") = py::none(), py::arg("ascending") = false, py::arg("allowed") = py::none());
  m.def("hamming_range", &range_search, py::arg("codes"), py::arg("n_bits"), py::arg("queries"), py::arg("largest"), py::arg("n_threads"),
        py::arg("ids") = py::none(), py::arg("ascending") = false, py::arg("allowed") = py::none());
  m.def("hamming_distances", &distances, py::arg("codes"), py::arg("n_bits"), py::arg("queries"), py::arg("n_threads"));
  m.def("hamming_scan", &scan, py::arg("codes"), py::arg("n_bits"), py::arg("query"), py::arg("threshold"), py::arg("packed"),
        py::arg("allowed") = py::none());
}
