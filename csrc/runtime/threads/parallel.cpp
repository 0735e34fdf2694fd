#include "runtime/threads/parallel.h"

#include <algorithm>
#include <cfenv>
#include <exception>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/threads/gate.h"
#include "runtime/threads/team_state.h"

#if !defined(_WIN32)
#include <pthread.h>

#include <csignal>
#endif

namespace udl {

void Team::barrier() noexcept {
  victim_ = 0;
  position_ = 0;
  if (state_ == nullptr) return stop_->agree();
  state_->barrier(thread_index_);
}

/// With an item a thread at most, helping another would not end the loop sooner: all meet at the
/// barrier anyway.
int64_t Team::only_item(int64_t n_items) noexcept {
  const bool first_call = position_++ == 0;
  return first_call && thread_index_ < n_items ? thread_index_ : -1;
}

int64_t Team::next_item(int64_t n_items) {
  if (check_stop()) return -1;
  if (state_ == nullptr) return position_ < n_items ? position_++ : -1;
  if (n_items <= n_threads_) return only_item(n_items);
  for (; victim_ < n_threads_; ++victim_) {
    const int64_t item = state_->take((thread_index_ + victim_) % n_threads_, n_items);
    if (item >= 0) return item;
  }
  return -1;
}

namespace {

/// Same bits on every thread and for every caller: some libraries switch subnormals off for a whole
/// process.
class DefaultFloatingPoint {
 public:
  DefaultFloatingPoint() noexcept {
    std::fegetenv(&saved_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~DefaultFloatingPoint() { std::fesetenv(&saved_); }
  DefaultFloatingPoint(const DefaultFloatingPoint&) = delete;
  DefaultFloatingPoint& operator=(const DefaultFloatingPoint&) = delete;

 private:
  std::fenv_t saved_;
};

struct Region {
  void (*body)(void*, Team&);
  void* context;
  Stop* stop;
  int n_threads;
};

void run_member(TeamState* state, int thread_index, const Region& region) noexcept {
  const DefaultFloatingPoint environment;
  if (state != nullptr) state->enter(thread_index);
  Team team(state, region.stop, thread_index, region.n_threads);
  try {
    region.body(region.context, team);
  } catch (...) {
    region.stop->fail(thread_index);
  }
  if (state != nullptr) state->leave(thread_index);
}

/// New threads leave signals to the application's: a handler that runs on a pool thread would not
/// interrupt what the main thread waits for. Faults still reach whoever reports them.
class BlockedSignals {
 public:
#if defined(_WIN32)
  BlockedSignals() noexcept {}
#else
  BlockedSignals() noexcept {
    sigset_t blocked;
    sigfillset(&blocked);
    for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) {
      sigdelset(&blocked, fault);
    }
    pthread_sigmask(SIG_SETMASK, &blocked, &saved_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &saved_, nullptr); }

 private:
  sigset_t saved_;
#endif
};

/// Threads that live until the process ends. Never destroyed: they sleep in it at exit.
class Pool {
 public:
  /// False, and nothing done, while another region runs.
  bool try_run(int n_threads, Region region) {
    if (busy_.exchange(true, std::memory_order_acquire)) return false;
    region.n_threads = 1 + grow(n_threads - 1);
    region_ = region;
    state_.prepare(region.n_threads, *region.stop);
    for (int t = 1; t < region.n_threads; ++t) starts_[t - 1]->open();
    run_member(&state_, 0, region);
    busy_.store(false, std::memory_order_release);
    return true;
  }

 private:
  /// Returns how many of n_workers there are; fewer where the system refuses new threads.
  int grow(int n_workers) noexcept {
    int n_started = static_cast<int>(starts_.size());
    if (n_started >= n_workers) return n_workers;
    const BlockedSignals blocked;
    try {
      for (; n_started < n_workers; ++n_started) {
        auto start = std::make_unique<Gate>();
        starts_.reserve(n_workers);
        std::thread(&Pool::work, this, n_started + 1, start.get()).detach();
        starts_.push_back(std::move(start));
      }
    } catch (const std::exception&) {  // system_error or bad_alloc: go on with what there is
    }
    return n_started;
  }

  void work(int thread_index, Gate* start) {
    for (uint64_t seen = 0;; ++seen) {
      start->wait(seen, kSpin);
      run_member(&state_, thread_index, region_);
    }
  }

  std::atomic<bool> busy_{false};
  Region region_{};
  std::vector<std::unique_ptr<Gate>> starts_;  // one per worker: it advances by one each region
  TeamState state_;
};

std::atomic<Pool*> shared_pool{nullptr};

/// No lock: a thread that held one when another forks would leave it locked in the child.
Pool& pool() {
  Pool* existing = shared_pool.load(std::memory_order_acquire);
  if (existing != nullptr) return *existing;
  auto fresh = std::make_unique<Pool>();
  if (shared_pool.compare_exchange_strong(existing, fresh.get(), std::memory_order_acq_rel)) {
    return *fresh.release();
  }
  return *existing;
}

#if !defined(_WIN32)
// The child of fork() has none of the threads. It leaves the old pool alone and makes another.
const int fork_handler =
    pthread_atfork(nullptr, nullptr, [] { shared_pool.store(nullptr, std::memory_order_relaxed); });
#endif

}  // namespace

namespace detail {

void run_region(const Run& run, void (*body)(void*, Team&), void* context) {
  if (run.stopped()) return;
  if (run.interrupt != nullptr) run.interrupt->begin();
  Stop stop(run.interrupt);
  const Region region{body, context, &stop, 1};
  const bool shared =
      run.n_threads > 1 && pool().try_run(std::min(run.n_threads, kMaxThreads), region);
  if (!shared) run_member(nullptr, 0, region);
  stop.rethrow();
}

}  // namespace detail

}  // namespace udl
