// Means, samples and scores of an RbmEngine.
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <utility>

#include "bindings/numpy/interrupt.h"
#include "bindings/numpy/rows.h"
#include "bindings/rbm/inference_arguments.h"
#include "bindings/rbm/rbm_engine_methods.h"

namespace udl::bindings {
namespace {

py::array mean_hidden(const RbmEngine& engine, const Rows& rows, int n_threads) {
  check_call(rows, engine.n_visible(), n_threads, "mean_hidden");
  const RealArray out(engine, {rows.rows(), engine.n_hidden()});
  const LookScope look(engine);
  run_interruptible(n_threads, [&](const Run& run) { engine.mean_hidden(rows, out.span(), run); });
  return out.array();
}

py::array mean_visible(const RbmEngine& engine, const Rows& rows, int n_threads) {
  check_call(rows, engine.n_hidden(), n_threads, "mean_visible");
  const RealArray out(engine, {rows.rows(), engine.n_visible()});
  const LookScope look(engine);
  run_interruptible(n_threads, [&](const Run& run) { engine.mean_visible(rows, out.span(), run); });
  return out.array();
}

Rows sample_hidden(const RbmEngine& engine, const Rows& rows, uint64_t seed,
                   const std::string& stream, int64_t step, int64_t first_chain, int n_threads) {
  check_call(rows, engine.n_visible(), n_threads, "sample_hidden");
  const DrawSource source =
      draw_source("sample_hidden", rows.rows(), seed, stream, step, first_chain);
  Rows out;
  const LookScope look(engine);
  run_interruptible(n_threads,
                    [&](const Run& run) { out = engine.sample_hidden(rows, source, run); });
  return out;
}

Rows sample_visible(const RbmEngine& engine, const Rows& rows, uint64_t seed,
                    const std::string& stream, int64_t step, int64_t first_chain, int n_threads) {
  check_call(rows, engine.n_hidden(), n_threads, "sample_visible");
  const DrawSource source =
      draw_source("sample_visible", rows.rows(), seed, stream, step, first_chain);
  Rows out;
  const LookScope look(engine);
  run_interruptible(n_threads,
                    [&](const Run& run) { out = engine.sample_visible(rows, source, run); });
  return out;
}

/// (mask, values), or None.
using ClampArgument = std::optional<std::pair<const Rows*, const Rows*>>;

/// Its parts, checked for chains that start at `rows`.
std::optional<Clamp> clamp_of(const RbmEngine& engine, const ClampArgument& clamp, const Rows& rows,
                              const char* function) {
  if (!clamp) return std::nullopt;
  for (const Rows* part : {clamp->first, clamp->second}) {
    const bool takes_reals = part == clamp->second && !has_bits(engine.units().visible);
    check_clamp(*part, part->is_bits() || takes_reals, rows.rows(), rows.columns(), function);
  }
  return Clamp{*clamp->first, *clamp->second};
}

std::pair<Rows, Rows> run_chains(const RbmEngine& engine, const GibbsCall& call, int n_threads) {
  std::pair<Rows, Rows> out;
  const LookScope look(engine);
  run_interruptible(n_threads, [&](const Run& run) { out = engine.gibbs(call, run); });
  return out;
}

std::pair<Rows, Rows> gibbs(const RbmEngine& engine, const Rows& rows, int64_t n_steps,
                            uint64_t seed, const std::string& stream, int64_t step,
                            int64_t first_chain, int n_threads, const ClampArgument& clamp,
                            double beta) {
  check_call(rows, engine.n_visible(), n_threads, "gibbs");
  const DrawSource source =
      chain_source(engine, "gibbs", rows.rows(), n_steps, seed, stream, step, first_chain, beta);
  const std::optional<Clamp> held = clamp_of(engine, clamp, rows, "gibbs");
  return run_chains(engine, {rows, n_steps, source, held ? &*held : nullptr, beta}, n_threads);
}

py::array gibbs_means(const RbmEngine& engine, const Rows& rows, int64_t n_steps, uint64_t seed,
                      const std::string& stream, int64_t step, int64_t first_chain, int n_threads,
                      const ClampArgument& clamp, double beta) {
  check_call(rows, engine.n_visible(), n_threads, "gibbs_means");
  const DrawSource source = chain_source(engine, "gibbs_means", rows.rows(), n_steps, seed, stream,
                                         step, first_chain, beta);
  const std::optional<Clamp> held = clamp_of(engine, clamp, rows, "gibbs_means");
  const RealArray out(engine, {rows.rows(), engine.n_visible()});
  run_chains(engine, {rows, n_steps, source, held ? &*held : nullptr, beta, out.span()}, n_threads);
  return out.array();
}

py::array_t<double> free_energy(const RbmEngine& engine, const Rows& rows, int n_threads) {
  check_call(rows, engine.n_visible(), n_threads, "free_energy");
  py::array_t<double> out(rows.rows());
  double* data = out.mutable_data();
  const LookScope look(engine);
  run_interruptible(n_threads, [&](const Run& run) { engine.free_energy(rows, data, run); });
  return out;
}

py::array_t<double> group_energies(const RbmEngine& engine, const Rows& rows, int64_t group,
                                   int n_threads) {
  check_call(rows, engine.n_visible(), n_threads, "group_energies");
  const int64_t n_units = checked_group(engine.units(), group).size();
  py::array_t<double> out({rows.rows(), n_units});
  double* data = out.mutable_data();
  const LookScope look(engine);
  run_interruptible(n_threads,
                    [&](const Run& run) { engine.group_energies(rows, group, data, run); });
  return out;
}

py::array_t<double> pseudo_likelihood(const RbmEngine& engine, const Rows& rows, int n_threads) {
  check_call(rows, engine.n_visible(), n_threads, "pseudo_likelihood");
  py::array_t<double> out(rows.rows());
  double* data = out.mutable_data();
  const LookScope look(engine);
  run_interruptible(n_threads, [&](const Run& run) { engine.pseudo_likelihood(rows, data, run); });
  return out;
}

}  // namespace

void define_inference_methods(RbmEngineClass& c) {
  c.def("mean_hidden", &mean_hidden, py::arg("rows"), py::arg("n_threads"));
  c.def("mean_visible", &mean_visible, py::arg("rows"), py::arg("n_threads"));
  define_draws(c, "sample_hidden", &sample_hidden);
  define_draws(c, "sample_visible", &sample_visible);
  define_chains(c, "gibbs", &gibbs);
  define_chains(c, "gibbs_means", &gibbs_means);
  c.def("free_energy", &free_energy, py::arg("rows"), py::arg("n_threads"));
  c.def("group_energies", &group_energies, py::arg("rows"), py::arg("group"), py::arg("n_threads"));
  c.def("pseudo_likelihood", &pseudo_likelihood, py::arg("rows"), py::arg("n_threads"));
}

}  // namespace udl::bindings
