// Single kernels of RBMs: one at a time for tests, where the engine picks whichever costs less, and
// n times for benchmarks, which time them in Python.
#include <algorithm>

#include "base/fixed.h"
#include "bindings/numpy/arrays.h"
#include "bindings/numpy/interrupt.h"
#include "bindings/numpy/rows.h"
#include "kernels/ceilings.h"
#include "runtime/bench/rates.h"
#include "runtime/data/rows.h"
#include "runtime/dispatch/target.h"
#include "runtime/rbm/model/state.h"
#include "runtime/rbm/steps/products/bit_product.h"
#include "runtime/rbm/steps/products/integer_panels.h"

namespace udl::bindings {
namespace {

/// Copies tiles of 16 columns into a matrix with n_units columns.
template <class T>
void copy_tile(const Buffer<T>& sums, int64_t rows, int64_t tile, int64_t n_units, T* out) {
  const int64_t first = tile * kTileUnits, count = std::min<int64_t>(kTileUnits, n_units - first);
  for (int64_t r = 0; r < rows; ++r)
    std::copy_n(sums.data() + r * kTileUnits, count, out + r * n_units + first);
}

py::array_t<int32_t> active_sums(const CArray<float>& weights, const Rows& states, bool to_hidden,
                                 bool by_lists, bool narrow, bool kept) {
  if (weights.ndim() != 2)
    throw_invalid("active_sums: weights has shape " + shape_text(weights) +
                  ", expected (n_hidden, n_visible)");
  const int64_t n_hidden = weights.shape(0), n_visible = weights.shape(1);
  const int64_t n_inputs = to_hidden ? n_visible : n_hidden,
                n_units = to_hidden ? n_hidden : n_visible;
  if (!states.is_bits() || states.columns() != n_inputs)
    throw_invalid("active_sums: states must be binary with " + std::to_string(n_inputs) +
                  " columns, got " + std::to_string(states.columns()));
  RbmState state(n_visible, n_hidden, {}, narrow);
  const Buffer<float> biases(n_visible + n_hidden);  // zeros
  state.assign(
      ParameterArrays<const float*>{weights.data(), biases.data(), biases.data(), nullptr});
  const WeightPanelsView view = state.panels_at(state.scale_exponent);
  const IntegerPanels integers(state, to_hidden ? Direction::to_hidden : Direction::to_visible, 1);
  const BitMatrix bits = states.bit_matrix();
  Buffer<int32_t> tables(kTableScratch), sums(round_up(states.rows(), 4) * kTileUnits);
  BitProduct product(tables.data());
  if (by_lists)
    product.prepare_lists(bits.view());
  else
    product.prepare_tables(bits.view());
  py::array_t<int32_t> out({states.rows(), n_units});
  for (int64_t tile = 0; tile < divide_up(n_units, kTileUnits); ++tile) {
    if (kept && integers.are_kept())
      product.integer_sums(integers.panel(tile), sums.data());
    else if (to_hidden)
      product.hidden_sums(view, tile, sums.data());
    else
      product.visible_sums(view, tile, sums.data());
    copy_tile(sums, states.rows(), tile, n_units, out.mutable_data());
  }
  return out;
}

/// Values of a tile of units, zero for those that are missing.
void copy_units(const float* from, int64_t tile, int64_t n_units, float* to) {
  const int64_t first = tile * kTileUnits, count = std::min<int64_t>(kTileUnits, n_units - first);
  std::fill_n(to, kTileUnits, 0.0f);
  std::copy_n(from + first, count, to);
}

/// (means, samples) of Gaussian units with these inputs, chain r being row r.
py::tuple activate_gaussian(const CArray<float>& inputs, const CArray<float>& deviation,
                            const CArray<float>& factors, uint64_t seed, const std::string& stream,
                            uint32_t layer, int64_t step) {
  if (inputs.ndim() != 2)
    throw_invalid("activate_gaussian: inputs has shape " + shape_text(inputs) +
                  ", expected (rows, units)");
  const int64_t rows = inputs.shape(0), n_units = inputs.shape(1), padded = round_up(rows, 4);
  check_shape(deviation, {n_units}, "activate_gaussian", "deviation");
  check_shape(factors, {n_units}, "activate_gaussian", "factors");
  check_step(step, "activate_gaussian");
  const UnitKernels& kernels = rbm_kernels().unit(UnitKind::gaussian);
  py::array_t<float> means({rows, n_units}), samples({rows, n_units});
  Buffer<float> sums(padded * kTileUnits), tile_means(padded * kTileUnits),
      tile_samples(padded * kTileUnits);
  for (int64_t tile = 0; tile < divide_up(n_units, kTileUnits); ++tile) {
    const float bias[kTileUnits] = {};
    float deviations[kTileUnits], of_tile[kTileUnits];
    copy_units(deviation.data(), tile, n_units, deviations);
    copy_units(factors.data(), tile, n_units, of_tile);
    for (int64_t r = 0; r < rows; ++r)
      copy_units(inputs.data(r, 0), tile, n_units, sums.data() + r * kTileUnits);
    UnitOutput output{};
    output.means = tile_means.data();
    output.samples = tile_samples.data();
    output.sample_stride = kTileUnits;
    output.factors = of_tile;
    output.draw_key =
        make_draw_key(seed, stream_from_name(stream), layer, static_cast<uint64_t>(step));
    output.tile = tile;
    kernels.activate({nullptr, sums.data(), 1.0f, bias, rows, deviations}, output);
    copy_tile(tile_means, rows, tile, n_units, means.mutable_data());
    copy_tile(tile_samples, rows, tile, n_units, samples.mutable_data());
  }
  return py::make_tuple(means, samples);
}

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

void define_rates(py::module_& m) {
  py::class_<KernelRates> c(m, "KernelRates");
  c.def(py::init(&make_rates), py::arg("visible"), py::arg("hidden"), py::arg("weights"),
        py::arg("narrow") = false);
  c.def(
      "run",
      [](KernelRates& rates, const std::string& kernel, int64_t n, int n_threads) {
        check_positive(n, "KernelRates.run", "n");
        check_threads(n_threads, "KernelRates.run");
        const TimedKernel timed = kernel_from_name(kernel);
        run_interruptible(n_threads, [&](const Run& run) { rates.run(timed, n, run); });
      },
      py::arg("kernel"), py::arg("n"), py::arg("n_threads"));
  c.def(
      "total",
      [](KernelRates& rates, const std::string& kernel) {
        return rates.total(kernel_from_name(kernel));
      },
      py::arg("kernel"));
}

}  // namespace
}  // namespace udl::bindings

void init_kernels(pybind11::module_& m) {
  using namespace udl::bindings;
  m.def("active_sums", &active_sums, py::arg("weights"), py::arg("states"), py::arg("to_hidden"),
        py::arg("by_lists"), py::arg("narrow") = false, py::arg("kept") = false);
  m.def("activate_gaussian", &activate_gaussian, py::arg("inputs"), py::arg("deviation"),
        py::arg("factors"), py::arg("seed"), py::arg("stream"), py::arg("layer"), py::arg("step"));
  m.attr("CEILING_BLOCK") = udl::kCeilingBlock;
  define_ceiling(m, "run_multiply_adds", &udl::run_multiply_adds);
  define_ceiling(m, "run_entry_additions", &udl::run_entry_additions);
  define_rates(m);
}
