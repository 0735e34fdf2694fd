// Searches that scan all codes: arrays are checked here, then the GIL is released and the runtime
// takes over.
#include "bindings/hamming/hamming_call.h"

namespace udl::bindings {
namespace {

py::tuple search(const Packed& codes, const Packed& queries, int64_t k, int n_threads,
                 const Ids& ids, bool ascending, const Bitmap& allowed) {
  const SearchCall call("hamming_search", codes, queries, n_threads, ids, ascending, allowed);
  check_positive(k, "hamming_search", "k");
  auto distances = call.rows_of<int32_t>(k);
  auto found = call.rows_of<int64_t>(k);
  int32_t* d = distances.mutable_data();
  int64_t* i = found.mutable_data();
  call.run([&](const Run& run) { hamming_search(call.codes, call.queries(), k, run, d, i); });
  return py::make_tuple(distances, found);
}

py::tuple range_search(const Packed& codes, const Packed& queries, int32_t largest, int n_threads,
                       const Ids& ids, bool ascending, const Bitmap& allowed) {
  const SearchCall call("hamming_range", codes, queries, n_threads, ids, ascending, allowed);
  const int32_t radius = at_most_all(largest, call.codes);
  HammingRange range;
  call.run([&](const Run& run) { range = hamming_range(call.codes, call.queries(), radius, run); });
  return range_tuple(std::move(range));
}

py::array_t<int32_t> distances(const Packed& codes, const Packed& queries, int n_threads) {
  const SearchCall call("hamming_distances", codes, queries, n_threads);
  auto out = call.rows_of<int32_t>(call.codes.n_codes);
  int32_t* data = out.mutable_data();
  call.run([&](const Run& run) { hamming_distances(call.codes, call.queries(), run, data); });
  return out;
}

py::array_t<int64_t> histogram(const Packed& codes, const Packed& queries, int n_threads,
                               const Bitmap& allowed) {
  const SearchCall call("hamming_histogram", codes, queries, n_threads, std::nullopt, false,
                        allowed);
  auto out = call.rows_of<int64_t>(int64_t{call.codes.n_bits} + 1);
  int64_t* data = out.mutable_data();
  call.run([&](const Run& run) { hamming_histogram(call.codes, call.queries(), run, data); });
  return out;
}

py::tuple pairs(const Packed& packed, int32_t largest, int n_threads, const Ids& ids,
                bool ascending, py::object watch) {
  const HammingCodes codes = codes_view("hamming_pairs", packed, ids, ascending);
  check_threads(n_threads, "hamming_pairs");
  const int32_t radius = at_most_all(largest, codes);
  HammingPairs found;
  Progress progress;
  run_watched(
      n_threads, std::move(watch), [&] { return progress.load(); },
      [&](const Run& run) { found = hamming_pairs(codes, radius, run, progress); });
  return pairs_tuple(std::move(found));
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
        py::arg("ids") = py::none(), py::arg("ascending") = false, py::arg("watch") = py::none());
}
