// RbmEngine: arrays are checked here, then the GIL is released and the runtime takes over.
#include <pybind11/stl.h>

#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>

#include "bindings/numpy/rows.h"
#include "runtime/rbm/engine.h"
#include "runtime/rbm/evaluate/exact.h"

namespace udl::bindings {
namespace {

/// An array of the engine's real type: a C-ordered copy or the array itself.
py::array real_array(const RbmEngine& engine, const py::object& x) {
  if (engine.is_float64()) return CArray<double>(x);
  return CArray<float>(x);
}
py::array empty_array(const RbmEngine& engine, std::vector<py::ssize_t> shape) {
  if (engine.is_float64()) return py::array_t<double>(shape);
  return py::array_t<float>(shape);
}

/// The engine may not be changed while it trains (from a callback or another thread).
void check_idle(const RbmEngine& engine, const char* function) {
  if (engine.is_training())
    throw std::runtime_error(std::string(function) +
                             ": the model is being trained; change it after fit has returned");
}

/// The engine is marked as training in this scope.
class TrainingScope {
 public:
  explicit TrainingScope(RbmEngine& engine) : engine_(engine) {
    if (!engine.try_begin_training()) check_idle(engine, "train");
  }
  ~TrainingScope() { engine_.end_training(); }
  TrainingScope(const TrainingScope&) = delete;
  TrainingScope& operator=(const TrainingScope&) = delete;

 private:
  RbmEngine& engine_;
};

void set_parameters(RbmEngine& engine, const py::object& weights, const py::object& hidden_bias,
                    const py::object& visible_bias) {
  const py::array w = real_array(engine, weights), hidden = real_array(engine, hidden_bias),
                  visible = real_array(engine, visible_bias);
  check_shape(w, {engine.n_hidden(), engine.n_visible()}, "set_parameters", "weights");
  check_shape(hidden, {engine.n_hidden()}, "set_parameters", "hidden_bias");
  check_shape(visible, {engine.n_visible()}, "set_parameters", "visible_bias");
  check_idle(engine, "set_parameters");
  engine.set_parameters(w.data(), hidden.data(), visible.data());
}

py::array weights(const RbmEngine& engine) {
  py::array out = empty_array(engine, {engine.n_hidden(), engine.n_visible()});
  engine.get_parameters(out.mutable_data(), nullptr, nullptr);
  return out;
}
py::array hidden_bias(const RbmEngine& engine) {
  py::array out = empty_array(engine, {engine.n_hidden()});
  engine.get_parameters(nullptr, out.mutable_data(), nullptr);
  return out;
}
py::array visible_bias(const RbmEngine& engine) {
  py::array out = empty_array(engine, {engine.n_visible()});
  engine.get_parameters(nullptr, nullptr, out.mutable_data());
  return out;
}

py::dict optimizer_state(const RbmEngine& engine) {
  py::array weight = empty_array(
      engine, {engine.has_weight_velocity() ? engine.n_hidden() : 0, engine.n_visible()});
  py::array hidden = empty_array(engine, {engine.n_hidden()}),
            visible = empty_array(engine, {engine.n_visible()});
  py::array mean = empty_array(engine, {engine.has_mean_activation() ? engine.n_hidden() : 0});
  engine.get_optimizer(engine.has_weight_velocity() ? weight.mutable_data() : nullptr,
                       hidden.mutable_data(), visible.mutable_data(),
                       engine.has_mean_activation() ? mean.mutable_data() : nullptr);
  py::dict out;
  if (engine.has_weight_velocity()) out["weight_velocity"] = weight;
  out["hidden_velocity"] = hidden;
  out["visible_velocity"] = visible;
  if (engine.has_mean_activation()) out["mean_activation"] = mean;
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
    if (n_found_ == state.size()) return;
    throw_invalid(std::string(function) + ": unknown entries besides those of optimizer_state()");
  }

  void assign_to(RbmEngine& engine) const {
    engine.set_optimizer(data(weight_), data(hidden_), data(visible_), data(mean_));
  }

 private:
  std::optional<py::array> array(const char* name, std::initializer_list<int64_t> shape) {
    if (!state_.contains(name)) return std::nullopt;
    ++n_found_;
    py::array x = real_array(engine_, state_[name]);
    check_shape(x, shape, function_, name);
    return x;
  }
  static const void* data(const std::optional<py::array>& x) { return x ? x->data() : nullptr; }

  const RbmEngine& engine_;
  const py::dict& state_;
  const char* function_;
  std::size_t n_found_ = 0;
  std::optional<py::array> weight_, hidden_, visible_, mean_;
};

void set_optimizer_state(RbmEngine& engine, const py::dict& state) {
  const OptimizerArrays arrays(engine, state, "set_optimizer_state");
  check_idle(engine, "set_optimizer_state");
  arrays.assign_to(engine);
}

Rows chain_rows(const RbmEngine& engine, const py::array& x, const char* function) {
  Rows hidden = rows_from_array(x);
  check_columns(hidden, engine.n_hidden(), function, "hidden", "the model");
  if (!hidden.is_bits()) throw_invalid(std::string(function) + ": hidden must be binary");
  return hidden;
}

void set_chains(RbmEngine& engine, const py::array& x) {
  const Rows hidden = chain_rows(engine, x, "set_chains");
  check_idle(engine, "set_chains");
  engine.set_chains(hidden);
}

// ---- everything that learning changes, by name ----

py::dict state(const RbmEngine& engine) {
  py::dict out = optimizer_state(engine);
  out["weights"] = weights(engine);
  out["hidden_bias"] = hidden_bias(engine);
  out["visible_bias"] = visible_bias(engine);
  const Rows chains = engine.chains();
  out["chains"] = bool_array(chains.rows() > 0 ? chains : Rows::zero_bits(0, engine.n_hidden()));
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
  const OptimizerArrays velocities(engine, optimizer, "set_state");
  const Rows chains = chain_rows(engine, py::array(arrays["chains"]), "set_state");
  set_parameters(engine, arrays["weights"], arrays["hidden_bias"], arrays["visible_bias"]);
  velocities.assign_to(engine);
  engine.set_chains(chains);
}

/// (|W - W at the snapshot|, |W|, max |w|).
py::tuple change_since_snapshot(const RbmEngine& engine) {
  check_idle(engine, "change_since_snapshot");  // and no training begins meanwhile: the GIL is kept
  const WeightChange found = engine.change_since_snapshot();
  return py::make_tuple(found.change, found.size, found.largest);
}

// ---- training ----

/// Reads settings by name; what is missing or unknown is an error.
class SettingsReader {
 public:
  explicit SettingsReader(const py::dict& settings) : settings_(settings) {}

  template <class T>
  T get(const char* name) {
    if (!settings_.contains(name))
      throw_invalid(std::string("train: settings lack '") + name + "'");
    ++used_;
    return settings_[name].template cast<T>();
  }
  void check_all_used() const {
    if (used_ != settings_.size())
      throw_invalid("train: settings hold " + std::to_string(settings_.size()) +
                    " entries, expected " + std::to_string(used_));
  }

 private:
  const py::dict& settings_;
  std::size_t used_ = 0;
};

TrainSettings read_settings(const py::dict& settings) {
  SettingsReader reader(settings);
  TrainSettings out;
  const auto algorithm = reader.get<std::string>("algorithm");
  if (algorithm != "cd" && algorithm != "pcd")
    throw_invalid("train: algorithm must be 'cd' or 'pcd', got '" + algorithm + "'");
  out.persistent = algorithm == "pcd";
  out.batch_size = reader.get<int64_t>("batch_size");
  out.k = reader.get<int64_t>("k");
  out.learning_rate = reader.get<double>("learning_rate");
  out.momentum = reader.get<double>("momentum");
  out.weight_decay = reader.get<double>("weight_decay");
  out.l1 = reader.get<double>("l1");
  const auto target = reader.get<std::optional<double>>("sparsity_target");
  out.has_sparsity = target.has_value();
  out.sparsity_target = target.value_or(0.0);
  out.sparsity_cost = reader.get<double>("sparsity_cost");
  out.sparsity_damping = reader.get<double>("sparsity_damping");
  out.sample_visibles = reader.get<bool>("sample_visibles");
  const auto statistics = reader.get<std::string>("statistics");
  if (statistics != "mean" && statistics != "sampled")
    throw_invalid("train: statistics must be 'mean' or 'sampled', got '" + statistics + "'");
  out.sampled_statistics = statistics == "sampled";
  out.binarize_sample = reader.get<bool>("binarize_sample");
  out.data_step = reader.get<int64_t>("data_step");
  reader.check_all_used();
  check_positive(out.batch_size, "train", "batch_size");
  check_positive(out.k, "train", "k");
  check_step(out.data_step, "train");
  return out;
}

/// The order as a pointer, after checking that every entry is a row.
const uint32_t* checked_order(const std::optional<CArray<uint32_t>>& order, const Rows& rows) {
  if (!order) return nullptr;
  check_shape(*order, {rows.rows()}, "train", "order");
  for (int64_t i = 0; i < rows.rows(); ++i)
    if (order->data()[i] >= rows.rows())
      throw_invalid("train: order[" + std::to_string(i) + "] is " +
                    std::to_string(order->data()[i]) + ", but there are " +
                    std::to_string(rows.rows()) + " rows");
  return order->data();
}

/// Calls a Python poll and checks for Ctrl-C; an exception is kept and stops training at the
/// minibatch.
class PythonPoll {
 public:
  explicit PythonPoll(py::object callback) : callback_(std::move(callback)) {}

  bool operator()(int64_t rows_done) {
    const HeldGil gil;
    try {
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
      return !callback_.is_none() && callback_(rows_done).cast<bool>();
    } catch (...) {
      error_ = std::current_exception();
      return true;
    }
  }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  py::object callback_;
  std::exception_ptr error_;
};

py::dict train(RbmEngine& engine, const Rows& rows, const std::optional<CArray<uint32_t>>& order,
               const py::dict& settings, uint64_t seed, int64_t step, int n_threads,
               py::object poll) {
  check_columns(rows, engine.n_visible(), "train", "rows", "the model");
  check_threads(n_threads, "train");
  check_step(step, "train");
  const TrainSettings parsed = read_settings(settings);
  if (rows.rows() < 1) throw_invalid("train: rows is empty");
  if (parsed.persistent && engine.chains().rows() < 1)
    throw_invalid("train: algorithm 'pcd' needs chains; call set_chains first");
  const uint32_t* order_data = checked_order(order, rows);
  PythonPoll python_poll(std::move(poll));
  const TrainingScope scope(engine);
  TrainResult result;
  {
    ReleasedGil release;
    result = engine.train(rows, order_data, parsed, seed, static_cast<uint64_t>(step), n_threads,
                          std::ref(python_poll));
  }
  python_poll.rethrow();
  py::dict out;
  out["n_updates"] = result.n_updates;
  out["n_rows"] = result.n_rows;
  out["step"] = result.step;
  out["stopped"] = result.stopped;
  out["finite"] = result.finite;
  out["seconds"] = result.seconds;
  return out;
}

// ---- inference and sampling ----

py::array mean_hidden(const RbmEngine& engine, const Rows& rows, int n_threads) {
  check_columns(rows, engine.n_visible(), "mean_hidden", "rows", "the model");
  check_threads(n_threads, "mean_hidden");
  py::array out = empty_array(engine, {rows.rows(), engine.n_hidden()});
  void* data = out.mutable_data();
  ReleasedGil release;
  engine.mean_hidden(rows, data, n_threads);
  return out;
}

py::array mean_visible(const RbmEngine& engine, const Rows& rows, int n_threads) {
  check_columns(rows, engine.n_hidden(), "mean_visible", "rows", "the model");
  check_threads(n_threads, "mean_visible");
  py::array out = empty_array(engine, {rows.rows(), engine.n_visible()});
  void* data = out.mutable_data();
  ReleasedGil release;
  engine.mean_visible(rows, data, n_threads);
  return out;
}

DrawSource draw_source(const char* function, const Rows& rows, uint64_t seed,
                       const std::string& stream, int64_t step, int64_t first_chain) {
  check_step(step, function);
  check_chains(first_chain, rows.rows(), function);
  return {seed, stream_from_name(stream), static_cast<uint64_t>(step),
          static_cast<uint32_t>(first_chain)};
}

Rows sample_hidden(const RbmEngine& engine, const Rows& rows, uint64_t seed,
                   const std::string& stream, int64_t step, int64_t first_chain, int n_threads) {
  check_columns(rows, engine.n_visible(), "sample_hidden", "rows", "the model");
  check_threads(n_threads, "sample_hidden");
  const DrawSource source = draw_source("sample_hidden", rows, seed, stream, step, first_chain);
  ReleasedGil release;
  return engine.sample_hidden(rows, source, n_threads);
}

Rows sample_visible(const RbmEngine& engine, const Rows& rows, uint64_t seed,
                    const std::string& stream, int64_t step, int64_t first_chain, int n_threads) {
  check_columns(rows, engine.n_hidden(), "sample_visible", "rows", "the model");
  check_threads(n_threads, "sample_visible");
  const DrawSource source = draw_source("sample_visible", rows, seed, stream, step, first_chain);
  ReleasedGil release;
  return engine.sample_visible(rows, source, n_threads);
}

std::pair<Rows, Rows> gibbs(const RbmEngine& engine, const Rows& rows, int64_t n_steps,
                            uint64_t seed, const std::string& stream, int64_t step,
                            int64_t first_chain, int n_threads) {
  check_columns(rows, engine.n_visible(), "gibbs", "rows", "the model");
  check_positive(n_steps, "gibbs", "n_steps");
  check_threads(n_threads, "gibbs");
  const DrawSource source = draw_source("gibbs", rows, seed, stream, step, first_chain);
  ReleasedGil release;
  return engine.gibbs(rows, n_steps, source, n_threads);
}

py::array_t<double> free_energy(const RbmEngine& engine, const Rows& rows, int n_threads) {
  check_columns(rows, engine.n_visible(), "free_energy", "rows", "the model");
  check_threads(n_threads, "free_energy");
  py::array_t<double> out(rows.rows());
  double* data = out.mutable_data();
  ReleasedGil release;
  engine.free_energy(rows, data, n_threads);
  return out;
}

double log_partition(const RbmEngine& engine, int n_threads) {
  check_threads(n_threads, "log_partition_exact");
  const CArray<double> w(weights(engine)), hidden(hidden_bias(engine)),
      visible(visible_bias(engine));
  ReleasedGil release;
  return log_partition_exact(w.data(), hidden.data(), visible.data(), engine.n_hidden(),
                             engine.n_visible(), n_threads);
}

}  // namespace
}  // namespace udl::bindings

void init_rbm(pybind11::module_& m) {
  using namespace udl::bindings;
  using udl::RbmEngine;
  const auto draws = [](auto& c, const char* name, auto f) {
    c.def(name, f, py::arg("rows"), py::arg("seed"), py::arg("stream"), py::arg("step"),
          py::arg("first_chain"), py::arg("n_threads"));
  };
  py::class_<RbmEngine> c(m, "RbmEngine");
  c.def(py::init([](int64_t n_visible, int64_t n_hidden, const std::string& precision) {
          check_positive(n_visible, "RbmEngine", "n_visible");
          check_positive(n_hidden, "RbmEngine", "n_hidden");
          return udl::make_rbm_engine(n_visible, n_hidden, precision);
        }),
        py::arg("n_visible"), py::arg("n_hidden"), py::arg("precision"));
  c.def_property_readonly("n_visible", &RbmEngine::n_visible);
  c.def_property_readonly("n_hidden", &RbmEngine::n_hidden);
  c.def_property_readonly("precision", &RbmEngine::precision);
  c.def("set_parameters", &set_parameters, py::arg("weights"), py::arg("hidden_bias"),
        py::arg("visible_bias"));
  c.def("weights", &weights);
  c.def("hidden_bias", &hidden_bias);
  c.def("visible_bias", &visible_bias);
  c.def("optimizer_state", &optimizer_state);
  c.def("set_optimizer_state", &set_optimizer_state, py::arg("state"));
  c.def("state", &state);
  c.def("set_state", &set_state, py::arg("arrays"));
  c.def("chains", [](const RbmEngine& engine) { return bool_array(engine.chains()); });
  c.def("set_chains", &set_chains, py::arg("hidden"));
  c.def("snapshot", [](RbmEngine& engine) {
    check_idle(engine, "snapshot");
    engine.snapshot();
  });
  c.def("restore", [](RbmEngine& engine) {
    check_idle(engine, "restore");
    engine.restore();
  });
  c.def("change_since_snapshot", &change_since_snapshot);
  c.def("train", &train, py::arg("rows"), py::arg("order"), py::arg("settings"), py::arg("seed"),
        py::arg("step"), py::arg("n_threads"), py::arg("poll") = py::none());
  c.def("mean_hidden", &mean_hidden, py::arg("rows"), py::arg("n_threads"));
  c.def("mean_visible", &mean_visible, py::arg("rows"), py::arg("n_threads"));
  draws(c, "sample_hidden", &sample_hidden);
  draws(c, "sample_visible", &sample_visible);
  c.def("gibbs", &gibbs, py::arg("rows"), py::arg("n_steps"), py::arg("seed"), py::arg("stream"),
        py::arg("step"), py::arg("first_chain"), py::arg("n_threads"));
  c.def("free_energy", &free_energy, py::arg("rows"), py::arg("n_threads"));
  c.def("log_partition_exact", &log_partition, py::arg("n_threads"));
}
