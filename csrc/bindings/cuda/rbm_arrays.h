#pragma once
// Methods of a GPU's RbmEngine for rows in its memory.
#include "bindings/rbm/rbm_engine_methods.h"

namespace udl::bindings {

/// Further overloads of train, means, samples, chains and free energies.
void define_device_rows_methods(RbmEngineClass& c);

}  // namespace udl::bindings
