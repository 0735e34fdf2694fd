// Codes in the memory of a device, and searches among them.
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "bindings/cuda/device_argument.h"
#include "bindings/hamming/hamming_call.h"
#include "runtime/cuda/hamming/searcher.h"

namespace udl::bindings {
namespace {

using cuda::HammingAsked;
using cuda::HammingWay;

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
    codes_->append(rows.data(), rows.shape(0));
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
        [&](const Run& run) { searcher_->nearest(asked, k, chosen, run, d, i); });
    return py::make_tuple(distances, found);
  }

  py::tuple range(const Packed& queries, int32_t largest, int64_t n_codes, const Bitmap& allowed) {
    const HammingAsked asked = asked_of(queries, n_codes, allowed, "HammingCodes.range");
    HammingRange found;
    run("HammingCodes.range", [&](const Run& run) {
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
    const HammingAsked asked = asked_of(queries, n_codes, allowed, "HammingCodes.histogram");
    py::array_t<int64_t> counts({asked.n_queries, int64_t{n_bits()} + 1});
    int64_t* data = counts.mutable_data();
    run("HammingCodes.histogram", [&](const Run& run) { searcher_->histogram(asked, run, data); });
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
    return {queries.data(), queries.shape(0), n_codes, allowed ? allowed->data() : nullptr};
  }

  std::unique_ptr<cuda::Driver> driver_;
  std::unique_ptr<cuda::HammingCodeStore> codes_;
  std::unique_ptr<cuda::HammingSearcher> searcher_;
  std::atomic<bool> in_use_{false};
};

}  // namespace
}  // namespace udl::bindings

void init_cuda_hamming(pybind11::module_& m) {
  using namespace udl::bindings;
  py::class_<DeviceCodes>(m, "HammingCodes")
      .def(py::init<int32_t, int, py::object, int64_t>(), py::arg("n_bits"), py::arg("device") = 0,
           py::arg("driver") = py::none(),
           py::arg("work_bytes") = udl::cuda::HammingSearcher::kWorkBytes)
      .def_property_readonly("n_bits", &DeviceCodes::n_bits)
      .def_property_readonly("n_codes", &DeviceCodes::n_codes)
      .def_property_readonly("nbytes", &DeviceCodes::n_bytes)
      .def("reserve", &DeviceCodes::reserve, py::arg("n_codes"))
      .def("append", &DeviceCodes::append, py::arg("rows"))
      .def("search", &DeviceCodes::search, py::arg("queries"), py::arg("k"), py::arg("n_codes"),
           py::arg("allowed") = py::none(), py::arg("way") = "automatic")
      .def("range", &DeviceCodes::range, py::arg("queries"), py::arg("largest"), py::arg("n_codes"),
           py::arg("allowed") = py::none())
      .def("pairs", &DeviceCodes::pairs, py::arg("largest"), py::arg("n_codes"),
           py::arg("watch") = py::none())
      .def("histogram", &DeviceCodes::histogram, py::arg("queries"), py::arg("n_codes"),
           py::arg("allowed") = py::none());
}
