// NetEngine: nets of dense layers, and learning.
#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/dense/dense_settings.h"
#include "bindings/dense/net_engine_methods.h"
#include "bindings/engines/engine_access.h"
#include "bindings/numpy/interrupt.h"
#include "bindings/numpy/reals.h"
#include "bindings/numpy/rows.h"
#include "runtime/dense/engine.h"

namespace udl::bindings {
namespace {

using Order = std::optional<CArray<uint32_t>>;

// ---- what a net is ----

NetShape net_shape(const std::vector<int64_t>& sizes, const std::vector<std::string>& activations,
                   const std::string& loss, const std::optional<std::vector<int>>& tied) {
  NetShape shape;
  shape.sizes = sizes;
  for (const std::string& name : activations)
    shape.activations.push_back(activation_from_name(name));
  shape.loss = loss_from_name(loss);
  shape.tied = tied.value_or(std::vector<int>(activations.size(), -1));
  return shape;
}

std::vector<std::string> activation_names(const NetEngine& engine) {
  std::vector<std::string> names;
  for (const Activation activation : engine.shape().activations)
    names.emplace_back(activation_name(activation));
  return names;
}

// ---- learning ----

void check_examples(const NetEngine& engine, const Rows& rows, const Rows* targets,
                    const char* function) {
  const NetShape& shape = engine.shape();
  check_columns(rows, shape.n_inputs(), function, "rows", "the net");
  if (rows.rows() < 1) throw_invalid(std::string(function) + ": rows is empty");
  check_chains(0, rows.rows(), function);
  if (targets == nullptr) {
    if (shape.n_outputs() != shape.n_inputs())
      throw_invalid(std::string(function) + ": the net has " + std::to_string(shape.n_inputs()) +
                    " inputs and " + std::to_string(shape.n_outputs()) +
                    " outputs, so that it cannot learn to reconstruct; give targets");
    return;
  }
  check_columns(*targets, shape.n_outputs(), function, "targets", "the net");
  if (targets->rows() != rows.rows())
    throw_invalid(std::string(function) + ": targets has " + std::to_string(targets->rows()) +
                  " rows, expected " + std::to_string(rows.rows()));
}

/// Updates have numbers of 48 bits.
void check_updates(const Rows& rows, int64_t batch_size, int64_t step) {
  check_step(step, "train");
  check_step(step + divide_up(rows.rows(), batch_size), "train");
}

py::dict train(NetEngine& engine, const Rows& rows, const Order& order, const py::dict& settings,
               uint64_t seed, int64_t step, int n_threads, py::object poll, const Rows* targets) {
  check_examples(engine, rows, targets, "train");
  check_threads(n_threads, "train");
  SettingsReader reader(settings, "train");
  NetSettings parsed;
  parsed.batch_size = reader.get<int64_t>("batch_size");
  parsed.objective = read_objective(reader, engine.shape(), "train");
  parsed.rule = read_rule(reader, "train");
  reader.check_all_used();
  check_positive(parsed.batch_size, "train", "batch_size");
  check_updates(rows, parsed.batch_size, step);
  const std::vector<uint32_t> order_copy = checked_order(order, rows.rows(), "train");
  const uint32_t* order_data = order ? order_copy.data() : nullptr;
  PythonPoll python_poll(std::move(poll));
  ChangeScope scope(engine, "train");
  NetTrainResult result;
  run_interruptible(n_threads, [&](const Run& run) {
    result = engine.train(
        {{rows, targets, order_data},
         parsed,
         seed,
         static_cast<uint64_t>(step),
         [&](int64_t n_rows) { return scope.let_look(run, [&] { return python_poll(n_rows); }); }},
        run);
  });
  python_poll.rethrow();
  py::dict out = result_dict(result);
  out["loss"] = result.loss;
  return out;
}

py::tuple gradient(const NetEngine& engine, const Rows& rows, const py::dict& objective,
                   uint64_t seed, int64_t step, int n_threads, const Order& order,
                   const Rows* targets, GradientWorkspace* workspace) {
  check_examples(engine, rows, targets, "gradient");
  check_threads(n_threads, "gradient");
  check_step(step, "gradient");
  SettingsReader reader(objective, "gradient");
  const Objective parsed = read_objective(reader, engine.shape(), "gradient");
  reader.check_all_used();
  const std::vector<uint32_t> order_copy = checked_order(order, rows.rows(), "gradient");
  py::array_t<double> flat(engine.shape().n_parameters());
  double* to = flat.mutable_data();
  double value = 0;
  const LookScope look(engine);
  run_interruptible(n_threads, [&](const Run& run) {
    value = engine.gradient({{rows, targets, order ? order_copy.data() : nullptr},
                             parsed,
                             seed,
                             static_cast<uint64_t>(step),
                             workspace},
                            to, run);
  });
  return py::make_tuple(value, flat);
}

// ---- parts ----

/// `range` becomes that of the rows, unless it is null.
py::array outputs_of(const NetEngine& engine, const Rows& rows, int n_threads, int from,
                     std::optional<int> to, const std::optional<std::string>& rounding,
                     ValueRange* range) {
  const NetShape& shape = engine.shape();
  const int last = to.value_or(shape.n_layers());
  if (from < 0 || from >= last || last > shape.n_layers())
    throw_invalid("forward: expected 0 <= first < last <= " + std::to_string(shape.n_layers()) +
                  " layers, got first=" + std::to_string(from) +
                  " and last=" + std::to_string(last));
  check_columns(rows, shape.n_inputs(from), "forward", "rows", "the net");
  check_threads(n_threads, "forward");
  std::optional<Rounding> to_integers;
  if (rounding) to_integers = rounding_from_name(*rounding);
  const RealArray out(engine, {rows.rows(), shape.sizes[last]});
  const LookScope look(engine);
  run_interruptible(n_threads, [&](const Run& run) {
    engine.forward({rows, from, last, to_integers, out.span(), range}, run);
  });
  return out.array();
}

py::array forward(const NetEngine& engine, const Rows& rows, int n_threads, int from,
                  std::optional<int> to, const std::optional<std::string>& rounding) {
  return outputs_of(engine, rows, n_threads, from, to, rounding, nullptr);
}

/// Bits are known to be 0 and 1.
py::tuple forward_and_range(const NetEngine& engine, const Rows& rows, int n_threads, int from,
                            std::optional<int> to, const std::optional<std::string>& rounding) {
  ValueRange range;
  const py::array out =
      outputs_of(engine, rows, n_threads, from, to, rounding, rows.is_bits() ? nullptr : &range);
  if (rows.is_bits()) range = {0, 1};
  return py::make_tuple(out, range.low, range.high);
}

py::array backward(NetEngine& engine, const Rows& rows, const py::object& output_gradient,
                   int n_threads) {
  const NetShape& shape = engine.shape();
  check_columns(rows, shape.n_inputs(), "backward", "rows", "the net");
  check_threads(n_threads, "backward");
  const CheckedReals by_outputs(engine, output_gradient, {rows.rows(), shape.n_outputs()},
                                "backward", "output_gradient");
  const RealArray by_inputs(engine, {rows.rows(), shape.n_inputs()});
  const ChangeScope change(engine, "backward");
  run_interruptible(n_threads, [&](const Run& run) {
    engine.backward(rows, by_outputs.view(), by_inputs.span(), run);
  });
  return by_inputs.array();
}

void update(NetEngine& engine, const py::dict& settings, int n_threads) {
  check_threads(n_threads, "update");
  SettingsReader reader(settings, "update");
  const Objective objective = read_objective(reader, engine.shape(), "update");
  const UpdateRule rule = read_rule(reader, "update");
  reader.check_all_used();
  const ChangeScope change(engine, "update");
  run_interruptible(n_threads, [&](const Run& run) { engine.update(rule, objective, run); });
}

}  // namespace
}  // namespace udl::bindings

void init_dense(pybind11::module_& m) {
  using namespace udl::bindings;
  using udl::NetEngine;
  py::class_<udl::GradientWorkspace>(m, "GradientWorkspace").def(py::init<>());
  py::class_<NetEngine> c(m, "NetEngine");
  c.def(py::init([](const std::vector<int64_t>& sizes, const std::vector<std::string>& activations,
                    const std::string& loss, const std::string& precision,
                    const std::optional<std::vector<int>>& tied) {
          return udl::make_net_engine(net_shape(sizes, activations, loss, tied),
                                      udl::net_precision_from_name(precision));
        }),
        py::arg("sizes"), py::arg("activations"), py::arg("loss"), py::arg("precision"),
        py::arg("tied") = py::none());
  c.def_property_readonly("sizes", [](const NetEngine& engine) { return engine.shape().sizes; });
  c.def_property_readonly("activations", &activation_names);
  c.def_property_readonly(
      "loss", [](const NetEngine& engine) { return udl::loss_name(engine.shape().loss); });
  c.def_property_readonly("tied", [](const NetEngine& engine) { return engine.shape().tied; });
  c.def_property_readonly(
      "precision", [](const NetEngine& engine) { return udl::precision_name(engine.precision()); });
  c.def_property_readonly("n_parameters",
                          [](const NetEngine& engine) { return engine.shape().n_parameters(); });
  define_net_state_methods(c);
  c.def("train", &train, py::arg("rows"), py::arg("order"), py::arg("settings"), py::arg("seed"),
        py::arg("step"), py::arg("n_threads"), py::arg("poll") = py::none(),
        py::arg("targets") = py::none());
  c.def("gradient", &gradient, py::arg("rows"), py::arg("objective"), py::arg("seed"),
        py::arg("step"), py::arg("n_threads"), py::arg("order") = py::none(),
        py::arg("targets") = py::none(), py::arg("workspace") = py::none());
  c.def("forward", &forward, py::arg("rows"), py::arg("n_threads"), py::arg("first") = 0,
        py::arg("last") = py::none(), py::arg("rounding") = py::none());
  c.def("forward_and_range", &forward_and_range, py::arg("rows"), py::arg("n_threads"),
        py::arg("first") = 0, py::arg("last") = py::none(), py::arg("rounding") = py::none());
  c.def("backward", &backward, py::arg("rows"), py::arg("output_gradient"), py::arg("n_threads"));
  c.def("update", &update, py::arg("settings"), py::arg("n_threads"));
}
