#pragma once
// What an RBM holds as C-ordered arrays, for whoever brings or fetches it.

namespace udl {

/// weights (n_hidden, n_visible), a bias for each unit, and log sigma^2 of Gaussian visible units;
/// null where the units have none.
template <class Pointer>
struct ParameterArrays {
  Pointer weights{}, hidden_bias{}, visible_bias{}, log_variance{};
};

/// What learning remembers beside the parameters; what is not there is null.
template <class Pointer>
struct OptimizerArrays {
  Pointer weight_velocity{}, hidden_velocity{}, visible_velocity{}, mean_activation{};
  Pointer hidden_offset{}, visible_offset{};  ///< both or none
  Pointer log_variance_velocity{};
};

}  // namespace udl
