// Tables of buckets, and searches through them.
#include <memory>

#include "bindings/hamming/hamming_call.h"
#include "runtime/dispatch/target.h"
#include "runtime/hamming/hash/prices.h"
#include "runtime/hamming/hash/search.h"

namespace udl::bindings {
namespace {

std::unique_ptr<HammingTables> make_tables(const Packed& packed, int32_t n_tables, int n_threads) {
  const HammingCodes codes = codes_view("HammingTables", packed);
  check_threads(n_threads, "HammingTables");
  if (codes.n_codes >= int64_t{1} << 30)
    throw_invalid("HammingTables: codes must number less than 2^30, got " +
                  std::to_string(codes.n_codes));
  std::unique_ptr<HammingTables> tables;
  run_interruptible(n_threads,
                    [&](const Run& run) { tables = make_priced_tables(codes, n_tables, run); });
  return tables;
}

void check_tables(const HammingTables& tables, const HammingCodes& codes, const char* function) {
  if (tables.n_bits() != codes.n_bits || tables.n_codes() > codes.n_codes)
    throw_invalid(std::string(function) + ": tables are of " + std::to_string(tables.n_codes()) +
                  " codes of " + std::to_string(tables.n_bits()) + " bits, codes are " +
                  std::to_string(codes.n_codes) + " of " + std::to_string(codes.n_bits));
}

HashPolicy hash_policy(bool always) { return always ? HashPolicy::always : HashPolicy::cheaper; }

py::tuple hash_search(const HammingTables& tables, const Packed& codes, const Packed& queries,
                      int64_t k, int n_threads, const Ids& ids, const Bitmap& allowed,
                      bool always) {
  const SearchCall call("hamming_hash_search", codes, queries, n_threads, ids, false, allowed);
  check_tables(tables, call.codes, "hamming_hash_search");
  check_positive(k, "hamming_hash_search", "k");
  auto distances = call.rows_of<int32_t>(k);
  auto found = call.rows_of<int64_t>(k);
  int32_t* d = distances.mutable_data();
  int64_t* i = found.mutable_data();
  HashReport report;
  call.run([&](const Run& run) {
    report =
        hamming_hash_search(tables, call.codes, call.queries(), k, hash_policy(always), run, d, i);
  });
  return py::make_tuple(distances, found, report.n_hashed);
}

py::tuple hash_range(const HammingTables& tables, const Packed& codes, const Packed& queries,
                     int32_t largest, int n_threads, const Ids& ids, bool ascending,
                     const Bitmap& allowed, bool always) {
  const SearchCall call("hamming_hash_range", codes, queries, n_threads, ids, ascending, allowed);
  check_tables(tables, call.codes, "hamming_hash_range");
  HammingRange range;
  HashReport report;
  const int32_t radius = at_most_all(largest, call.codes);
  call.run([&](const Run& run) {
    range = hamming_hash_range(tables, call.codes, call.queries(), radius, hash_policy(always), run,
                               report);
  });
  return range_tuple(std::move(range), report.n_hashed);
}

py::tuple hash_pairs(const HammingTables& tables, const Packed& packed, int32_t largest,
                     int n_threads, const Ids& ids, bool ascending, bool always, py::object watch) {
  const HammingCodes codes = codes_view("hamming_hash_pairs", packed, ids, ascending);
  check_tables(tables, codes, "hamming_hash_pairs");
  check_threads(n_threads, "hamming_hash_pairs");
  HammingPairs found;
  HashReport report;
  const int32_t radius = at_most_all(largest, codes);
  Progress progress;
  run_watched(
      n_threads, std::move(watch), [&] { return progress.load(); },
      [&](const Run& run) {
        found =
            hamming_hash_pairs(tables, codes, radius, hash_policy(always), run, report, progress);
      });
  return pairs_tuple(std::move(found), report.n_hashed);
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

/// Measured at the first call.
HammingPrices machine_prices() {
  HammingPrices prices;
  run_interruptible(1, [&](const Run&) { prices = hamming_prices(); });
  return prices;
}

py::dict prices_dict(const HammingPrices& prices) {
  py::dict all;
  all["row_word"] = prices.row_word;
  all["tile_word"] = prices.tile_word;
  all["query"] = prices.query;
  all["line"] = prices.line;
  all["code"] = prices.code;
  return all;
}

void set_prices(HammingTables& tables, double row_word, double tile_word, double query, double line,
                double code) {
  HammingPrices prices;
  prices.row_word = row_word;
  prices.tile_word = tile_word;
  prices.query = query;
  prices.line = line;
  prices.code = code;
  tables.set_prices(prices);
}

py::dict tally_dict(const HammingTables& tables) {
  const HashTally& tally = tables.tally();
  py::dict all;
  all["n_asked"] = tally.n_asked.load();
  all["n_answered"] = tally.n_answered.load();
  all["largest_loss"] = tally.largest_loss.load();
  return all;
}

}  // namespace
}  // namespace udl::bindings

void init_hamming_tables(pybind11::module_& m) {
  using namespace udl::bindings;
  py::class_<udl::HammingTables>(m, "HammingTables")
      .def(py::init(&make_tables), py::arg("codes"), py::arg("n_tables"), py::arg("n_threads"))
      .def_property_readonly("n_tables", &udl::HammingTables::count)
      .def_property_readonly("n_codes", &udl::HammingTables::n_codes)
      .def_property_readonly("nbytes", &udl::HammingTables::n_bytes)
      .def_property_readonly("prices",
                             [](const udl::HammingTables& t) { return prices_dict(t.prices()); })
      .def("set_prices", &set_prices, py::kw_only(), py::arg("row_word"), py::arg("tile_word"),
           py::arg("query"), py::arg("line"), py::arg("code"))
      .def_property_readonly("tally", &tally_dict)
      .def("positions", &bucket_positions, py::arg("table"), py::arg("code"), py::arg("radius"));
  m.def("hamming_hash_search", &hash_search, py::arg("tables"), py::arg("codes"),
        py::arg("queries"), py::arg("k"), py::arg("n_threads"), py::arg("ids") = py::none(),
        py::arg("allowed") = py::none(), py::arg("always") = false);
  m.def("hamming_hash_range", &hash_range, py::arg("tables"), py::arg("codes"), py::arg("queries"),
        py::arg("largest"), py::arg("n_threads"), py::arg("ids") = py::none(),
        py::arg("ascending") = false, py::arg("allowed") = py::none(), py::arg("always") = false);
  m.def("hamming_hash_pairs", &hash_pairs, py::arg("tables"), py::arg("codes"), py::arg("largest"),
        py::arg("n_threads"), py::arg("ids") = py::none(), py::arg("ascending") = false,
        py::arg("always") = false, py::arg("watch") = py::none());
  m.def(
      "hamming_scan_seconds",
      [](int64_t n_codes, int64_t n_words, int64_t n_queries, int n_threads) {
        return machine_prices().scan(n_codes, n_words, n_queries, n_threads);
      },
      py::arg("n_codes"), py::arg("n_words"), py::arg("n_queries"), py::arg("n_threads"));
  m.def(
      "hamming_hash_seconds",
      [](int64_t n_codes, int32_t n_bits, int32_t n_tables, int32_t radius) {
        return machine_prices().tables(n_codes, n_bits, n_tables, radius);
      },
      py::arg("n_codes"), py::arg("n_bits"), py::arg("n_tables"), py::arg("radius"));
  m.def(
      "hamming_build_seconds",
      [](int64_t n_codes, int32_t n_tables) {
        return machine_prices().build * static_cast<double>(n_codes) * n_tables;
      },
      py::arg("n_codes"), py::arg("n_tables"));
  m.def("hamming_default_tables", &udl::HammingTables::default_count, py::arg("n_codes"),
        py::arg("n_bits"));
}
