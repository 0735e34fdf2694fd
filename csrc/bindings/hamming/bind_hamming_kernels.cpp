// Single kernels of Hamming search, for tests.
#include <algorithm>

#include "bindings/hamming/hamming_call.h"
#include "runtime/dispatch/target.h"
#include "runtime/hamming/tile_queries.h"

namespace udl::bindings {
namespace {

/// One call of the row kernel on at most kHammingMaxTile codes, for tests: (positions, distances).
py::tuple scan_rows(const Packed& packed, const Packed& query, int32_t threshold,
                    const Bitmap& allowed) {
  const HammingCodes codes = codes_view("hamming_scan_rows", packed, std::nullopt, false, allowed);
  const QueryWords query_words("hamming_scan_rows", query, codes, "query");
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
  const HammingCodes codes = codes_view("hamming_scan_tile", packed);
  const QueryWords query_words("hamming_scan_tile", queries, codes);
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

void init_hamming_kernels(pybind11::module_& m) {
  using namespace udl::bindings;
  m.def("hamming_tile_codes", [] { return udl::hamming_kernels().tile_codes; });
  m.def("hamming_scan_rows", &scan_rows, py::arg("codes"), py::arg("query"), py::arg("threshold"),
        py::arg("allowed") = py::none());
  m.def("hamming_scan_tile", &scan_tile, py::arg("codes"), py::arg("queries"), py::arg("limits"));
}
