// Random draws and elementary functions, for tests and for Python code that needs the same draws.
#include <pybind11/stl.h>

#include "base/math.h"
#include "base/normal.h"
#include "base/philox.h"
#include "base/sampling.h"
#include "bindings/numpy/arrays.h"
#include "bindings/numpy/interrupt.h"
#include "runtime/data/shuffle.h"
#include "runtime/rbm/model/state.h"
#include "runtime/rbm/steps/tempering/tempering.h"

namespace udl::bindings {
namespace {

py::array_t<uint32_t> philox(const CArray<uint32_t>& counters, std::pair<uint32_t, uint32_t> key) {
  if (counters.ndim() != 2 || counters.shape(1) != 4)
    throw_invalid("philox4x32: counters has shape " + shape_text(counters) + ", expected (n, 4)");
  py::array_t<uint32_t> out({counters.shape(0), py::ssize_t{4}});
  for (py::ssize_t i = 0; i < counters.shape(0); ++i) {
    const uint32_t* c = counters.data(i, 0);
    const PhiloxCounter result = philox4x32({{c[0], c[1], c[2], c[3]}}, key.first, key.second);
    std::copy(result.c, result.c + 4, out.mutable_data(i, 0));
  }
  return out;
}

py::array_t<uint32_t> draws(uint64_t seed, const std::string& stream, uint32_t layer, int64_t step,
                            int64_t first_chain, int64_t n_chains, int64_t n_units) {
  if (layer >= kMaxLayers)
    throw_invalid("draws: layer must be below 1024, got " + std::to_string(layer));
  check_step(step, "draws");
  check_chains(first_chain, n_chains, "draws");
  const DrawKey key =
      make_draw_key(seed, stream_from_name(stream), layer, static_cast<uint64_t>(step));
  py::array_t<uint32_t> out({n_chains, n_units});
  for (int64_t r = 0; r < n_chains; ++r)
    for (int64_t j = 0; j < n_units; ++j)
      *out.mutable_data(r, j) =
          draw_bits(key, static_cast<uint32_t>(first_chain + r), static_cast<uint32_t>(j));
  return out;
}

py::array_t<float> exp_negative_array(const CArray<float>& x) {
  py::array_t<float> out(std::vector<py::ssize_t>(x.shape(), x.shape() + x.ndim()));
  for (py::ssize_t i = 0; i < x.size(); ++i) out.mutable_data()[i] = exp_negative(x.data()[i]);
  return out;
}

py::array_t<float> normal_array(const CArray<uint32_t>& bits) {
  py::array_t<float> out(std::vector<py::ssize_t>(bits.shape(), bits.shape() + bits.ndim()));
  for (py::ssize_t i = 0; i < bits.size(); ++i)
    out.mutable_data()[i] = normal_from_bits(bits.data()[i]);
  return out;
}

py::array_t<uint32_t> order(int64_t n, uint64_t seed, int64_t epoch) {
  if (n < 0 || n > (int64_t{1} << 32))
    throw_invalid("shuffled_order: n must be between 0 and 2^32, got " + std::to_string(n));
  check_step(epoch, "shuffled_order");
  py::array_t<uint32_t> out(n);
  uint32_t* data = out.mutable_data();
  run_interruptible(
      1, [&](const Run& run) { shuffled_order(n, seed, static_cast<uint64_t>(epoch), run, data); });
  return out;
}

int scale_exponent(const CArray<float>& weights, bool narrow) {
  if (weights.ndim() != 2)
    throw_invalid("weight_scale_exponent: weights has shape " + shape_text(weights) +
                  ", expected (n_hidden, n_visible)");
  PanelMatrix panels(weights.shape(0), weights.shape(1));
  panels.assign(weights.data());
  return weight_scale_exponent(panels, narrow);
}

}  // namespace
}  // namespace udl::bindings

void init_random(pybind11::module_& m) {
  using namespace udl::bindings;
  m.def("philox4x32", &philox, py::arg("counters"), py::arg("key"));
  m.def("draws", &draws, py::arg("seed"), py::arg("stream"), py::arg("layer"), py::arg("step"),
        py::arg("first_chain"), py::arg("n_chains"), py::arg("n_units"));
  m.def("exp_negative", &exp_negative_array, py::arg("x"));
  m.def("normal_from_bits", &normal_array, py::arg("bits"));
  m.def("swap_probability", &udl::swap_probability, py::arg("beta_a"), py::arg("beta_b"),
        py::arg("energy_a"), py::arg("energy_b"));
  m.def("shuffled_order", &order, py::arg("n"), py::arg("seed"), py::arg("epoch"));
  m.def("weight_scale_exponent", &scale_exponent, py::arg("weights"), py::arg("narrow") = false);
}
