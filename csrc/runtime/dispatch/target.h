#pragma once
// Which CPU target runs: the only list of kernel tables. Detected once, at first use.
#include <string>
#include <vector>

#include "kernels/ceilings.h"
#include "kernels/dense.h"
#include "kernels/hamming.h"
#include "kernels/hamming_hash.h"
#include "kernels/rbm.h"

namespace udl {

/// Targets compiled into this build, slowest first: "baseline", "avx2", "avx512".
std::vector<std::string> compiled_targets();
/// The compiled targets this CPU (and its operating system) can run.
std::vector<std::string> available_targets();
/// The target in use: set_target(), else UDL_FAST_TARGET, else the last available one.
/// A forced target that is unknown, not compiled or not supported by the CPU throws; nothing falls
/// back.
std::string current_target();
/// Forces a target for the whole process; "" returns to UDL_FAST_TARGET or detection.
void set_target(const std::string& name);

/// Kernel tables of the current target.
const RbmKernels& rbm_kernels();
const DenseKernels& dense_kernels();
/// Null, or why dense_kernels().bfloat16 cannot be used.
const char* why_no_bfloat16();
const HammingKernels& hamming_kernels();
const HammingHashKernels& hamming_hash_kernels();
const CeilingKernels& ceiling_kernels();

}  // namespace udl
