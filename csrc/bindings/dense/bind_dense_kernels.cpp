// Single kernels of nets: one at a time for tests, and n times for benchmarks, which time them in
// Python.
#include <pybind11/stl.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/nets.h"
#include "bindings/numpy/arrays.h"
#include "bindings/numpy/interrupt.h"
#include "kernels/dense/halves.h"
#include "runtime/bench/dense_rates.h"
#include "runtime/dense/fast/halves.h"
#include "runtime/dispatch/target.h"
#include "runtime/memory/panels.h"
#include "runtime/memory/unit_panels.h"

namespace udl::bindings {
namespace {

using Matrix = CArray<float>;

template <class Word, int kWords>
Word word(const char* const (&words)[kWords], const std::string& name, const char* function) {
  for (int i = 0; i < kWords; ++i)
    if (name == words[i]) return static_cast<Word>(i);
  throw_invalid(std::string(function) + ": there is no '" + name + "'");
}

Activation activation_word(const std::string& name, const char* function) {
  static const char* const kWords[] = {"linear", "logistic", "tanh", "relu", "softmax"};
  return word<Activation>(kWords, name, function);
}

void check_matrix(const py::array& a, const char* function, const char* argument) {
  if (a.ndim() != 2)
    throw_invalid(std::string(function) + ": " + argument + " has shape " + shape_text(a) +
                  ", expected two dimensions");
}

UnitMatrix unit_matrix(const Matrix& rows) {
  UnitMatrix units(rows.shape(0), rows.shape(1));
  units.set_rows(0, rows.shape(0), rows.data(), rows.shape(1));
  return units;
}

Matrix matrix(UnitMatrix& units, int64_t n_rows) {
  Matrix out({n_rows, units.n_units()});
  units.copy_rows(0, n_rows, out.mutable_data(), units.n_units());
  return out;
}

PanelMatrix panel_matrix(const Matrix& values) {
  PanelMatrix panels(values.shape(0), values.shape(1));
  panels.assign(values.data());
  return panels;
}

Matrix matrix(const PanelMatrix& panels) {
  Matrix out({panels.n_hidden(), panels.n_visible()});
  panels.copy_to(out.mutable_data());
  return out;
}

Buffer<float> padded(const Matrix& values, int64_t n, const char* function, const char* argument) {
  check_shape(values, {n}, function, argument);
  Buffer<float> out(round_up(n, kTileUnits));
  std::copy_n(values.data(), n, out.data());
  return out;
}

/// work(first, count) for pieces of 0 .. n - 1.
template <class Work>
void for_pieces(int64_t n, int64_t size, Work&& work) {
  for (int64_t first = 0; first < n; first += size) work(first, std::min(size, n - first));
}

/// A product and its finish in tasks of some panels and rows.
Matrix dense_product(const Matrix& weights, const Matrix& values, bool to_inputs,
                     const std::string& activation, const Matrix& of_units,
                     const std::optional<Matrix>& outputs, const std::optional<Matrix>& by_value,
                     int64_t task_panels, int64_t task_rows, bool by_lists) {
  const char* name = "dense_product";
  check_matrix(weights, name, "weights");
  check_matrix(values, name, "values");
  const int64_t n_rows = values.shape(0);
  const int64_t n_from = weights.shape(to_inputs ? 0 : 1), n_to = weights.shape(to_inputs ? 1 : 0);
  check_shape(values, {n_rows, n_from}, name, "values");
  check_positive(task_panels, name, "task_panels");
  check_positive(task_rows, name, "task_rows");
  const PanelMatrix panels = panel_matrix(weights);
  const UnitMatrix from = unit_matrix(values);
  const Buffer<float> term = padded(of_units, n_to, name, "of_units");
  UnitMatrix y, factors, out(n_rows, n_to);
  for (const auto& [given, to] : {std::pair(&outputs, &y), std::pair(&by_value, &factors)}) {
    if (!*given) continue;
    check_shape(**given, {n_rows, n_to}, name, "outputs or by_value");
    *to = unit_matrix(**given);
  }
  DenseFinish finish{};
  finish.activation = activation_word(activation, name);
  finish.n_units = n_to;
  const bool activates = y.empty();
  (activates ? finish.bias : finish.term) = term.data();
  if (!activates) finish.outputs = std::as_const(y).view();
  if (!factors.empty()) (activates ? finish.noise : finish.scales) = std::as_const(factors).view();
  Buffer<float> scratch(kStripScratch), entries(n_rows * n_from + kTileUnits);
  const int64_t n_chunks = divide_up(n_from, kListedUnits);
  Buffer<int32_t> at(n_rows * n_from + kTileUnits),
      starts(PixelLists::row_starts(n_rows, n_chunks));
  const PixelLists lists{at.data(), entries.data(), starts.data(), n_chunks};
  const DenseKernels& kernels = dense_kernels();
  if (by_lists) kernels.lists.by_row(from.view(), n_from, 0, n_rows, lists, 0);
  const DenseWeights view{panels.panel(0), panels.n_visible(), panels.n_hidden()};
  for_pieces(out.n_panels(), task_panels, [&](int64_t panel, int64_t n_panels) {
    for_pieces(n_rows, task_rows, [&](int64_t row, int64_t count) {
      const DenseProduct product{view, from.view(), out.view(), panel,          n_panels,
                                 row,  count,       finish,     scratch.data(), {}};
      if (by_lists)
        kernels.lists.to_outputs(product, lists);
      else
        (to_inputs ? kernels.products.to_inputs : kernels.products.to_outputs)(product);
    });
  });
  return matrix(out, n_rows);
}

OptimizerStep optimizer_step(const std::string& rule, const py::dict& numbers) {
  static const char* const kRules[] = {"gradient", "accumulate", "descent",
                                       "sgd",      "nesterov",   "adam"};
  OptimizerStep step{};
  step.rule = word<OptimizerRule>(kRules, rule, "dense_update");
  const auto number = [&](const char* name) {
    return numbers.contains(name) ? numbers[name].cast<float>() : 0.0f;
  };
  step.rate = number("rate");
  step.momentum = number("momentum");
  step.weight_decay = number("weight_decay");
  step.l1 = number("l1");
  step.one_minus_beta1 = number("one_minus_beta1");
  step.one_minus_beta2 = number("one_minus_beta2");
  step.epsilon = number("epsilon");
  step.correction = number("correction");
  return step;
}

/// Weights and what an optimizer remembers of them, in panels.
struct Parameters {
  Parameters(const Matrix& of_weights, const Matrix& of_first, const Matrix& of_second,
             const char* name) {
    check_matrix(of_weights, name, "weights");
    const int64_t n_outputs = of_weights.shape(0), n_inputs = of_weights.shape(1);
    check_shape(of_first, {n_outputs, n_inputs}, name, "first");
    check_shape(of_second, {n_outputs, n_inputs}, name, "second");
    weights = panel_matrix(of_weights);
    first = panel_matrix(of_first);
    second = panel_matrix(of_second);
  }

  PanelMatrix weights, first, second;
};

/// (weights, first, second) after a step with a gradient; in_halves: of weights that are split
/// before and joined behind it.
py::tuple dense_step(const Matrix& weights, const Matrix& first, const Matrix& second,
                     const Matrix& gradient, const std::string& rule, const py::dict& numbers,
                     bool in_halves) {
  const char* name = "dense_step";
  Parameters parameters(weights, first, second, name);
  PanelMatrix &w = parameters.weights, &m = parameters.first, &s = parameters.second;
  check_shape(gradient, {weights.shape(0), weights.shape(1)}, name, "gradient");
  const PanelMatrix g = panel_matrix(gradient);
  const OptimizerStep step = optimizer_step(rule, numbers);
  if (in_halves) split_weights(w);
  const int64_t n = w.panel_stride();
  for (int64_t panel = 0; panel < w.n_panels(); ++panel)
    dense_kernels().update.step(
        step, true,
        {w.panel(panel), m.panel(panel), s.panel(panel), g.panel(panel), n / kTileUnits,
         in_halves ? w.panel(panel) + lower_halves(n) : nullptr});
  return py::make_tuple(matrix(in_halves ? joined_weights(w) : w), matrix(m), matrix(s));
}

/// (weights, first, second) after the update of weights by some terms, in tasks of some panels and
/// units.
py::tuple dense_update(const Matrix& weights, const Matrix& first, const Matrix& second,
                       const std::vector<std::pair<Matrix, Matrix>>& terms, const std::string& rule,
                       const py::dict& numbers, int64_t task_panels, int64_t task_units,
                       bool by_lists) {
  const char* name = "dense_update";
  Parameters parameters(weights, first, second, name);
  PanelMatrix &w = parameters.weights, &m = parameters.first, &s = parameters.second;
  const int64_t n_outputs = weights.shape(0), n_inputs = weights.shape(1);
  check_positive(task_panels, name, "task_panels");
  if (terms.empty() || task_units < kTileUnits || task_units % kTileUnits != 0)
    throw_invalid("dense_update: a term, and tasks of whole tiles of units");
  DenseUpdate update{};
  update.n_rows = terms[0].first.shape(0);
  std::vector<UnitMatrix> units;
  std::vector<GradientTerm> views;
  for (const auto& [inputs, outputs] : terms) {
    check_shape(inputs, {update.n_rows, n_inputs}, name, "inputs");
    check_shape(outputs, {update.n_rows, n_outputs}, name, "outputs");
    units.push_back(unit_matrix(inputs));
    units.push_back(unit_matrix(outputs));
  }
  for (std::size_t t = 0; t < terms.size(); ++t)
    views.push_back({std::as_const(units[2 * t]).view(), std::as_const(units[2 * t + 1]).view()});
  update.terms = views.data();
  update.n_terms = static_cast<int64_t>(views.size());
  update.weights = w.panel(0);
  update.first = m.panel(0);
  update.second = s.panel(0);
  update.panel_stride = w.panel_stride();
  update.step = optimizer_step(rule, numbers);
  const int64_t n_chunks = divide_up(update.n_rows, kListedRows);
  const int64_t n_padded = round_up(n_inputs, kTileUnits);
  const int64_t n_entries = update.n_rows * n_padded / 2 + kTileUnits;
  Buffer<float> entries(2 * n_entries);
  Buffer<int32_t> at(n_entries), starts(PixelLists::pair_starts(n_padded / kTileUnits, n_chunks));
  const PixelLists lists{at.data(), entries.data(), starts.data(), n_chunks};
  const DenseKernels& kernels = dense_kernels();
  if (by_lists)
    kernels.lists.by_pair(update.terms[0].inputs, update.n_rows, 0, divide_up(n_inputs, kTileUnits),
                          lists, 0);
  for_pieces(w.n_panels(), task_panels, [&](int64_t panel, int64_t n_panels) {
    for_pieces(n_inputs, task_units, [&](int64_t unit, int64_t count) {
      update.first_panel = panel;
      update.n_panels = n_panels;
      update.first_unit = unit;
      update.end_unit = unit + count;
      if (by_lists)
        kernels.lists.weights(update, lists);
      else
        kernels.update.weights(update);
    });
  });
  return py::make_tuple(matrix(w), matrix(m), matrix(s));
}

/// Sums over rows, of which biases learn.
Matrix dense_row_sums(const Matrix& values) {
  check_matrix(values, "dense_row_sums", "values");
  const UnitMatrix units = unit_matrix(values);
  Matrix out({values.shape(1)});
  Buffer<float> sums(units.n_panels() * kTileUnits);
  dense_kernels().update.sum_rows(
      {units.view(), 0, units.n_panels(), 0, values.shape(0), sums.data()});
  std::copy_n(sums.data(), values.shape(1), out.mutable_data());
  return out;
}

/// (outputs, errors, loss) of an output layer with these sums.
py::tuple dense_loss(const Matrix& sums, const Matrix& targets, const std::string& activation,
                     const std::string& loss, float factor) {
  static const char* const kLosses[] = {"squared", "cross_entropy", "multinomial"};
  const char* name = "dense_loss";
  check_matrix(sums, name, "sums");
  const int64_t n_rows = sums.shape(0);
  check_shape(targets, {n_rows, sums.shape(1)}, name, "targets");
  UnitMatrix x = unit_matrix(sums), errors = unit_matrix(sums);
  const UnitMatrix t = unit_matrix(targets);
  Buffer<float> log_sums(n_rows), target_sums(n_rows);
  LossCall call{};
  call.loss = word<Loss>(kLosses, loss, name);
  call.activation = activation_word(activation, name);
  call.units = errors.view();
  call.targets = t.view();
  call.n_units = sums.shape(1);
  call.n_panels = x.n_panels();
  call.n_rows = n_rows;
  call.factor = factor;
  call.log_sums = log_sums.data();
  call.target_sums = target_sums.data();
  const LossKernels& kernels = dense_kernels().loss;
  const auto sum_of_softmax = [&] {
    if (call.activation == Activation::softmax)
      kernels.softmax_sums(call, log_sums.data(), target_sums.data());
  };
  sum_of_softmax();
  const double value = kernels.errors(call);
  call.units = x.view();
  sum_of_softmax();
  kernels.activate(call);
  return py::make_tuple(matrix(x, n_rows), matrix(errors, n_rows), value);
}

LayerProduct layer_product(const std::string& name) {
  static const char* const kWords[] = {"forward", "input_gradient", "update"};
  return word<LayerProduct>(kWords, name, "LayerRates");
}

LayerRates make_layer_rates(int64_t n_rows, int64_t n_inputs, int64_t n_outputs,
                            const std::string& precision) {
  for (const int64_t n : {n_rows, n_inputs, n_outputs}) check_positive(n, "LayerRates", "a size");
  const bool rounds = precision == "fast";
  if (!rounds && precision != "float32")
    throw_invalid("LayerRates: precision must be 'float32' or 'fast', got '" + precision + "'");
  if (const char* reason = why_no_bfloat16(); rounds && reason != nullptr)
    throw NotAvailable(std::string("LayerRates: ") + reason);
  return {n_rows, n_inputs, n_outputs, rounds};
}

void define_layer_rates(py::module_& m) {
  py::class_<LayerRates> c(m, "LayerRates");
  c.def(py::init(&make_layer_rates), py::arg("n_rows"), py::arg("n_inputs"), py::arg("n_outputs"),
        py::arg("precision"));
  c.def(
      "run",
      [](LayerRates& rates, const std::string& product, int64_t n, int n_threads) {
        check_positive(n, "LayerRates.run", "n");
        check_threads(n_threads, "LayerRates.run");
        const LayerProduct which = layer_product(product);
        run_interruptible(n_threads, [&](const Run& run) { rates.run(which, n, run); });
      },
      py::arg("product"), py::arg("n"), py::arg("n_threads"));
  c.def(
      "total",
      [](LayerRates& rates, const std::string& product) {
        return rates.total(layer_product(product));
      },
      py::arg("product"));
}

}  // namespace
}  // namespace udl::bindings

void init_dense_kernels(pybind11::module_& m) {
  using namespace udl::bindings;
  m.def("dense_product", &dense_product, py::arg("weights"), py::arg("values"),
        py::arg("to_inputs"), py::arg("activation"), py::arg("of_units"), py::arg("outputs"),
        py::arg("by_value"), py::arg("task_panels"), py::arg("task_rows"),
        py::arg("by_lists") = false);
  m.def("dense_update", &dense_update, py::arg("weights"), py::arg("first"), py::arg("second"),
        py::arg("terms"), py::arg("rule"), py::arg("numbers"), py::arg("task_panels"),
        py::arg("task_units"), py::arg("by_lists") = false);
  m.def("dense_step", &dense_step, py::arg("weights"), py::arg("first"), py::arg("second"),
        py::arg("gradient"), py::arg("rule"), py::arg("numbers"), py::arg("in_halves"));
  m.def("dense_row_sums", &dense_row_sums, py::arg("values"));
  m.def("dense_loss", &dense_loss, py::arg("sums"), py::arg("targets"), py::arg("activation"),
        py::arg("loss"), py::arg("factor"));
  define_layer_rates(m);
}
