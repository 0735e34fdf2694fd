// Codes in the memory of a device, and searches among them.
#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bindings/cuda/device_argument.h"
#include "bindings/cuda/given_codes.h"
#include "bindings/hamming/hamming_call.h"
#include "runtime/cuda/arrays/device_array.h"
#include "runtime/cuda/hamming/searcher.h"

namespace udl::bindings {
namespace {

using cuda::DeviceArray;
using cuda::HammingAsked;
using cuda::HammingWay;
using cuda::plain::Element;

HammingWay way_from_name(const std::string& name) {
  if (name == "automatic") return HammingWay::automatic;
  if (name == "listing") return HammingWay::listing;
  if (name == "counting") return HammingWay::counting;
  throw_invalid("HammingCodes.search: way must be 'automatic', 'listing' or 'counting', got '" +
                name + "'");
}

class DeviceCodes {
 public:
  DeviceCodes(int32_t n_bits, int device, py::object driver, int64_t work_bytes) {
    constexpr int32_t kMostBits = 65528;
    if (n_bits < 8 || n_bits > kMostBits || n_bits % 8 != 0)
      throw_invalid("HammingCodes: n_bits must be a multiple of 8 from 8 to 65528, got " +
                    std::to_string(n_bits));
    check_positive(work_bytes, "HammingCodes", "work_bytes");
    driver_ = driver_of(device, std::move(driver));
    codes_ = std::make_unique<cuda::HammingCodeStore>(*driver_, n_bits);
    searcher_ = std::make_unique<cuda::HammingSearcher>(*driver_, *codes_, work_bytes);
  }

  int32_t n_bits() const { return codes_->n_bits(); }
  int64_t n_codes() const { return codes_->n_codes(); }
  int64_t n_bytes() const { return codes_->device_bytes() + searcher_->device_bytes(); }

  void reserve(int64_t n_codes) {
    const Turn turn(*this, "HammingCodes.reserve");
    const ReleasedGil release;
    codes_->reserve(n_codes);
  }

  void append(const Packed& rows) {
    check_rows(rows, "HammingCodes.append", "rows");
    const Turn turn(*this, "HammingCodes.append");
    const ReleasedGil release;
    codes_->append({rows.data()}, rows.shape(0));
  }

  /// Complete when it returns.
  void append_given(const GivenCodes& rows) {
    check_given(rows, "HammingCodes.append", "rows");
    const Turn turn(*this, "HammingCodes.append");
    const ReleasedGil release;
    wait_for(rows);
    codes_->append(rows.rows, rows.shape.first);
    driver_->synchronise();
  }

  py::tuple search(const Packed& queries, int64_t k, int64_t n_codes, const Bitmap& allowed,
                   const std::string& way) {
    const HammingAsked asked = asked_of(queries, n_codes, allowed, "HammingCodes.search");
    check_positive(k, "HammingCodes.search", "k");
    py::array_t<int32_t> distances({asked.n_queries, k});
    py::array_t<int64_t> found({asked.n_queries, k});
    int32_t* d = distances.mutable_data();
    int64_t* i = found.mutable_data();
    const HammingWay chosen = way_from_name(way);
    run("HammingCodes.search",
        [&](const Run& run) { searcher_->nearest(asked, k, chosen, run, {d, i}); });
    return py::make_tuple(distances, found);
  }

  /// The same of queries on the device, where the answer stays, with ids in place of positions.
  std::pair<DeviceArray, DeviceArray> search_given(const GivenCodes& queries, int64_t k,
                                                   int64_t n_codes, const Bitmap& allowed,
                                                   const std::string& way, const Ids& ids) {
    const HammingAsked asked = asked_of_given(queries, n_codes, allowed, "HammingCodes.search");
    check_positive(k, "HammingCodes.search", "k");
    const HammingWay chosen = way_from_name(way);
    if (ids && (ids->ndim() != 1 || ids->shape(0) < n_codes))
      throw_invalid("HammingCodes.search: ids has shape " + shape_text(*ids) +
                    ", expected one for each of " + std::to_string(n_codes) + " codes");
    const int64_t n = asked.n_queries * k;
    cuda::DeviceBuffer<int32_t> distances(*driver_, n);
    cuda::DeviceBuffer<int64_t> found(*driver_, n), ids_there(*driver_, ids ? n_codes : 0);
    const int64_t* ids_here = ids ? ids->data() : nullptr;
    run("HammingCodes.search", [&](const Run& run) {
      wait_for(queries);
      if (ids_here != nullptr) ids_there.copy_from(ids_here);
      searcher_->nearest(asked, k, chosen, run,
                         {distances.data(), found.data(), true, ids_there.data()});
      driver_->synchronise();
    });
    const std::vector<int64_t> shape = {asked.n_queries, k};
    return {{driver_, Element::int32, shape, std::move(distances)},
            {driver_, Element::int64, shape, std::move(found)}};
  }

  py::tuple range(const Packed& queries, int32_t largest, int64_t n_codes, const Bitmap& allowed) {
    return range_of(asked_of(queries, n_codes, allowed, "HammingCodes.range"), largest, nullptr);
  }
  py::tuple range_given(const GivenCodes& queries, int32_t largest, int64_t n_codes,
                        const Bitmap& allowed) {
    return range_of(asked_of_given(queries, n_codes, allowed, "HammingCodes.range"), largest,
                    &queries);
  }

  py::tuple range_of(const HammingAsked& asked, int32_t largest, const GivenCodes* given) {
    HammingRange found;
    run("HammingCodes.range", [&](const Run& run) {
      if (given != nullptr) wait_for(*given);
      found = searcher_->within(asked, std::min(largest, n_bits()), run);
    });
    return range_tuple(std::move(found));
  }

  py::tuple pairs(int32_t largest, int64_t n_codes, py::object watch) {
    check_count(n_codes, "HammingCodes.pairs");
    HammingPairs found;
    Progress progress;
    const Turn turn(*this, "HammingCodes.pairs");
    run_watched(
        1, std::move(watch), [&] { return progress.load(); },
        [&](const Run& run) {
          found = searcher_->pairs(n_codes, std::min(largest, n_bits()), run, progress);
        });
    return pairs_tuple(std::move(found));
  }

  py::array_t<int64_t> histogram(const Packed& queries, int64_t n_codes, const Bitmap& allowed) {
    return histogram_of(asked_of(queries, n_codes, allowed, "HammingCodes.histogram"), nullptr);
  }
  py::array_t<int64_t> histogram_given(const GivenCodes& queries, int64_t n_codes,
                                       const Bitmap& allowed) {
    return histogram_of(asked_of_given(queries, n_codes, allowed, "HammingCodes.histogram"),
                        &queries);
  }

  py::array_t<int64_t> histogram_of(const HammingAsked& asked, const GivenCodes* given) {
    py::array_t<int64_t> counts({asked.n_queries, int64_t{n_bits()} + 1});
    int64_t* data = counts.mutable_data();
    run("HammingCodes.histogram", [&](const Run& run) {
      if (given != nullptr) wait_for(*given);
      searcher_->histogram(asked, run, data);
    });
    return counts;
  }

 private:
  /// One call at a time: what it works on is kept for the next.
  class Turn {
   public:
    Turn(DeviceCodes& codes, const char* function) : codes_(codes) {
      if (codes_.in_use_.exchange(true))
        throw std::runtime_error(std::string(function) +
                                 ": another call is at work on these codes");
    }
    ~Turn() { codes_.in_use_ = false; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    DeviceCodes& codes_;
  };

  template <class Body>
  void run(const char* function, Body&& body) {
    const Turn turn(*this, function);
    run_interruptible(1, body);
  }

  void check_rows(const Packed& rows, const char* function, const char* argument) const {
    check_shape(rows, {rows.ndim() > 0 ? rows.shape(0) : 0, codes_->n_bytes()}, function, argument);
  }

  void check_count(int64_t n_codes, const char* function) const {
    if (n_codes < 0 || n_codes > codes_->n_codes())
      throw_invalid(std::string(function) + ": n_codes must be between 0 and " +
                    std::to_string(codes_->n_codes()) + ", got " + std::to_string(n_codes));
  }

  HammingAsked asked_of(const Packed& queries, int64_t n_codes, const Bitmap& allowed,
                        const char* function) const {
    check_rows(queries, function, "queries");
    check_count(n_codes, function);
    if (allowed) check_shape(*allowed, {divide_up(n_codes, kHammingBlock)}, function, "allowed");
    return {{queries.data()}, queries.shape(0), n_codes, allowed ? allowed->data() : nullptr};
  }

  HammingAsked asked_of_given(const GivenCodes& queries, int64_t n_codes, const Bitmap& allowed,
                              const char* function) const {
    check_given(queries, function, "queries");
    check_count(n_codes, function);
    if (allowed) check_shape(*allowed, {divide_up(n_codes, kHammingBlock)}, function, "allowed");
    return {queries.rows, queries.shape.first, n_codes, allowed ? allowed->data() : nullptr};
  }

  void check_given(const GivenCodes& rows, const char* function, const char* argument) const {
    if (rows.shape.second != codes_->n_bytes())
      throw_invalid(std::string(function) + ": " + argument + " has rows of " +
                    std::to_string(rows.shape.second) + " bytes, expected " +
                    std::to_string(codes_->n_bytes()));
  }

  void wait_for(const GivenCodes& rows) {
    if (rows.stream) driver_->wait_for(*rows.stream);
  }

  std::shared_ptr<cuda::Driver> driver_;
  std::unique_ptr<cuda::HammingCodeStore> codes_;
  std::unique_ptr<cuda::HammingSearcher> searcher_;
  std::atomic<bool> in_use_{false};
};

}  // namespace
}  // namespace udl::bindings

void init_cuda_hamming(pybind11::module_& m) {
  using namespace udl::bindings;
  py::class_<GivenCodes>(m, "GivenCodes")
      .def(py::init<uintptr_t, std::pair<int64_t, int64_t>, std::pair<int64_t, int64_t>, py::object,
                    std::optional<uintptr_t>>(),
           py::arg("address"), py::arg("shape"), py::arg("strides"), py::arg("owner"),
           py::arg("stream"));
  py::class_<DeviceCodes>(m, "HammingCodes")
      .def(py::init<int32_t, int, py::object, int64_t>(), py::arg("n_bits"), py::arg("device") = 0,
           py::arg("driver") = py::none(),
           py::arg("work_bytes") = udl::cuda::HammingSearcher::kWorkBytes)
      .def_property_readonly("n_bits", &DeviceCodes::n_bits)
      .def_property_readonly("n_codes", &DeviceCodes::n_codes)
      .def_property_readonly("nbytes", &DeviceCodes::n_bytes)
      .def("reserve", &DeviceCodes::reserve, py::arg("n_codes"))
      .def("append", &DeviceCodes::append, py::arg("rows"))
      .def("append_given", &DeviceCodes::append_given, py::arg("rows"))
      .def("search", &DeviceCodes::search, py::arg("queries"), py::arg("k"), py::arg("n_codes"),
           py::arg("allowed") = py::none(), py::arg("way") = "automatic")
      .def("search_given", &DeviceCodes::search_given, py::arg("queries"), py::arg("k"),
           py::arg("n_codes"), py::arg("allowed") = py::none(), py::arg("way") = "automatic",
           py::arg("ids") = py::none())
      .def("range_given", &DeviceCodes::range_given, py::arg("queries"), py::arg("largest"),
           py::arg("n_codes"), py::arg("allowed") = py::none())
      .def("histogram_given", &DeviceCodes::histogram_given, py::arg("queries"), py::arg("n_codes"),
           py::arg("allowed") = py::none())
      .def("range", &DeviceCodes::range, py::arg("queries"), py::arg("largest"), py::arg("n_codes"),
           py::arg("allowed") = py::none())
      .def("pairs", &DeviceCodes::pairs, py::arg("largest"), py::arg("n_codes"),
           py::arg("watch") = py::none())
      .def("histogram", &DeviceCodes::histogram, py::arg("queries"), py::arg("n_codes"),
           py::arg("allowed") = py::none());
}
