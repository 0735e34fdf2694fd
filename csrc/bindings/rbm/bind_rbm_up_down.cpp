// The up-down algorithm: a training of several RbmEngines.
#include <pybind11/stl.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "bindings/engines/train_arguments.h"
#include "bindings/numpy/interrupt.h"
#include "bindings/numpy/rows.h"
#include "bindings/rbm/rbm_engine_methods.h"
#include "bindings/rbm/rbm_training.h"
#include "runtime/rbm/up_down.h"

namespace udl::bindings {
namespace {

const char* const kFunction = "train_up_down";

/// ChangeScopes of several engines.
class ChangeScopes {
 public:
  void add(RbmEngine& engine) {
    scopes_.push_back(std::make_unique<ChangeScope>(engine, kFunction));
  }

  /// As that of one engine.
  template <class Poll>
  bool let_look(const Run& run, const Poll& poll, std::size_t first = 0) {
    if (first == scopes_.size()) return poll();
    return scopes_[first]->let_look(run, [&] { return let_look(run, poll, first + 1); });
  }

 private:
  std::vector<std::unique_ptr<ChangeScope>> scopes_;
};

py::dict train(const std::vector<RbmEngine*>& recognition,
               const std::vector<RbmEngine*>& generative, RbmEngine& top, const Rows& rows,
               const Rows* labels, const std::optional<CArray<uint32_t>>& order,
               const py::dict& settings, uint64_t seed, int64_t step, int n_threads,
               py::object poll) {
  check_threads(n_threads, kFunction);
  check_step(step, kFunction);
  const TrainSettings parsed = read_rbm_settings(settings, kFunction);
  if (rows.rows() < 1) throw_invalid("train_up_down: rows is empty");
  check_draws(rows.rows(), parsed, step, kFunction);
  const std::vector<uint32_t> order_copy = checked_order(order, rows.rows(), kFunction);
  PythonPoll python_poll(std::move(poll));
  ChangeScopes scopes;
  for (RbmEngine* engine : recognition) scopes.add(*engine);
  for (RbmEngine* engine : generative) scopes.add(*engine);
  scopes.add(top);
  TrainResult result;
  run_interruptible(n_threads, [&](const Run& run) {
    const TrainCall call{
        rows,
        order ? order_copy.data() : nullptr,
        parsed,
        seed,
        static_cast<uint64_t>(step),
        [&](int64_t n_rows) { return scopes.let_look(run, [&] { return python_poll(n_rows); }); }};
    result = train_up_down({recognition, generative, &top}, {call, labels}, run);
  });
  python_poll.rethrow();
  return result_dict(result);
}

}  // namespace
}  // namespace udl::bindings

void init_rbm_up_down(pybind11::module_& m) {
  using namespace udl::bindings;
  m.def("train_up_down", &train, py::arg("recognition"), py::arg("generative"), py::arg("top"),
        py::arg("rows"), py::arg("labels").none(true), py::arg("order"), py::arg("settings"),
        py::arg("seed"), py::arg("step"), py::arg("n_threads"), py::arg("poll") = py::none());
}
