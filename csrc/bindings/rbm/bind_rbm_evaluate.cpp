// Partition functions of an RbmEngine: by enumeration, and the weights of annealed importance
// sampling.
#include <pybind11/stl.h>

#include <atomic>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/numpy/interrupt.h"
#include "bindings/numpy/rows.h"
#include "bindings/rbm/rbm_engine_methods.h"

namespace udl::bindings {
namespace {

/// A number; for lengths of rows an array.
py::object log_partition(const RbmEngine& engine, int n_threads,
                         const std::optional<std::vector<int64_t>>& lengths) {
  check_threads(n_threads, "log_partition_exact");
  if (lengths && engine.units().visible != UnitKind::replicated_softmax)
    throw_invalid("log_partition_exact: lengths are of visible='replicated_softmax'");
  if (lengths)
    for (const int64_t length : *lengths)
      check_positive(length + 1, "log_partition_exact", "length");
  std::vector<double> found;
  const LookScope look(engine);
  run_interruptible(n_threads, [&](const Run& run) {
    found = engine.log_partition(lengths.value_or(std::vector<int64_t>{1}), run);
  });
  if (!lengths) return py::float_(found.front());
  return py::array_t<double>(static_cast<py::ssize_t>(found.size()), found.data());
}

/// Inverse temperatures between 0 and 1, ascending or descending. A copy: nobody can change it.
std::vector<float> checked_betas(const CArray<float>& betas) {
  check_shape(betas, {betas.size()}, "anneal", "betas");
  std::vector<float> copy(betas.data(), betas.data() + betas.size());
  if (copy.size() < 2)
    throw_invalid("anneal: betas must be at least two, got " + std::to_string(copy.size()));
  const bool ascends = copy.back() > copy.front();
  for (std::size_t k = 0; k < copy.size(); ++k) {
    const bool in_order = k == 0 || (ascends ? copy[k - 1] < copy[k] : copy[k - 1] > copy[k]);
    if (!(copy[k] >= 0 && copy[k] <= 1) || !in_order)
      throw_invalid("anneal: betas must ascend or descend within [0, 1], got " +
                    std::to_string(copy[k]) + " at " + std::to_string(k));
  }
  return copy;
}

/// Where the runs start: n_runs visible states, or null for the base model, which beta = 0 is.
const Rows* checked_start(const RbmEngine& engine, const Rows* start, int64_t n_runs,
                          float first_beta) {
  if (start == nullptr) {
    if (first_beta == 0) return nullptr;
    throw_invalid("anneal: without a start betas must begin with 0, got " +
                  std::to_string(first_beta));
  }
  check_columns(*start, engine.n_visible(), "anneal", "start", "the model");
  const bool are_states = start->is_bits() || !has_bits(engine.units().visible);
  if (are_states && start->rows() == n_runs) return start;
  const std::string expected = has_bits(engine.units().visible) ? " rows of bits" : " rows";
  throw_invalid("anneal: start must be " + std::to_string(n_runs) + expected + ", got " +
                std::to_string(start->rows()) + (are_states ? " rows" : " rows of values"));
}

/// The log importance weights of the runs. `watch` is told runs times temperatures done so far.
py::array_t<double> anneal(const RbmEngine& engine, const CArray<float>& betas,
                           const py::object& base_bias, const Rows* start, int64_t n_runs,
                           uint64_t seed, int64_t step, int n_threads, py::object watch) {
  if (engine.units().visible == UnitKind::replicated_softmax)
    throw NotAvailable(
        "anneal: rows of each length have another Z with visible='replicated_softmax'");
  check_threads(n_threads, "anneal");
  check_positive(n_runs, "anneal", "n_runs");
  check_chains(0, n_runs, "anneal");
  const std::vector<float> copy = checked_betas(betas);
  const auto n_betas = static_cast<int64_t>(copy.size());
  check_step(step, "anneal");
  check_step(step + n_betas, "anneal");
  const CheckedReals base(engine, base_bias, {engine.n_visible()}, "anneal", "base_bias");
  std::atomic<int64_t> n_done{0};
  AnnealCall call{};
  call.betas = copy.data();
  call.n_betas = n_betas;
  call.base_bias = base.view();
  call.start = checked_start(engine, start, n_runs, copy.front());
  call.n_runs = n_runs;
  call.draws = {seed, Stream::ais, static_cast<uint64_t>(step), 0};
  call.n_done = &n_done;
  py::array_t<double> out(n_runs);
  double* data = out.mutable_data();
  const LookScope look(engine);
  run_watched(
      n_threads, std::move(watch), [&] { return n_done.load(); },
      [&](const Run& run) { engine.anneal(call, data, run); });
  return out;
}

}  // namespace

void define_evaluation_methods(RbmEngineClass& c) {
  c.def("log_partition_exact", &log_partition, py::arg("n_threads"),
        py::arg("lengths") = py::none());
  c.def("anneal", &anneal, py::arg("betas"), py::arg("base_bias"), py::arg("start").none(true),
        py::arg("n_runs"), py::arg("seed"), py::arg("step"), py::arg("n_threads"),
        py::arg("watch") = py::none());
}

}  // namespace udl::bindings
