#include "runtime/rbm/up_down.h"

#include <string>

#include "base/error.h"
#include "runtime/rbm/fixed_engine.h"
#include "runtime/rbm/up_down/trainer.h"

namespace udl {
namespace {

RbmState* state_of(RbmEngine* engine) {
  auto* packed = dynamic_cast<FixedRbmEngine*>(engine);
  if (packed == nullptr)
    throw NotAvailable("up_down: precision='float64' is not available yet; use 'fixed' or 'fast'");
  return &packed->state();
}

std::vector<RbmState*> states_of(const std::vector<RbmEngine*>& engines) {
  std::vector<RbmState*> states;
  for (RbmEngine* engine : engines) states.push_back(state_of(engine));
  return states;
}

std::string number_of(int64_t layer) { return "[" + std::to_string(layer) + "]"; }

void check_size(const std::string& what, int64_t found, int64_t expected) {
  if (found != expected)
    throw_invalid("up_down: " + what + " has " + std::to_string(found) + " units, expected " +
                  std::to_string(expected));
}

void check_units(const UpDownEngines& engines) {
  for (const auto* directed : {&engines.recognition, &engines.generative})
    for (const RbmEngine* engine : *directed)
      if (!engine->units().are_bernoulli())
        throw_invalid("up_down: units of directed layers must be 'bernoulli'");
  const Units& top = engines.top->units();
  if (!has_bits(top.visible) || top.hidden != UnitKind::bernoulli)
    throw_invalid(std::string("up_down: units of the RBM at the top must be bits, got visible='") +
                  unit_kind_name(top.visible) + "' with hidden='" + unit_kind_name(top.hidden) +
                  "'");
}

void check_layers(const UpDownNet& net, const UpDownCall& call) {
  if (net.recognition.empty()) throw_invalid("up_down: there are no layers below the top");
  if (net.generative.size() != net.recognition.size())
    throw_invalid("up_down: generative has " + std::to_string(net.generative.size()) +
                  " layers, expected " + std::to_string(net.recognition.size()) +
                  " as recognition has");
  for (int64_t l = 0; l < net.n_directed(); ++l) {
    const RbmState &up = *net.recognition[l], &down = *net.generative[l];
    check_size("the input of recognition" + number_of(l), up.n_visible, net.n_units(l));
    check_size("the input of generative" + number_of(l), down.n_visible, up.n_hidden);
    check_size("generative" + number_of(l), down.n_hidden, up.n_visible);
  }
  const int64_t n_labels = call.labels != nullptr ? call.labels->columns() : 0;
  check_size("the visible layer of the top", net.top->n_visible,
             net.n_units(net.n_directed()) + n_labels);
}

void check_data(const UpDownNet& net, const UpDownCall& call) {
  const Rows& rows = call.train.rows;
  check_size("a row", rows.columns(), net.n_units(0));
  if (call.labels == nullptr) return;
  if (!call.labels->is_bits()) throw_invalid("up_down: labels must be bits");
  if (call.labels->rows() != rows.rows())
    throw_invalid("up_down: labels has " + std::to_string(call.labels->rows()) +
                  " rows, expected " + std::to_string(rows.rows()));
}

void check_settings(const TrainSettings& settings) {
  if (settings.persistent || !settings.ladder.has_one() || !settings.sample_visibles ||
      settings.has_sparsity || settings.centered || settings.max_norm != 0)
    throw_invalid(
        "up_down: the RBM at the top learns by algorithm 'cd' with sample_visibles, without "
        "sparsity_target, centered and max_norm");
}

}  // namespace

TrainResult train_up_down(const UpDownEngines& engines, const UpDownCall& call, const Run& run) {
  const UpDownNet net{states_of(engines.recognition), states_of(engines.generative),
                      state_of(engines.top)};
  check_units(engines);
  check_layers(net, call);
  check_data(net, call);
  check_settings(call.train.settings);
  return train_up_down(net, call, run);
}

}  // namespace udl
