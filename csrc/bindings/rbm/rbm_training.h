#pragma once
// What trainings of RBM engines have in common for Python: settings by name, and a pass.
#include <cstdint>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/engines/train_arguments.h"
#include "bindings/numpy/interrupt.h"
#include "bindings/numpy/rows.h"
#include "bindings/rbm/rbm_engine_methods.h"
#include "runtime/rbm/engine.h"
#include "runtime/rbm/settings.h"

namespace udl::bindings {

/// Checked; `function` is what errors name.
TrainSettings read_rbm_settings(const py::dict& settings, const char* function);
/// Throws where the pass would need draws that have no number.
void check_draws(int64_t n_rows, const TrainSettings& settings, int64_t step, const char* function);

/// A pass of an engine over rows of the host or of a device, once all arguments are checked:
/// work(order, settings, poll, run) does it.
template <class AnyRows, class Work>
py::dict train_pass(RbmEngine& engine, const AnyRows& rows,
                    const std::optional<CArray<uint32_t>>& order, const py::dict& settings,
                    int64_t step, int n_threads, py::object poll, Work&& work) {
  check_columns(rows, engine.n_visible(), "train", "rows", "the model");
  check_threads(n_threads, "train");
  check_step(step, "train");
  const TrainSettings parsed = read_rbm_settings(settings, "train");
  if (rows.rows() < 1) throw_invalid("train: rows is empty");
  check_draws(rows.rows(), parsed, step, "train");
  const std::vector<uint32_t> order_copy = checked_order(order, rows.rows(), "train");
  const uint32_t* order_data = order ? order_copy.data() : nullptr;
  PythonPoll python_poll(std::move(poll));
  ChangeScope scope(engine, "train");
  if (parsed.persistent && engine.n_chains() < 1)
    throw_invalid(std::string("train: algorithm ") + (parsed.ladder.has_one() ? "'pcd'" : "'pt'") +
                  " needs chains; call set_chains first");
  if (engine.n_chains() % parsed.ladder.n_temperatures != 0)
    throw_invalid("train: " + std::to_string(engine.n_chains()) +
                  " chains cannot be shared by n_temperatures = " +
                  std::to_string(parsed.ladder.n_temperatures));
  TrainResult result;
  run_interruptible(n_threads, [&](const Run& run) {
    const Poll asks = [&](int64_t n_rows) {
      return scope.let_look(run, [&] { return python_poll(n_rows); });
    };
    result = work(order_data, parsed, asks, run);
  });
  python_poll.rethrow();
  return result_dict(result);
}

}  // namespace udl::bindings
