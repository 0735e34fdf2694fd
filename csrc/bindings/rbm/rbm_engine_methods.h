#pragma once
// Methods of RbmEngine for Python, for the engine of any device: arrays are checked here, then the
// GIL is released and the runtime takes over.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings/engines/engine_access.h"
#include "bindings/numpy/arrays.h"
#include "bindings/numpy/reals.h"
#include "runtime/rbm/engine.h"

namespace udl::bindings {

using RbmEngineClass = py::class_<RbmEngine>;

/// Draws number units by 32 bits; sizes of arrays are products of two such numbers.
inline void check_layer_size(int64_t n, const char* argument) {
  check_positive(n, "RbmEngine", argument);
  if (n >= int64_t{1} << 31)
    throw_invalid(std::string("RbmEngine: ") + argument + " must be below 2^31, got " +
                  std::to_string(n));
}

void define_facts(RbmEngineClass& c);               ///< sizes, kinds of units, precision
void define_state_methods(RbmEngineClass& c);       ///< parameters, optimiser, chains, snapshots
void define_training_methods(RbmEngineClass& c);    ///< train
void define_inference_methods(RbmEngineClass& c);   ///< means, samples, scores
void define_evaluation_methods(RbmEngineClass& c);  ///< partition functions

}  // namespace udl::bindings
