#pragma once
// Threads: the only place in the library that knows them.
//
// A parallel region runs one function on every thread of a team. Inside it, loops over tiles share
// work and end in a barrier, so a whole training run is one region with no fork and join in
// between. The thread count never changes a result: work items are independent and each is done by
// one thread.
#include <atomic>
#include <cstdint>
#include <type_traits>

#include "runtime/threads/run.h"

namespace udl {

class TeamState;  // shared by the threads of one region (parallel.cpp)

/// One thread's handle inside a parallel region.
class Team {
 public:
  Team(TeamState* state, int thread_index, int n_threads)
      : state_(state), thread_index_(thread_index), n_threads_(n_threads) {}

  int thread_index() const noexcept { return thread_index_; }
  int n_threads() const noexcept { return n_threads_; }

  /// Returns once every thread of the team has called it. Memory written before is visible after.
  void barrier() noexcept;

  /// Calls body(i) once for each i in [0, n_items) over the whole team, then waits at a barrier.
  /// Every thread must call it with the same n_items. A thread takes its own contiguous share first
  /// (the same share at every call, so its data stays in its caches) and then helps the others,
  /// where there are more items than threads. body must not throw.
  template <class Body>
  void for_each(int64_t n_items, Body&& body) noexcept {
    for (int64_t item; (item = next_item(n_items)) >= 0;) body(item);
    barrier();
  }

 private:
  int64_t next_item(int64_t n_items) noexcept;  // -1 when nothing is left
  int64_t only_item(int64_t n_items) noexcept;

  TeamState* state_;  // null for a team of one
  int thread_index_;
  int n_threads_;
  int victim_ = 0;        // whose share next_item looks at, counted from the own one
  int64_t position_ = 0;  // next item of a team of one; calls of only_item since the last barrier
};

namespace detail {
void run_region(int n_threads, void (*body)(void*, Team&), void* context);
}

/// Runs body(Team&) on n_threads threads, the caller among them, and returns when all have
/// finished.
///
/// Concurrent callers are safe: one gets the pool; the others, and regions nested in its region,
/// run with a team of one. Where the system refuses more threads the team is smaller than asked.
/// Safe after fork(): the child starts its own pool. body must not throw. It runs with the default
/// floating-point environment (rounding to nearest, subnormals kept) whatever the caller's is.
template <class Body>
void parallel_region(int n_threads, Body&& body) {
  using Plain = std::remove_reference_t<Body>;
  detail::run_region(
      n_threads, [](void* context, Team& team) { (*static_cast<Plain*>(context))(team); },
      const_cast<void*>(static_cast<const void*>(&body)));
}

/// parallel_region with one loop: body(i) for each i in [0, n_items).
template <class Body>
void parallel_for(int n_threads, int64_t n_items, Body&& body) {
  parallel_region(n_threads, [&](Team& team) { team.for_each(n_items, body); });
}

/// The same on the threads of a call.
template <class Body>
void parallel_region(const Run& run, Body&& body) {
  parallel_region(run.n_threads, body);
}
template <class Body>
void parallel_for(const Run& run, int64_t n_items, Body&& body) {
  parallel_for(run.n_threads, n_items, body);
}

/// Most threads a region may use; larger requests are an error in the layer above.
constexpr int kMaxThreads = 256;

/// Processors this process may use: affinity, lowered by a container's CPU quota; 1..kMaxThreads.
int usable_processors();

struct ThreadCount {
  int n_threads;
  const char* source;  ///< where the number comes from, for people
};
/// Threads used where the caller names no number: set_num_threads(), else UDL_FAST_NUM_THREADS,
/// else usable_processors() lowered by OMP_NUM_THREADS. Throws where UDL_FAST_NUM_THREADS is no
/// count.
ThreadCount default_thread_count();
inline int num_threads() { return default_thread_count().n_threads; }
/// n in 1..kMaxThreads sets the default, 0 returns to the environment's; anything else throws.
void set_num_threads(int n);

}  // namespace udl
