// Sums of active weights by a named kernel, for tests: the engine picks whichever costs less.
#include <algorithm>

#include "bindings/numpy/arrays.h"
#include "runtime/data/rows.h"
#include "runtime/rbm/model/state.h"
#include "runtime/rbm/steps/bit_product.h"

namespace udl::bindings {
namespace {

/// Copies tiles of 16 columns into a matrix with n_units columns.
void copy_tile(const Buffer<int32_t>& sums, int64_t rows, int64_t tile, int64_t n_units,
               int32_t* out) {
  const int64_t first = tile * kTileUnits, count = std::min<int64_t>(kTileUnits, n_units - first);
  for (int64_t r = 0; r < rows; ++r)
    std::copy_n(sums.data() + r * kTileUnits, count, out + r * n_units + first);
}

py::array_t<int32_t> active_sums(const CArray<float>& weights, const Rows& states, bool to_hidden,
                                 bool by_lists, bool narrow) {
  if (weights.ndim() != 2)
    throw_invalid("active_sums: weights has shape " + shape_text(weights) +
                  ", expected (n_hidden, n_visible)");
  const int64_t n_hidden = weights.shape(0), n_visible = weights.shape(1);
  const int64_t n_inputs = to_hidden ? n_visible : n_hidden,
                n_units = to_hidden ? n_hidden : n_visible;
  if (!states.is_bits() || states.columns() != n_inputs)
    throw_invalid("active_sums: states must be binary with " + std::to_string(n_inputs) +
                  " columns, got " + std::to_string(states.columns()));
  PanelMatrix panels(n_hidden, n_visible);
  panels.assign(weights.data());
  const WeightPanelsView view = panels.view(weight_scale_exponent(panels, narrow), narrow);
  const BitMatrix bits = states.bit_matrix();
  Buffer<int32_t> tables(kTableScratch), sums(round_up(states.rows(), 4) * kTileUnits);
  BitProduct product(tables.data());
  if (by_lists)
    product.prepare_lists(bits.view());
  else
    product.prepare_tables(bits.view());
  py::array_t<int32_t> out({states.rows(), n_units});
  for (int64_t tile = 0; tile < divide_up(n_units, kTileUnits); ++tile) {
    if (to_hidden)
      product.hidden_sums(view, tile, sums.data());
    else
      product.visible_sums(view, tile, sums.data());
    copy_tile(sums, states.rows(), tile, n_units, out.mutable_data());
  }
  return out;
}

}  // namespace
}  // namespace udl::bindings

void init_products(pybind11::module_& m) {
  using namespace udl::bindings;
  m.def("active_sums", &active_sums, py::arg("weights"), py::arg("states"), py::arg("to_hidden"),
        py::arg("by_lists"), py::arg("narrow") = false);
}
