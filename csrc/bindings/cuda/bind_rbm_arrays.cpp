// Methods of a GPU's RbmEngine for rows in its memory: arguments are those of rows of the host,
// results stay there.
#include <optional>
#include <string>
#include <utility>

#include "bindings/cuda/rbm_arrays.h"
#include "bindings/rbm/inference_arguments.h"
#include "bindings/rbm/rbm_training.h"
#include "runtime/cuda/rbm/engine.h"

namespace udl::bindings {
namespace {

using cuda::DeviceArray;
using cuda::DeviceRbmEngine;
using cuda::HeldRows;
using cuda::HeldUnits;

const DeviceRbmEngine& of_device(const RbmEngine& engine) {
  return static_cast<const DeviceRbmEngine&>(engine);
}

void check_device(const HeldRows& rows, const RbmEngine& engine, const char* function) {
  if (rows.device() != of_device(engine).device())
    throw_invalid(std::string(function) + ": rows are on device " + std::to_string(rows.device()) +
                  ", the model is on device " + std::to_string(of_device(engine).device()));
}

/// Arguments are checked and the engine is looked at: work(engine) finds something.
template <class Work>
auto look(const RbmEngine& engine, const HeldRows& rows, int64_t n_units, int n_threads,
          const char* function, Work&& work) {
  check_call(rows.rows(), n_units, n_threads, function);
  check_device(rows, engine, function);
  const LookScope scope(engine);
  const ReleasedGil release;
  return work(of_device(engine));
}

DeviceArray mean_hidden(const RbmEngine& engine, const HeldRows& rows, int n_threads) {
  return look(engine, rows, engine.n_visible(), n_threads, "mean_hidden",
              [&](const DeviceRbmEngine& e) { return e.mean_hidden(rows); });
}

DeviceArray mean_visible(const RbmEngine& engine, const HeldRows& rows, int n_threads) {
  return look(engine, rows, engine.n_hidden(), n_threads, "mean_visible",
              [&](const DeviceRbmEngine& e) { return e.mean_visible(rows); });
}

DeviceArray free_energy(const RbmEngine& engine, const HeldRows& rows, int n_threads) {
  return look(engine, rows, engine.n_visible(), n_threads, "free_energy",
              [&](const DeviceRbmEngine& e) { return e.free_energy(rows); });
}

HeldRows sample_hidden(const RbmEngine& engine, const HeldRows& rows, uint64_t seed,
                       const std::string& stream, int64_t step, int64_t first_chain,
                       int n_threads) {
  const DrawSource source =
      draw_source("sample_hidden", rows.rows().rows(), seed, stream, step, first_chain);
  return look(engine, rows, engine.n_visible(), n_threads, "sample_hidden",
              [&](const DeviceRbmEngine& e) { return e.sample_hidden(rows, source); });
}

HeldRows sample_visible(const RbmEngine& engine, const HeldRows& rows, uint64_t seed,
                        const std::string& stream, int64_t step, int64_t first_chain,
                        int n_threads) {
  const DrawSource source =
      draw_source("sample_visible", rows.rows().rows(), seed, stream, step, first_chain);
  return look(engine, rows, engine.n_hidden(), n_threads, "sample_visible",
              [&](const DeviceRbmEngine& e) { return e.sample_visible(rows, source); });
}

/// (mask, values), or None: the mask in rows of the host, the values in those of either.
using ClampArgument = std::optional<std::pair<const Rows*, py::object>>;

/// Checked for chains that start at `rows`.
std::optional<HeldUnits> held_of(const ClampArgument& clamp, const HeldRows& rows,
                                 const char* function) {
  if (!clamp) return std::nullopt;
  const int64_t n_rows = rows.rows().rows(), n_columns = rows.rows().columns();
  HeldUnits held;
  held.mask = clamp->first;
  check_clamp(*held.mask, held.mask->is_bits(), n_rows, n_columns, function);
  if (py::isinstance<HeldRows>(clamp->second)) {
    held.values_there = &clamp->second.cast<const HeldRows&>().rows();
    check_clamp(*held.values_there, held.values_there->are_bits(), n_rows, n_columns, function);
  } else {
    held.values = &clamp->second.cast<const Rows&>();
    check_clamp(*held.values, held.values->is_bits(), n_rows, n_columns, function);
  }
  return held;
}

/// work(engine, call, run) runs the chains.
template <class Work>
void run_chains(const RbmEngine& engine, const HeldRows& rows, int64_t n_steps, uint64_t seed,
                const std::string& stream, int64_t step, int64_t first_chain, int n_threads,
                const ClampArgument& clamp, double beta, const char* function, Work&& work) {
  check_call(rows.rows(), engine.n_visible(), n_threads, function);
  check_device(rows, engine, function);
  const DrawSource source = chain_source(engine, function, rows.rows().rows(), n_steps, seed,
                                         stream, step, first_chain, beta);
  const std::optional<HeldUnits> held = held_of(clamp, rows, function);
  const LookScope scope(engine);
  run_interruptible(n_threads, [&](const Run& run) {
    work(of_device(engine),
         cuda::DeviceGibbsCall{rows.rows(), n_steps, source, held ? &*held : nullptr, beta, false},
         run);
  });
}

std::pair<HeldRows, HeldRows> gibbs(const RbmEngine& engine, const HeldRows& rows, int64_t n_steps,
                                    uint64_t seed, const std::string& stream, int64_t step,
                                    int64_t first_chain, int n_threads, const ClampArgument& clamp,
                                    double beta) {
  std::optional<std::pair<HeldRows, HeldRows>> out;
  run_chains(engine, rows, n_steps, seed, stream, step, first_chain, n_threads, clamp, beta,
             "gibbs",
             [&](const DeviceRbmEngine& e, const cuda::DeviceGibbsCall& call, const Run& run) {
               out.emplace(e.gibbs(rows, call, run));
             });
  return std::move(*out);
}

DeviceArray gibbs_means(const RbmEngine& engine, const HeldRows& rows, int64_t n_steps,
                        uint64_t seed, const std::string& stream, int64_t step, int64_t first_chain,
                        int n_threads, const ClampArgument& clamp, double beta) {
  std::optional<DeviceArray> out;
  run_chains(engine, rows, n_steps, seed, stream, step, first_chain, n_threads, clamp, beta,
             "gibbs_means",
             [&](const DeviceRbmEngine& e, cuda::DeviceGibbsCall call, const Run& run) {
               call.wants_means = true;
               out.emplace(e.gibbs_means(rows, call, run));
             });
  return std::move(*out);
}

py::dict train(RbmEngine& engine, const HeldRows& rows,
               const std::optional<CArray<uint32_t>>& order, const py::dict& settings,
               uint64_t seed, int64_t step, int n_threads, py::object poll) {
  check_device(rows, engine, "train");
  return train_pass(engine, rows.rows(), order, settings, step, n_threads, std::move(poll),
                    [&](const uint32_t* order_data, const TrainSettings& parsed, const Poll& asks,
                        const Run& run) {
                      return static_cast<DeviceRbmEngine&>(engine).train(
                          cuda::DeviceTrainCall{rows.rows(), order_data, parsed, seed,
                                                static_cast<uint64_t>(step), asks},
                          run);
                    });
}

}  // namespace

void define_device_rows_methods(RbmEngineClass& c) {
  const auto finds = [&](const char* name, auto f) {
    c.def(name, f, py::arg("rows"), py::arg("n_threads"));
  };
  finds("mean_hidden", &mean_hidden);
  finds("mean_visible", &mean_visible);
  finds("free_energy", &free_energy);
  define_draws(c, "sample_hidden", &sample_hidden);
  define_draws(c, "sample_visible", &sample_visible);
  define_chains(c, "gibbs", &gibbs);
  define_chains(c, "gibbs_means", &gibbs_means);
  c.def("train", &train, py::arg("rows"), py::arg("order"), py::arg("settings"), py::arg("seed"),
        py::arg("step"), py::arg("n_threads"), py::arg("poll") = py::none());
}

}  // namespace udl::bindings
