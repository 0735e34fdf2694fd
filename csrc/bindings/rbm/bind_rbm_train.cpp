// Training of an RbmEngine: settings by name, the poll, and what came of it.
#include <pybind11/stl.h>

#include <optional>

#include "bindings/engines/train_arguments.h"
#include "bindings/numpy/interrupt.h"
#include "bindings/numpy/rows.h"
#include "bindings/rbm/rbm_engine_methods.h"
#include "bindings/rbm/rbm_training.h"

namespace udl::bindings {
namespace {

/// Energies are those of drawn states.
void check_ladder(const TrainSettings& settings, const std::string& function) {
  check_positive(settings.ladder.n_temperatures, function.c_str(), "n_temperatures");
  if (settings.ladder.has_one()) return;
  if (!(settings.ladder.beta_min >= 0 && settings.ladder.beta_min <= 1))
    throw_invalid(function + ": beta_min must be between 0 and 1, got " +
                  std::to_string(settings.ladder.beta_min));
  if (!settings.sample_visibles) throw_invalid(function + ": algorithm 'pt' needs sample_visibles");
}

}  // namespace

TrainSettings read_rbm_settings(const py::dict& settings, const char* function) {
  const std::string name = function;
  SettingsReader reader(settings, function);
  TrainSettings out;
  const auto algorithm = reader.get<std::string>("algorithm");
  if (algorithm != "cd" && algorithm != "pcd" && algorithm != "pt")
    throw_invalid(name + ": algorithm must be 'cd', 'pcd' or 'pt', got '" + algorithm + "'");
  out.persistent = algorithm != "cd";
  if (algorithm == "pt")
    out.ladder = {reader.get<int64_t>("n_temperatures"), reader.get<double>("beta_min"),
                  reader.get_or("adaptive_betas", false)};
  out.batch_size = reader.get<int64_t>("batch_size");
  out.k = reader.get<int64_t>("k");
  out.learning_rate = reader.get<double>("learning_rate");
  out.momentum = reader.get<double>("momentum");
  out.weight_decay = reader.get<double>("weight_decay");
  out.l1 = reader.get<double>("l1");
  out.max_norm = reader.get_or("max_norm", 0.0);
  const auto target = reader.get<std::optional<double>>("sparsity_target");
  out.has_sparsity = target.has_value();
  out.sparsity_target = target.value_or(0.0);
  out.sparsity_cost = reader.get<double>("sparsity_cost");
  out.sparsity_damping = reader.get<double>("sparsity_damping");
  out.centered = reader.get_or("centered", false);
  out.sample_visibles = reader.get<bool>("sample_visibles");
  const auto statistics = reader.get<std::string>("statistics");
  if (statistics != "mean" && statistics != "sampled")
    throw_invalid(name + ": statistics must be 'mean' or 'sampled', got '" + statistics + "'");
  out.sampled_statistics = statistics == "sampled";
  out.learn_sigma = reader.get_or("learn_sigma", true);
  out.binarize_sample = reader.get<bool>("binarize_sample");
  out.data_step = reader.get<int64_t>("data_step");
  reader.check_all_used();
  check_positive(out.batch_size, function, "batch_size");
  check_positive(out.k, function, "k");
  check_step(out.data_step, function);
  check_ladder(out, name);
  return out;
}

/// Draws are numbered: rows of a minibatch by 32 bits, Gibbs steps of a stream by 48.
void check_draws(int64_t n_rows, const TrainSettings& settings, int64_t step,
                 const char* function) {
  check_chains(0, std::min(n_rows, settings.batch_size), function);
  const int64_t batch_size = std::min(n_rows, settings.batch_size);
  const double n_batches = static_cast<double>(divide_up(n_rows, batch_size));
  const double last = static_cast<double>(step) + n_batches * (static_cast<double>(settings.k) + 1);
  if (last >= static_cast<double>(kMaxStep))
    throw_invalid(std::string(function) + ": k = " + std::to_string(settings.k) + " in each of " +
                  std::to_string(divide_up(n_rows, batch_size)) +
                  " minibatches is more than the 2^48 Gibbs steps that have numbers");
}

namespace {

py::dict train(RbmEngine& engine, const Rows& rows, const std::optional<CArray<uint32_t>>& order,
               const py::dict& settings, uint64_t seed, int64_t step, int n_threads,
               py::object poll) {
  return train_pass(engine, rows, order, settings, step, n_threads, std::move(poll),
                    [&](const uint32_t* order_data, const TrainSettings& parsed, const Poll& asks,
                        const Run& run) {
                      return engine.train(
                          {rows, order_data, parsed, seed, static_cast<uint64_t>(step), asks}, run);
                    });
}

}  // namespace

void define_training_methods(RbmEngineClass& c) {
  c.def("train", &train, py::arg("rows"), py::arg("order"), py::arg("settings"), py::arg("seed"),
        py::arg("step"), py::arg("n_threads"), py::arg("poll") = py::none());
}

}  // namespace udl::bindings
