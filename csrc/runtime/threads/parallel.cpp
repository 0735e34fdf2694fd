#include "runtime/threads/parallel.h"

#include <algorithm>
#include <cfenv>
#include <chrono>
#include <exception>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/threads/gate.h"
#include "runtime/threads/placement.h"

#if !defined(_WIN32)
#include <pthread.h>

#include <csignal>
#endif

namespace udl {

namespace {

constexpr std::size_t kCacheLine = 64;
// Longer waits sleep: a spinning thread takes a processor from whoever it waits for.
constexpr std::chrono::microseconds kSpin{50};

/// Items taken so far from one thread's share; a cache line of its own.
struct alignas(kCacheLine) Share {
  std::atomic<int64_t> taken{0};
};

int64_t share_begin(int64_t n_items, int thread_index, int n_threads) {
  return n_items / n_threads * thread_index + n_items % n_threads * thread_index / n_threads;
}

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

}  // namespace

class TeamState {
 public:
  /// Before the region's threads start.
  void prepare(int n_threads, Stop& stop) noexcept {
    n_threads_ = n_threads;
    stop_ = &stop;
    // With fewer processors than threads the awaited thread cannot run while this one spins.
    spin_ = n_threads <= usable_ ? std::chrono::nanoseconds(kSpin) : std::chrono::nanoseconds(0);
  }

  void enter(int thread_index) noexcept {
    if (spin_.count() > 0) placement_.settle(thread_index);
  }

  /// After its body each thread attends barriers until all have come that far: the others may wait
  /// at barriers that a thread which failed has not reached.
  void leave(int thread_index) noexcept {
    const uint64_t before = n_finished_.load(std::memory_order_relaxed);
    n_leaving_.fetch_add(1, std::memory_order_relaxed);
    do barrier(thread_index);
    while (n_finished_.load(std::memory_order_relaxed) == before);
  }

  void barrier(int thread_index) noexcept {
    // Read before arriving: afterwards the others may go on, finish and prepare the next region.
    const int n_threads = n_threads_;
    const std::chrono::nanoseconds spin = spin_;
    const uint64_t seen = gate_.generation();
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 < n_threads) {
      if (gate_.wait(seen, spin) && spin.count() > 0) placement_.settle(thread_index);
      return;
    }
    arrived_.store(0, std::memory_order_relaxed);
    reset_shares(n_threads);
    stop_->agree();
    if (n_leaving_.load(std::memory_order_relaxed) == n_threads) finish();
    gate_.open();
  }

  /// An item of the share, or -1 when it is used up. Relaxed: the barrier publishes what items
  /// write.
  int64_t take(int share, int64_t n_items) noexcept {
    const int64_t begin = share_begin(n_items, share, n_threads_);
    const int64_t size = share_begin(n_items, share + 1, n_threads_) - begin;
    std::atomic<int64_t>& taken = shares_[share].taken;
    if (taken.load(std::memory_order_relaxed) >= size) return -1;
    const int64_t offset = taken.fetch_add(1, std::memory_order_relaxed);
    return offset < size ? begin + offset : -1;
  }

 private:
  /// Counted, since a flag might be cleared for the next region before a slow thread reads it.
  void finish() noexcept {
    n_leaving_.store(0, std::memory_order_relaxed);
    n_finished_.fetch_add(1, std::memory_order_relaxed);
  }

  /// Writes only what was used: an untouched line stays in every thread's cache.
  void reset_shares(int n_threads) noexcept {
    for (int t = 0; t < n_threads; ++t) {
      std::atomic<int64_t>& taken = shares_[t].taken;
      if (taken.load(std::memory_order_relaxed) != 0) taken.store(0, std::memory_order_relaxed);
    }
  }

  const int usable_ = usable_processors();
  int n_threads_ = 1;
  Stop* stop_ = nullptr;
  std::chrono::nanoseconds spin_{0};
  alignas(kCacheLine) std::atomic<int> arrived_{0};
  std::atomic<int> n_leaving_{0};
  std::atomic<uint64_t> n_finished_{0};  ///< regions
  alignas(kCacheLine) Gate gate_;
  alignas(kCacheLine) Placement placement_;
  Share shares_[kMaxThreads];
};

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
  Stop stop(run.interrupt);
  const Region region{body, context, &stop, 1};
  const bool shared =
      run.n_threads > 1 && pool().try_run(std::min(run.n_threads, kMaxThreads), region);
  if (!shared) run_member(nullptr, 0, region);
  stop.rethrow();
}

}  // namespace detail

}  // namespace udl
