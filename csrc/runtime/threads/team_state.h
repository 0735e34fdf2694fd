#pragma once
// What the threads of a team share: their barrier, and whose items are taken. Used by parallel.cpp
// only.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "runtime/threads/gate.h"
#include "runtime/threads/placement.h"
#include "runtime/threads/stop.h"
#include "runtime/threads/thread_count.h"

namespace udl {

constexpr std::size_t kCacheLine = 64;
// Longer waits sleep: a spinning thread takes a processor from whoever it waits for.
constexpr std::chrono::microseconds kSpin{50};

/// Items taken so far from one thread's share; a cache line of its own.
struct alignas(kCacheLine) Share {
  std::atomic<int64_t> taken{0};
};

inline int64_t share_begin(int64_t n_items, int thread_index, int n_threads) {
  return n_items / n_threads * thread_index + n_items % n_threads * thread_index / n_threads;
}

/// One for a pool: regions follow each other in it.
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
    while (n_finished_.load(std::memory_order_relaxed) == before && !stop_->is_orphaned());
  }

  void barrier(int thread_index) noexcept {
    if (stop_->is_orphaned()) return stop_->agree();  // nobody else will come
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

}  // namespace udl
