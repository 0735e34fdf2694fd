// NetEngine: nets of dense layers, their arrays by name, and learning.
#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/dense_settings.h"
#include "bindings/engine_access.h"
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

// ---- arrays by name ----

struct NamedArray {
  std::string name;
  NetArray array;
};

const char* quantity_name(Quantity quantity) {
  switch (quantity) {
    case Quantity::velocity:
      return "velocity";
    case Quantity::mean:
      return "mean";
    case Quantity::square:
      return "square";
    case Quantity::value:
      break;
  }
  return "";
}

std::vector<Quantity> quantities(Memory memory) {
  if (memory == Memory::velocity) return {Quantity::value, Quantity::velocity};
  if (memory == Memory::adam) return {Quantity::value, Quantity::mean, Quantity::square};
  return {Quantity::value};
}

/// "layers.0/weights", "layers.0/bias", and of the optimiser "layers.0/weight_velocity" and the
/// like.
std::string array_name(const NetArray& array) {
  const std::string layer = "layers." + std::to_string(array.layer) + "/";
  if (array.quantity == Quantity::value) return layer + (array.is_bias ? "bias" : "weights");
  return layer + (array.is_bias ? "bias_" : "weight_") + quantity_name(array.quantity);
}

std::vector<NamedArray> named_arrays(const NetShape& shape, Memory memory) {
  std::vector<NamedArray> out;
  for (const Quantity quantity : quantities(memory))
    for (int l = 0; l < shape.n_layers(); ++l)
      for (const bool is_bias : {false, true}) {
        const NetArray array{l, is_bias, quantity};
        if (is_bias || !shape.is_tied(l)) out.push_back({array_name(array), array});
      }
  return out;
}

RealArray room_for(const NetEngine& engine, const NetArray& array) {
  const NetShape& shape = engine.shape();
  if (array.is_bias) return {engine, {shape.n_outputs(array.layer)}};
  return {engine, {shape.n_outputs(array.layer), shape.n_inputs(array.layer)}};
}

constexpr const char* kAdamSteps = "adam_steps";
constexpr int64_t kMostSteps = int64_t{1} << 24;  // float32 counts so far; corrections ended before

py::dict state_of(const NetEngine& engine) {
  py::dict out;
  for (const NamedArray& found : named_arrays(engine.shape(), engine.memory())) {
    const RealArray array = room_for(engine, found.array);
    engine.get(found.array, array.span());
    out[found.name.c_str()] = array.array();
  }
  if (engine.memory() == Memory::adam) {
    const auto steps = static_cast<double>(std::min(engine.adam_steps(), kMostSteps));
    const RealArray array(engine, {1});
    py::array(array.array()).attr("fill")(steps);
    out[kAdamSteps] = array.array();
  }
  return out;
}

py::dict state(const NetEngine& engine) {
  const LookScope look(engine);
  return state_of(engine);
}

Memory memory_in(const py::dict& arrays) {
  if (arrays.contains(kAdamSteps)) return Memory::adam;
  return arrays.contains("layers.0/weight_velocity") ? Memory::velocity : Memory::none;
}

CheckedReals checked(const NetEngine& engine, const NamedArray& named, const py::dict& arrays) {
  const std::string& name = named.name;
  if (!arrays.contains(name.c_str())) throw_invalid("set_state: lacks '" + name + "'");
  const py::object array = arrays[name.c_str()];
  const int64_t n_out = engine.shape().n_outputs(named.array.layer);
  if (named.array.is_bias) return {engine, array, {n_out}, "set_state", name.c_str()};
  const int64_t n_in = engine.shape().n_inputs(named.array.layer);
  return {engine, array, {n_out, n_in}, "set_state", name.c_str()};
}

int64_t checked_steps(const py::dict& arrays) {
  const CArray<double> steps(arrays[kAdamSteps]);
  check_shape(steps, {1}, "set_state", kAdamSteps);
  const double n = *steps.data();
  if (!(n >= 0 && n <= static_cast<double>(kMostSteps) && n == std::floor(n)))
    throw_invalid("set_state: adam_steps must be a whole number from 0 to 2^24, got " +
                  std::to_string(n));
  return static_cast<int64_t>(n);
}

/// Takes over what `state` gave. Everything is checked first: after an error the engine is what it
/// was.
void set_state(NetEngine& engine, const py::dict& arrays) {
  const Memory memory = memory_in(arrays);
  const std::vector<NamedArray> named = named_arrays(engine.shape(), memory);
  std::vector<CheckedReals> values;
  for (const NamedArray& found : named) values.push_back(checked(engine, found, arrays));
  const bool has_steps = memory == Memory::adam;
  const int64_t steps = has_steps ? checked_steps(arrays) : 0;
  if (named.size() + (has_steps ? 1 : 0) != arrays.size())
    throw_invalid("set_state: holds " + std::to_string(arrays.size()) + " arrays, expected " +
                  std::to_string(named.size() + (has_steps ? 1 : 0)));
  const ChangeScope change(engine, "set_state");
  engine.set_memory(memory);
  engine.set_adam_steps(steps);
  for (std::size_t i = 0; i < named.size(); ++i) engine.set(named[i].array, values[i].view());
}

/// What state() gave at the snapshot of this number; None if there is none or a later one.
py::object snapshot_state(const NetEngine& engine, int64_t number) {
  std::unique_ptr<NetEngine> copy;
  {
    const LookScope look(engine);
    copy = engine.copy_of_snapshot(number);
  }
  return copy ? py::object(state_of(*copy)) : py::none();
}

/// (|W - W at the snapshot|, |W|, max |w|).
py::tuple change_since_snapshot(const NetEngine& engine) {
  check_idle(engine, "change_since_snapshot");
  const LookScope look(engine);
  const WeightChange found = engine.change_since_snapshot();
  return py::make_tuple(found.change, found.size, found.largest);
}

py::array_t<double> parameters(const NetEngine& engine) {
  py::array_t<double> flat(engine.shape().n_parameters());
  const LookScope look(engine);
  engine.get_parameters(flat.mutable_data());
  return flat;
}

void set_parameters(NetEngine& engine, const CArray<double>& flat) {
  check_shape(flat, {engine.shape().n_parameters()}, "set_parameters", "flat");
  const std::vector<double> copy(flat.data(), flat.data() + flat.size());
  const ChangeScope change(engine, "set_parameters");
  engine.set_parameters(copy.data());
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
  const std::vector<uint32_t> order_copy = checked_order(order, rows, "train");
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
  py::dict out;
  out["n_updates"] = result.n_updates;
  out["n_rows"] = result.n_rows;
  out["step"] = result.step;
  out["stopped"] = result.stopped;
  out["finite"] = result.finite;
  out["loss"] = result.loss;
  out["seconds"] = result.seconds;
  return out;
}

py::tuple gradient(const NetEngine& engine, const Rows& rows, const py::dict& objective,
                   uint64_t seed, int64_t step, int n_threads, const Order& order,
                   const Rows* targets) {
  check_examples(engine, rows, targets, "gradient");
  check_threads(n_threads, "gradient");
  check_step(step, "gradient");
  SettingsReader reader(objective, "gradient");
  const Objective parsed = read_objective(reader, engine.shape(), "gradient");
  reader.check_all_used();
  const std::vector<uint32_t> order_copy = checked_order(order, rows, "gradient");
  py::array_t<double> flat(engine.shape().n_parameters());
  double* to = flat.mutable_data();
  double value = 0;
  const LookScope look(engine);
  run_interruptible(n_threads, [&](const Run& run) {
    value = engine.gradient({{rows, targets, order ? order_copy.data() : nullptr},
                             parsed,
                             seed,
                             static_cast<uint64_t>(step)},
                            to, run);
  });
  return py::make_tuple(value, flat);
}

// ---- parts ----

py::array forward(const NetEngine& engine, const Rows& rows, int n_threads, int from,
                  std::optional<int> to) {
  const NetShape& shape = engine.shape();
  const int last = to.value_or(shape.n_layers());
  if (from < 0 || from >= last || last > shape.n_layers())
    throw_invalid("forward: expected 0 <= first < last <= " + std::to_string(shape.n_layers()) +
                  " layers, got first=" + std::to_string(from) +
                  " and last=" + std::to_string(last));
  check_columns(rows, shape.n_inputs(from), "forward", "rows", "the net");
  check_threads(n_threads, "forward");
  const RealArray out(engine, {rows.rows(), shape.sizes[last]});
  const LookScope look(engine);
  run_interruptible(n_threads,
                    [&](const Run& run) { engine.forward(rows, from, last, out.span(), run); });
  return out.array();
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
  c.def("parameters", &parameters);
  c.def("set_parameters", &set_parameters, py::arg("flat"));
  c.def("state", &state);
  c.def("set_state", &set_state, py::arg("arrays"));
  c.def("snapshot", [](NetEngine& engine) {
    const ChangeScope change(engine, "snapshot");
    return engine.snapshot();
  });
  c.def("restore", [](NetEngine& engine) {
    const ChangeScope change(engine, "restore");
    engine.restore();
  });
  c.def("snapshot_state", &snapshot_state, py::arg("number"));
  c.def("change_since_snapshot", &change_since_snapshot);
  c.def("train", &train, py::arg("rows"), py::arg("order"), py::arg("settings"), py::arg("seed"),
        py::arg("step"), py::arg("n_threads"), py::arg("poll") = py::none(),
        py::arg("targets") = py::none());
  c.def("gradient", &gradient, py::arg("rows"), py::arg("objective"), py::arg("seed"),
        py::arg("step"), py::arg("n_threads"), py::arg("order") = py::none(),
        py::arg("targets") = py::none());
  c.def("forward", &forward, py::arg("rows"), py::arg("n_threads"), py::arg("first") = 0,
        py::arg("last") = py::none());
  c.def("backward", &backward, py::arg("rows"), py::arg("output_gradient"), py::arg("n_threads"));
  c.def("update", &update, py::arg("settings"), py::arg("n_threads"));
}
