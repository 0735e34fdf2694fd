#include "runtime/dispatch/target.h"

#include <atomic>
#include <cstdlib>
#include <iterator>

#include "base/error.h"

#if defined(UDL_HAS_TARGET_AVX2)
#include <cpuid.h>
#endif

namespace udl {

namespace {

bool runs_baseline() { return true; }

// The features cmake/targets.cmake compiles with. __builtin_cpu_supports also asks whether the
// operating system saves the registers. Older compilers do not know its "lzcnt".
#if defined(UDL_HAS_TARGET_AVX2)
bool has_lzcnt() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(0x80000001u, &eax, &ebx, &ecx, &edx) != 0 && (ecx & (1u << 5)) != 0;
}

bool runs_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
         __builtin_cpu_supports("popcnt") && has_lzcnt();
}
#endif

#if defined(UDL_HAS_TARGET_AVX512)
bool runs_avx512() {
  return runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
         __builtin_cpu_supports("avx512vpopcntdq");
}
#endif

/// A new family of kernels is one field here and one entry of UDL_TARGET_ENTRY.
struct Target {
  const char* name;
  bool (*runs)();
  const RbmKernels* rbm;
  const DenseKernels* dense;
  const HammingKernels* hamming;
  const HammingHashKernels* hamming_hash;
  const CeilingKernels* ceilings;
};

#define UDL_TARGET_ENTRY(target)   \
  {#target,                        \
   &runs_##target,                 \
   &rbm_kernels_##target,          \
   &dense_kernels_##target,        \
   &hamming_kernels_##target,      \
   &hamming_hash_kernels_##target, \
   &ceilings_kernels_##target}

const Target kTargets[] = {
    UDL_TARGET_ENTRY(baseline),
#if defined(UDL_HAS_TARGET_AVX2)
    UDL_TARGET_ENTRY(avx2),
#endif
#if defined(UDL_HAS_TARGET_AVX512)
    UDL_TARGET_ENTRY(avx512),
#endif
};

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// `origin` names who asked: the function's argument or the environment variable.
const Target& forced_target(const std::string& name, const std::string& origin) {
  for (const Target& target : kTargets) {
    if (name != target.name) continue;
    if (target.runs()) return target;
    throw_invalid(origin + " is '" + name +
                  "', which this CPU cannot run; available targets: " + join(available_targets()));
  }
  throw_invalid(origin + " must be one of the targets of this build (" + join(compiled_targets()) +
                "), got '" + name + "'; available on this CPU: " + join(available_targets()));
}

const Target& default_target() {
  const char* forced = std::getenv("UDL_FAST_TARGET");
  if (forced != nullptr && *forced != '\0') return forced_target(forced, "UDL_FAST_TARGET");
  const Target* best = std::begin(kTargets);
  for (const Target& target : kTargets) {
    if (target.runs()) best = &target;
  }
  return *best;
}

std::atomic<const Target*> selected{nullptr};

const Target& current() {
  const Target* target = selected.load(std::memory_order_relaxed);
  if (target != nullptr) return *target;
  const Target* found = &default_target();
  // Another thread may have forced a target meanwhile: that one stays.
  return selected.compare_exchange_strong(target, found) ? *found : *target;
}

}  // namespace

std::vector<std::string> compiled_targets() {
  std::vector<std::string> names;
  for (const Target& target : kTargets) names.emplace_back(target.name);
  return names;
}

std::vector<std::string> available_targets() {
  std::vector<std::string> names;
  for (const Target& target : kTargets) {
    if (target.runs()) names.emplace_back(target.name);
  }
  return names;
}

std::string current_target() { return current().name; }

void set_target(const std::string& name) {
  const Target& target = name.empty() ? default_target() : forced_target(name, "set_target: name");
  selected.store(&target, std::memory_order_relaxed);
}

const RbmKernels& rbm_kernels() { return *current().rbm; }
const DenseKernels& dense_kernels() { return *current().dense; }
const char* why_no_bfloat16() {
  if (dense_kernels().bfloat16.pack == nullptr)
    return "the CPU target in use has no kernels for it: it needs avx512, built by a compiler that "
           "knows AVX512_BF16";
#if defined(UDL_HAS_TARGET_AVX512)
  if (!__builtin_cpu_supports("avx512bf16")) return "this CPU lacks AVX512_BF16";
#endif
  return nullptr;
}
const HammingKernels& hamming_kernels() { return *current().hamming; }
const HammingHashKernels& hamming_hash_kernels() { return *current().hamming_hash; }
const CeilingKernels& ceiling_kernels() { return *current().ceilings; }

}  // namespace udl
