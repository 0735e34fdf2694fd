#include "runtime/rbm/plain/energy.h"

#include <cmath>

#include "runtime/rbm/plain/half_step.h"

namespace udl {

double visible_energy(const PlainState& model, const double* visible) {
  double energy = 0;
  for (int64_t i = 0; i < model.n_visible; ++i) {
    if (!model.units.have_variances()) {
      energy -= visible[i] * model.visible_bias[i];
      continue;
    }
    const double distance = visible[i] - model.visible_bias[i];
    energy += distance * distance / 2 * std::exp(-model.log_variance[i]);
  }
  return energy;
}

double joint_energy(const PlainState& model, const double* visible, const double* hidden) {
  const PlainMatrix inputs =
      hidden_inputs(model, PlainMatrix(visible, visible + model.n_visible), 1, Run{});
  double energy = visible_energy(model, visible);
  for (int64_t j = 0; j < model.n_hidden; ++j) {
    const double h = hidden[j], own = has_bits(model.units.hidden) ? 0 : h * h / 2;
    energy += own - h * inputs[j];
  }
  return energy;
}

}  // namespace udl
