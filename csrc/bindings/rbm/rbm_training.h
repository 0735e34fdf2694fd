#pragma once
// What trainings of RBM engines have in common for Python: settings by name, and what came of it.
#include <cstdint>

#include "bindings/numpy/arrays.h"
#include "runtime/rbm/engine.h"
#include "runtime/rbm/settings.h"

namespace udl::bindings {

/// Checked; `function` is what errors name.
TrainSettings read_rbm_settings(const py::dict& settings, const char* function);
/// Throws where the pass would need draws that have no number.
void check_draws(const Rows& rows, const TrainSettings& settings, int64_t step,
                 const char* function);
py::dict result_dict(const TrainResult& result);

}  // namespace udl::bindings
