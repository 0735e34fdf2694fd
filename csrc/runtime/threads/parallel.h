#pragma once
// Threads: the only place in the library that knows them.
//
// A parallel region runs one function on every thread of a team. Inside it, loops over tiles share
// work and end in a barrier, so a whole training run is one region with no fork and join in
// between. The thread count never changes a result: work items are independent and each is done by
// one thread.
#include <cstdint>
#include <type_traits>

#include "runtime/threads/run.h"
#include "runtime/threads/stop.h"
#include "runtime/threads/thread_count.h"

namespace udl {

class TeamState;  // shared by the threads of one region (team_state.h)

/// One thread's handle inside a parallel region.
class Team {
 public:
  Team(TeamState* state, Stop* stop, int thread_index, int n_threads)
      : state_(state), stop_(stop), thread_index_(thread_index), n_threads_(n_threads) {}

  int thread_index() const noexcept { return thread_index_; }
  int n_threads() const noexcept { return n_threads_; }

  /// Returns once every thread of the team has called it. Memory written before is visible after.
  void barrier() noexcept;

  /// Calls body(i) once for each i in [0, n_items) over the whole team, then waits at a barrier.
  /// Every thread must call it with the same n_items. A thread takes its own contiguous share first
  /// (the same share at every call, so its data stays in its caches) and then helps the others,
  /// where there are more items than threads.
  ///
  /// Once body throws, or the call is interrupted, the rest of the items are skipped, in this loop
  /// and in those that follow; parallel_region throws at its end what body threw.
  template <class Body>
  void for_each(int64_t n_items, Body&& body) noexcept {
    try {
      for (int64_t item; (item = next_item(n_items)) >= 0;) body(item);
    } catch (...) {
      stop_->fail(thread_index_);
    }
    barrier();
  }

  /// True when loops skip their items: for many steps in one region, which need not be taken then.
  /// As of the last barrier or for_each, and so the same for every thread.
  bool stopped() const noexcept { return stop_->agreed(); }
  /// The same as of now, for long items; other threads may learn of it earlier or later.
  bool check_stop() { return stop_->check(thread_index_); }

 private:
  int64_t next_item(int64_t n_items);  // -1 when nothing is left, or wanted
  int64_t only_item(int64_t n_items) noexcept;

  TeamState* state_;  // null for a team of one
  Stop* stop_;
  int thread_index_;
  int n_threads_;
  int victim_ = 0;        // whose share next_item looks at, counted from the own one
  int64_t position_ = 0;  // next item of a team of one; calls of only_item since the last barrier
};

namespace detail {
void run_region(const Run& run, void (*body)(void*, Team&), void* context);
}

/// Runs body(Team&) on run.n_threads threads, the caller among them, and returns when all have
/// finished. Throws what body threw, on the thread of the lowest index where several did. After an
/// interruption it returns early, or does nothing at all: run.stopped() tells.
///
/// Concurrent callers are safe: one gets the pool; the others, and regions nested in its region,
/// run with a team of one. An interrupt belongs to the thread that called: nested regions have
/// none. Where the system refuses more threads the team is smaller than asked. Safe after fork():
/// the child starts its own pool. Body runs with the default floating-point environment (rounding
/// to nearest, subnormals kept) whatever the caller's is.
template <class Body>
void parallel_region(const Run& run, Body&& body) {
  using Plain = std::remove_reference_t<Body>;
  detail::run_region(
      run, [](void* context, Team& team) { (*static_cast<Plain*>(context))(team); },
      const_cast<void*>(static_cast<const void*>(&body)));
}

/// parallel_region with one loop: body(i) for each i in [0, n_items).
template <class Body>
void parallel_for(const Run& run, int64_t n_items, Body&& body) {
  parallel_region(run, [&](Team& team) { team.for_each(n_items, body); });
}

}  // namespace udl
