#include "runtime/threads/fork.h"

#include <atomic>

#if !defined(_WIN32)
#include <pthread.h>
#endif

namespace udl {
namespace {

std::atomic<uint32_t> forks{0};

#if !defined(_WIN32)
const int fork_handler = pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1); });
#endif

}  // namespace

uint32_t fork_count() noexcept { return forks.load(std::memory_order_relaxed); }

}  // namespace udl
