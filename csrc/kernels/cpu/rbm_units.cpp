// What units do with their sums of one CPU target. Compiled once per target with UDL_TARGET=<name>.
#include "kernels/rbm.h"

#include "kernels/cpu/rbm/flips.h"
#include "kernels/cpu/rbm/flips_of_reals.h"
#include "kernels/cpu/rbm/units/bernoulli.h"
#include "kernels/cpu/rbm/units/gaussian.h"
#include "kernels/cpu/rbm/units/groups.h"
#include "kernels/cpu/rbm/units/log_terms.h"
#include "kernels/cpu/rbm/units/relu.h"
#include "kernels/cpu/rbm/units/words.h"
#include "kernels/cpu/target_name.h"

namespace udl {
namespace {

constexpr int index_of(UnitKind kind) { return static_cast<int>(kind); }

constexpr UnitKernels bernoulli_kernels() {
  UnitKernels kernels{};
  kernels.activate = activate_bernoulli;
  kernels.sample_values = sample_values;
  kernels.log_terms = bernoulli_log_terms;
  kernels.log_terms_and_samples = bernoulli_log_terms_and_samples;
  return kernels;
}

constexpr UnitKernels real_valued_kernels(decltype(UnitKernels::activate) activate,
                                          decltype(UnitKernels::log_terms) log_terms) {
  UnitKernels kernels{};
  kernels.activate = activate;
  kernels.log_terms = log_terms;
  return kernels;
}

constexpr GroupKernels group_kernels() {
  GroupKernels kernels{};
  kernels.keep_inputs = keep_inputs;
  kernels.probabilities = group_probabilities;
  kernels.choose = choose_in_groups;
  kernels.draw_words = draw_words;
  return kernels;
}

constexpr FlipKernels flip_kernels() {
  FlipKernels kernels{};
  kernels.tables = flip_tables;
  kernels.of_hidden[index_of(UnitKind::bernoulli)] = {flip_responses, flip_log_probabilities};
  kernels.of_hidden[index_of(UnitKind::gaussian)] = real_flips<GaussianFlips>();
  kernels.of_hidden[index_of(UnitKind::relu)] = real_flips<ReluFlips>();
  return kernels;
}

constexpr RbmUnitsKernels all_kernels() {
  RbmUnitsKernels kernels{};
  kernels.units[index_of(UnitKind::bernoulli)] = bernoulli_kernels();
  kernels.units[index_of(UnitKind::gaussian)] =
      real_valued_kernels(activate_gaussian, gaussian_log_terms);
  kernels.units[index_of(UnitKind::relu)] = real_valued_kernels(activate_relu, relu_log_terms);
  kernels.units[index_of(UnitKind::softmax)] = bernoulli_kernels();  // groups of one
  kernels.groups = group_kernels();
  kernels.flips = flip_kernels();
  return kernels;
}

}  // namespace

const RbmUnitsKernels UDL_JOIN(rbm_units_kernels_, UDL_TARGET) = all_kernels();

}  // namespace udl
