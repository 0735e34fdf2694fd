#pragma once
// Waiting for another thread: spin a short while, then sleep. Used by teams and the pool only.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#if defined(_MSC_VER)
#include <intrin.h>
#endif

namespace udl {

/// Tells the processor that this is a spin loop.
inline void pause_processor() noexcept {
#if defined(_MSC_VER) && (defined(_M_X64) || defined(_M_IX86))
  _mm_pause();
#elif defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
  __builtin_ia32_pause();
#elif defined(__GNUC__) && defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

/// A counter that one thread advances and others wait on.
class Gate {
 public:
  uint64_t generation() const noexcept { return generation_.load(std::memory_order_relaxed); }

  /// Lets everybody through who waits for a generation after the present one.
  void open() noexcept {
    // Sequentially consistent with wait(): either this sees the sleeper or the sleeper sees this.
    generation_.fetch_add(1);
    if (sleepers_.load() == 0) return;
    {
      std::lock_guard<std::mutex> lock(mutex_);
    }  // a sleeper is now inside wait() or has left
    wake_.notify_all();
  }

  /// Returns once the generation differs from `seen`; true if the thread slept.
  bool wait(uint64_t seen, std::chrono::nanoseconds spin) noexcept {
    if (spin.count() > 0 && spins_until_open(seen, spin)) return false;
    std::unique_lock<std::mutex> lock(mutex_);
    sleepers_.fetch_add(1);
    while (generation_.load() == seen) wake_.wait(lock);
    sleepers_.fetch_sub(1);
    return true;
  }

 private:
  bool spins_until_open(uint64_t seen, std::chrono::nanoseconds spin) const noexcept {
    if (spins_briefly(seen)) return true;
    const auto deadline = std::chrono::steady_clock::now() + spin;
    do {
      if (spins_briefly(seen)) return true;
    } while (std::chrono::steady_clock::now() < deadline);
    return false;
  }

  /// Reading the clock costs about as much as one pause, so it is read between many.
  bool spins_briefly(uint64_t seen) const noexcept {
    constexpr int kPauses = 32;
    for (int i = 0; i < kPauses; ++i) {
      if (generation_.load(std::memory_order_acquire) != seen) return true;
      pause_processor();
    }
    return false;
  }

  std::atomic<uint64_t> generation_{0};
  std::atomic<int> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
};

}  // namespace udl
