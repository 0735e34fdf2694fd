// Single kernels for benchmarks: what is timed by Python runs here.
#include "base/fixed.h"
#include "bindings/numpy/interrupt.h"
#include "bindings/numpy/rows.h"
#include "kernels/ceilings.h"
#include "runtime/bench/rates.h"

namespace udl::bindings {
namespace {

TimedKernel kernel_from_name(const std::string& name) {
  static const std::pair<const char*, TimedKernel> kKernels[] = {
      {"hidden", TimedKernel::hidden_sums},
      {"visible", TimedKernel::visible_sums},
      {"gradient", TimedKernel::gradient_sums},
      {"pair_counts", TimedKernel::pair_counts},
      {"dense_hidden", TimedKernel::dense_hidden_sums},
      {"dense_gradient", TimedKernel::dense_gradient_sums},
      {"sample", TimedKernel::sample},
      {"sample_and_mean", TimedKernel::sample_and_mean},
  };
  std::string known;
  for (const auto& [text, kernel] : kKernels) {
    if (name == text) return kernel;
    known += (known.empty() ? "" : ", ") + std::string(text);
  }
  throw_invalid("KernelRates: kernel must be one of " + known + ", got '" + name + "'");
}

void check_bits(const Rows& rows, const char* argument) {
  if (!rows.is_bits() || rows.rows() < 1 || rows.rows() > kMaxRowsPerSum)
    throw_invalid(std::string("KernelRates: ") + argument + " must be 1 to " +
                  std::to_string(kMaxRowsPerSum) + " rows of bits, got " +
                  std::to_string(rows.rows()) + (rows.is_bits() ? " rows" : " rows of values"));
}

KernelRates make_rates(const Rows& visible, const Rows& hidden, const CArray<float>& weights,
                       bool narrow) {
  check_bits(visible, "visible");
  check_bits(hidden, "hidden");
  if (visible.rows() != hidden.rows())
    throw_invalid("KernelRates: hidden has " + std::to_string(hidden.rows()) + " rows, visible " +
                  std::to_string(visible.rows()));
  check_shape(weights, {hidden.columns(), visible.columns()}, "KernelRates", "weights");
  return {visible, hidden, weights.data(), narrow};
}

void define_ceiling(py::module_& m, const char* name, void (*work)(int64_t, const Run&)) {
  const auto checked = [name, work](int64_t n_blocks, int n_threads) {
    check_positive(n_blocks, name, "n_blocks");
    check_threads(n_threads, name);
    run_interruptible(n_threads, [&](const Run& run) { work(n_blocks, run); });
  };
  m.def(name, checked, py::arg("n_blocks"), py::arg("n_threads"));
}

}  // namespace
}  // namespace udl::bindings

void init_rates(pybind11::module_& m) {
  using namespace udl::bindings;
  using udl::KernelRates;
  m.attr("CEILING_BLOCK") = udl::kCeilingBlock;
  define_ceiling(m, "run_multiply_adds", &udl::run_multiply_adds);
  define_ceiling(m, "run_entry_additions", &udl::run_entry_additions);
  py::class_<KernelRates> c(m, "KernelRates");
  c.def(py::init(&make_rates), py::arg("visible"), py::arg("hidden"), py::arg("weights"),
        py::arg("narrow") = false);
  c.def(
      "run",
      [](KernelRates& rates, const std::string& kernel, int64_t n, int n_threads) {
        check_positive(n, "KernelRates.run", "n");
        check_threads(n_threads, "KernelRates.run");
        const udl::TimedKernel timed = kernel_from_name(kernel);
        run_interruptible(n_threads, [&](const udl::Run& run) { rates.run(timed, n, run); });
      },
      py::arg("kernel"), py::arg("n"), py::arg("n_threads"));
  c.def(
      "total",
      [](KernelRates& rates, const std::string& kernel) {
        return rates.total(kernel_from_name(kernel));
      },
      py::arg("kernel"));
}
