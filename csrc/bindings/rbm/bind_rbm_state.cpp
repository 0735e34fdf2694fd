// Parameters, optimiser state, chains and snapshots of an RbmEngine.
#include <pybind11/stl.h>

#include <optional>
#include <vector>

#include "bindings/numpy/rows.h"
#include "bindings/rbm/rbm_engine_methods.h"

namespace udl::bindings {

namespace {

/// None where units are in no groups.
std::optional<std::vector<int64_t>> visible_groups(const RbmEngine& engine) {
  if (engine.units().visible != UnitKind::softmax) return std::nullopt;
  return engine.units().visible_groups;
}

/// Parameters, checked.
class ParameterArrays {
 public:
  ParameterArrays(const RbmEngine& engine, const py::object& weights, const py::object& hidden_bias,
                  const py::object& visible_bias, const py::object& log_variance,
                  const char* function)
      : weights_(engine, weights, {engine.n_hidden(), engine.n_visible()}, function, "weights"),
        hidden_(engine, hidden_bias, {engine.n_hidden()}, function, "hidden_bias"),
        visible_(engine, visible_bias, {engine.n_visible()}, function, "visible_bias") {
    if (log_variance.is_none()) return;
    if (!engine.units().have_variances())
      throw_invalid(std::string(function) +
                    ": log_variance is of Gaussian visible units, these are '" +
                    unit_kind_name(engine.units().visible) + "'");
    log_variance_ = {engine, log_variance, {engine.n_visible()}, function, "log_variance"};
  }

  void assign_to(RbmEngine& engine) const {
    engine.set_parameters({weights_.view(), hidden_.view(), visible_.view(), log_variance_.view()});
  }

 private:
  const CheckedReals weights_, hidden_, visible_;
  CheckedReals log_variance_;  ///< empty: stays
};

void set_parameters(RbmEngine& engine, const py::object& weights, const py::object& hidden_bias,
                    const py::object& visible_bias, const py::object& log_variance) {
  const char* function = "set_parameters";
  const ParameterArrays arrays(engine, weights, hidden_bias, visible_bias, log_variance, function);
  const ChangeScope change(engine, function);
  arrays.assign_to(engine);
}

py::array weights(const RbmEngine& engine) {
  const LookScope look(engine);
  const RealArray out(engine, {engine.n_hidden(), engine.n_visible()});
  engine.get_parameters({out.span(), {}, {}, {}});
  return out.array();
}
py::array hidden_bias(const RbmEngine& engine) {
  const LookScope look(engine);
  const RealArray out(engine, {engine.n_hidden()});
  engine.get_parameters({{}, out.span(), {}, {}});
  return out.array();
}
py::array visible_bias(const RbmEngine& engine) {
  const LookScope look(engine);
  const RealArray out(engine, {engine.n_visible()});
  engine.get_parameters({{}, {}, out.span(), {}});
  return out.array();
}
py::array log_variance(const RbmEngine& engine) {
  if (!engine.units().have_variances())
    throw_invalid("log_variance: only Gaussian visible units have one");
  const LookScope look(engine);
  const RealArray out(engine, {engine.n_visible()});
  engine.get_parameters({{}, {}, {}, out.span()});
  return out.array();
}

py::dict optimizer_state(const RbmEngine& engine) {
  const LookScope look(engine);
  const bool has_weight = engine.has_weight_velocity(), has_mean = engine.has_mean_activation();
  const RealArray weight(engine, {has_weight ? engine.n_hidden() : 0, engine.n_visible()});
  const RealArray hidden(engine, {engine.n_hidden()}), visible(engine, {engine.n_visible()});
  const RealArray mean(engine, {has_mean ? engine.n_hidden() : 0});
  const bool has_offsets = engine.has_offsets();
  const RealArray hidden_offset(engine, {has_offsets ? engine.n_hidden() : 0});
  const RealArray visible_offset(engine, {has_offsets ? engine.n_visible() : 0});
  const bool has_variance = engine.units().have_variances();
  const RealArray variance(engine, {has_variance ? engine.n_visible() : 0});
  engine.get_optimizer({has_weight ? weight.span() : RealSpan(), hidden.span(), visible.span(),
                        has_mean ? mean.span() : RealSpan(),
                        has_offsets ? hidden_offset.span() : RealSpan(),
                        has_offsets ? visible_offset.span() : RealSpan(),
                        has_variance ? variance.span() : RealSpan()});
  py::dict out;
  if (has_weight) out["weight_velocity"] = weight.array();
  out["hidden_velocity"] = hidden.array();
  out["visible_velocity"] = visible.array();
  if (has_mean) out["mean_activation"] = mean.array();
  if (has_offsets) out["hidden_offset"] = hidden_offset.array();
  if (has_offsets) out["visible_offset"] = visible_offset.array();
  if (has_variance) out["log_variance_velocity"] = variance.array();
  return out;
}

/// The arrays of an optimiser state, checked; those the dict lacks are left out.
class OptimizerArrays {
 public:
  OptimizerArrays(const RbmEngine& engine, const py::dict& state, const char* function)
      : engine_(engine), state_(state), function_(function) {
    weight_ = array("weight_velocity", {engine.n_hidden(), engine.n_visible()});
    hidden_ = array("hidden_velocity", {engine.n_hidden()});
    visible_ = array("visible_velocity", {engine.n_visible()});
    mean_ = array("mean_activation", {engine.n_hidden()});
    hidden_offset_ = array("hidden_offset", {engine.n_hidden()});
    visible_offset_ = array("visible_offset", {engine.n_visible()});
    if (state.contains("hidden_offset") != state.contains("visible_offset"))
      throw_invalid(std::string(function) + ": needs both of hidden_offset and visible_offset");
    if (engine.units().have_variances())
      log_variance_ = array("log_variance_velocity", {engine.n_visible()});
    if (n_found_ == state.size()) return;
    throw_invalid(std::string(function) + ": unknown entries besides those of optimizer_state()");
  }

  void assign_to(RbmEngine& engine) const {
    engine.set_optimizer({weight_.view(), hidden_.view(), visible_.view(), mean_.view(),
                          hidden_offset_.view(), visible_offset_.view(), log_variance_.view()});
  }

 private:
  CheckedReals array(const char* name, std::initializer_list<int64_t> shape) {
    if (!state_.contains(name)) return {};
    ++n_found_;
    return {engine_, state_[name], shape, function_, name};
  }

  const RbmEngine& engine_;
  const py::dict& state_;
  const char* function_;
  std::size_t n_found_ = 0;
  CheckedReals weight_, hidden_, visible_, mean_, hidden_offset_, visible_offset_, log_variance_;
};

void set_optimizer_state(RbmEngine& engine, const py::dict& state) {
  const OptimizerArrays arrays(engine, state, "set_optimizer_state");
  const ChangeScope change(engine, "set_optimizer_state");
  arrays.assign_to(engine);
}

void check_finite(const Rows& rows, const char* function) {
  for (int64_t r = 0; r < rows.rows(); ++r)
    rows.visit_row(r, [&](int64_t, double value) {
      if (!std::isfinite(value))
        throw_invalid(std::string(function) + ": hidden holds a value that is not finite");
    });
}

Rows chain_rows(const RbmEngine& engine, const py::array& x, const char* function) {
  Rows hidden = rows_from_array(x);
  check_columns(hidden, engine.n_hidden(), function, "hidden", "the model");
  if (!has_bits(engine.units().hidden))
    check_finite(hidden, function);
  else if (!hidden.is_bits())
    throw_invalid(std::string(function) + ": hidden must be binary");
  return hidden;
}

/// Bools, or reals of the engine's type where hidden states are no bits.
py::array chain_array(const RbmEngine& engine) {
  Rows rows = engine.chains();
  if (rows.rows() == 0) rows = Rows::zero_bits(0, engine.n_hidden());  // of as many columns
  if (has_bits(engine.units().hidden)) return bool_array(rows);
  return real_array(rows, engine.precision() == Precision::float64);
}

py::array chains(const RbmEngine& engine) {
  const LookScope look(engine);
  return chain_array(engine);
}
int64_t n_chains(const RbmEngine& engine) {
  const LookScope look(engine);
  return engine.n_chains();
}

void set_chains(RbmEngine& engine, const py::array& x) {
  const Rows hidden = chain_rows(engine, x, "set_chains");
  const ChangeScope change(engine, "set_chains");
  engine.set_chains(hidden);
}

/// Reals of the engine's type; empty where no training left any.
py::array betas(const RbmEngine& engine) {
  const LookScope look(engine);
  const std::vector<double> values = engine.betas();
  const py::array_t<double> array(static_cast<py::ssize_t>(values.size()), values.data());
  return engine.precision() == Precision::float64 ? py::array(array)
                                                  : py::array(array.cast<py::array_t<float>>());
}

std::vector<double> checked_betas(const py::object& given) {
  if (given.is_none()) return {};
  const auto array = py::array_t<double, py::array::forcecast>::ensure(given);
  if (!array || array.ndim() != 1) throw_invalid("set_state: betas must be a vector of numbers");
  std::vector<double> betas(array.data(), array.data() + array.size());
  for (std::size_t t = 0; t < betas.size(); ++t) {
    const bool descends = t == 0 ? betas[t] == 1 : betas[t] < betas[t - 1];
    if (!descends || !(betas[t] >= 0))
      throw_invalid("set_state: betas must descend from 1 to 0 or above, got " +
                    std::to_string(betas[t]) + " at " + std::to_string(t));
  }
  return betas;
}

// ---- everything that learning changes, by name ----

py::dict state(const RbmEngine& engine) {
  const LookScope look(engine);
  py::dict out = optimizer_state(engine);
  out["weights"] = weights(engine);
  out["hidden_bias"] = hidden_bias(engine);
  out["visible_bias"] = visible_bias(engine);
  if (engine.units().have_variances()) out["log_variance"] = log_variance(engine);
  out["chains"] = chain_array(engine);
  if (!engine.betas().empty()) out["betas"] = betas(engine);
  return out;
}

/// Takes over what `state` gave. Everything is checked first: after an error the engine is what it
/// was.
void set_state(RbmEngine& engine, const py::dict& arrays) {
  py::dict optimizer(arrays.attr("copy")());
  for (const char* name : {"weights", "hidden_bias", "visible_bias", "chains"}) {
    if (!arrays.contains(name)) throw_invalid(std::string("set_state: lacks '") + name + "'");
    optimizer.attr("pop")(name);
  }
  const py::object log_variance = optimizer.attr("pop")("log_variance", py::none());
  const std::vector<double> betas = checked_betas(optimizer.attr("pop")("betas", py::none()));
  const Rows chains = chain_rows(engine, py::array(arrays["chains"]), "set_state");
  const OptimizerArrays velocities(engine, optimizer, "set_state");
  const ParameterArrays parameters(engine, arrays["weights"], arrays["hidden_bias"],
                                   arrays["visible_bias"], log_variance, "set_state");
  const ChangeScope change(engine, "set_state");
  engine.set_all([&](RbmEngine& to) {
    parameters.assign_to(to);
    velocities.assign_to(to);
    to.set_chains(chains);
    to.set_betas(betas);
  });
}

/// What state() gave at the snapshot of this number; None if there is none or a later one.
py::object snapshot_state(const RbmEngine& engine, int64_t number) {
  std::unique_ptr<RbmEngine> copy;
  {
    const LookScope look(engine);
    copy = engine.copy_of_snapshot(number);
  }
  return copy ? py::object(state(*copy)) : py::none();
}

/// (|W - W at the snapshot|, |W|, max |w|).
py::tuple change_since_snapshot(const RbmEngine& engine) {
  check_idle(engine, "change_since_snapshot");
  const LookScope look(engine);
  const WeightChange found = engine.change_since_snapshot();
  return py::make_tuple(found.change, found.size, found.largest);
}

}  // namespace

void define_facts(RbmEngineClass& c) {
  c.def_property_readonly("n_visible", &RbmEngine::n_visible);
  c.def_property_readonly("n_hidden", &RbmEngine::n_hidden);
  c.def_property_readonly(
      "precision", [](const RbmEngine& engine) { return precision_name(engine.precision()); });
  c.def_property_readonly(
      "visible", [](const RbmEngine& engine) { return unit_kind_name(engine.units().visible); });
  c.def_property_readonly(
      "hidden", [](const RbmEngine& engine) { return unit_kind_name(engine.units().hidden); });
  c.def_property_readonly("visible_groups", &visible_groups);
}

void define_state_methods(RbmEngineClass& c) {
  c.def("set_parameters", &set_parameters, py::arg("weights"), py::arg("hidden_bias"),
        py::arg("visible_bias"), py::arg("log_variance") = py::none());
  c.def("weights", &weights);
  c.def("hidden_bias", &hidden_bias);
  c.def("visible_bias", &visible_bias);
  c.def("log_variance", &log_variance);
  c.def("optimizer_state", &optimizer_state);
  c.def("set_optimizer_state", &set_optimizer_state, py::arg("state"));
  c.def("state", &state);
  c.def("set_state", &set_state, py::arg("arrays"));
  c.def("chains", &chains);
  c.def_property_readonly("n_chains", &n_chains);
  c.def("set_chains", &set_chains, py::arg("hidden"));
  c.def("betas", &betas);
  c.def("snapshot", [](RbmEngine& engine) {
    const ChangeScope change(engine, "snapshot");
    return engine.snapshot();
  });
  c.def("restore", [](RbmEngine& engine) {
    const ChangeScope change(engine, "restore");
    engine.restore();
  });
  c.def("snapshot_state", &snapshot_state, py::arg("number"));
  c.def("change_since_snapshot", &change_since_snapshot);
}

}  // namespace udl::bindings
