// NetEngine: its arrays by name, its parameters as one vector, and snapshots.
#include "bindings/dense/net_engine_methods.h"

#include <memory>
#include <string>
#include <vector>

#include "bindings/engines/engine_access.h"
#include "bindings/numpy/reals.h"

namespace udl::bindings {
namespace {

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
/// Float32 counts so far: a larger number is its remainder, and then how often this goes in it.
constexpr int64_t kCountable = int64_t{1} << 24;

py::dict state_of(const NetEngine& engine) {
  py::dict out;
  for (const NamedArray& found : named_arrays(engine.shape(), engine.memory())) {
    const RealArray array = room_for(engine, found.array);
    engine.get(found.array, array.span());
    out[found.name.c_str()] = array.array();
  }
  if (engine.memory() == Memory::adam) {
    const int64_t steps = engine.adam_steps();
    const RealArray array(engine, {steps < kCountable ? 1 : 2});
    py::array digits(array.array());
    digits[py::int_(0)] = static_cast<double>(steps % kCountable);
    if (steps >= kCountable) digits[py::int_(1)] = static_cast<double>(steps / kCountable);
    out[kAdamSteps] = digits;
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
  const CArray<double> digits(arrays[kAdamSteps]);
  if (digits.ndim() != 1 || digits.size() < 1 || digits.size() > 2)
    throw_invalid("set_state: adam_steps must hold one number, or two from 2^24 on");
  int64_t steps = 0, place = 1;
  for (int64_t k = 0; k < digits.size(); ++k, place *= kCountable) {
    const double n = digits.data()[k];
    if (!(n >= 0 && n <= static_cast<double>(kCountable) && n == std::floor(n)))
      throw_invalid("set_state: adam_steps must hold whole numbers from 0 to 2^24, got " +
                    std::to_string(n));
    steps += place * static_cast<int64_t>(n);
  }
  return steps;
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

}  // namespace

void define_net_state_methods(NetEngineClass& c) {
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
}

}  // namespace udl::bindings
