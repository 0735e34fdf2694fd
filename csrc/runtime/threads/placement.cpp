#include "runtime/threads/placement.h"

#if defined(__linux__)
#include <sched.h>
#endif

namespace udl {

#if defined(__linux__)

void Placement::settle(int thread_index) noexcept {
  if (thread_index >= kTracked) return;
  const int here = sched_getcpu();
  bool shared = false;
  for (int t = 0; t < thread_index; ++t)
    shared = shared || processors_[t].load(std::memory_order_relaxed) == here + 1;
  processors_[thread_index].store(here + 1, std::memory_order_relaxed);
  if (!shared) return;
  cpu_set_t allowed;  // machines too large for it return an error and are left alone
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  cpu_set_t elsewhere = allowed;
  for (int t = 0; t < thread_index; ++t) {
    const int taken = processors_[t].load(std::memory_order_relaxed) - 1;
    if (taken >= 0) CPU_CLR(taken, &elsewhere);
  }
  if (CPU_COUNT(&elsewhere) == 0) return;
  sched_setaffinity(0, sizeof elsewhere, &elsewhere);  // moves this thread at once
  sched_setaffinity(0, sizeof allowed, &allowed);
  processors_[thread_index].store(sched_getcpu() + 1, std::memory_order_relaxed);
}

#else

void Placement::settle(int) noexcept {}

#endif

}  // namespace udl
