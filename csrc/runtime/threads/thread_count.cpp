// How many threads to use where the caller does not say.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "base/error.h"
#include "runtime/threads/thread_count.h"

#if defined(__linux__)
#include <sched.h>
#endif

namespace udl {

namespace {

std::atomic<int> chosen_threads{0};  // set_num_threads(); 0 = not set

int allowed_by_affinity() {
#if defined(__linux__)
  // A mask of 1024 processors (cpu_set_t) is too small for the largest machines, then EINVAL.
  for (int capacity = 1024; capacity <= 1 << 16; capacity *= 4) {
    cpu_set_t* mask = CPU_ALLOC(capacity);
    if (mask == nullptr) break;
    const size_t size = CPU_ALLOC_SIZE(capacity);
    const bool known = sched_getaffinity(0, size, mask) == 0;
    const int count = known ? CPU_COUNT_S(size, mask) : 0;
    CPU_FREE(mask);
    if (known) return count;
    if (errno != EINVAL) break;
  }
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

/// Processors of a quota of `quota` in every `period` microseconds, rounded up; 0 = no quota.
int processors_of_quota(double quota, double period) {
  if (!(quota > 0 && period > 0)) return 0;
  return static_cast<int>(std::min<double>(kMaxThreads, quota / period + 0.999));
}

/// The container's CPU quota (cgroup version 2, else 1); 0 = none.
int read_container_quota() {
#if defined(__linux__)
  double quota = 0;
  double period = 0;
  std::ifstream version2("/sys/fs/cgroup/cpu.max");
  if (version2) {
    version2 >> quota >> period;  // "max 100000" without a quota: nothing is read
    return version2 ? processors_of_quota(quota, period) : 0;
  }
  std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") >> quota;  // -1 without a quota
  std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_period_us") >> period;
  return processors_of_quota(quota, period);
#else
  return 0;
#endif
}

/// Read once: opening files costs more than a small kernel call.
int container_quota() {
  static std::atomic<int> cached{-1};
  int quota = cached.load(std::memory_order_relaxed);
  if (quota < 0) {
    quota = read_container_quota();
    cached.store(quota, std::memory_order_relaxed);
  }
  return quota;
}

/// The number if text is one from 1 to kMaxThreads and nothing else, else 0.
int parse_count(const char* text) {
  char* end = nullptr;
  errno = 0;
  const long value = std::strtol(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0') return 0;
  return value >= 1 && value <= kMaxThreads ? static_cast<int>(value) : 0;
}

/// OMP_NUM_THREADS, of a list such as "4,2" the first; 0 where absent or, as in OpenMP, invalid.
int openmp_count() {
  const char* text = std::getenv("OMP_NUM_THREADS");
  if (text == nullptr) return 0;
  const std::string list(text);
  return parse_count(list.substr(0, list.find(',')).c_str());
}

}  // namespace

int usable_processors() {
  int count = allowed_by_affinity();
  const int quota = container_quota();
  if (quota > 0) count = std::min(count, quota);
  return std::clamp(count, 1, kMaxThreads);
}

ThreadCount default_thread_count() {
  const int chosen = chosen_threads.load(std::memory_order_relaxed);
  if (chosen > 0) return {chosen, "set_num_threads"};
  const char* text = std::getenv("UDL_FAST_NUM_THREADS");
  if (text != nullptr && *text != '\0') {
    const int count = parse_count(text);
    if (count == 0) {
      throw_invalid("UDL_FAST_NUM_THREADS must be a whole number from 1 to " +
                    std::to_string(kMaxThreads) + ", got '" + text + "'");
    }
    return {count, "UDL_FAST_NUM_THREADS"};
  }
  const int processors = usable_processors();
  const int openmp = openmp_count();
  if (openmp > 0 && openmp < processors) return {openmp, "OMP_NUM_THREADS"};
  return {processors, "usable processors"};
}

void set_num_threads(int n) {
  if (n < 0 || n > kMaxThreads) {
    throw_invalid("set_num_threads: n must be from 1 to " + std::to_string(kMaxThreads) +
                  ", or 0 for the environment's number, got " + std::to_string(n));
  }
  chosen_threads.store(n, std::memory_order_relaxed);
}

}  // namespace udl
