#pragma once
// Whether the work of a parallel region is still wanted: until a thread fails or the call is
// interrupted.
#include <atomic>
#include <exception>
#include <mutex>
#include <stdexcept>

#include "runtime/threads/fork.h"
#include "runtime/threads/interrupt.h"

namespace udl {

/// Shared by the threads of one region.
class alignas(64) Stop {
 public:
  explicit Stop(Interrupt* interrupt) noexcept : interrupt_(interrupt) {}
  Stop(const Stop&) = delete;
  Stop& operator=(const Stop&) = delete;

  /// True when the rest need not be done. Asked often, by every thread of the team; thread 0 asks
  /// the interrupt, which may throw. Throws in the child of a fork within the region.
  bool check(int thread_index) {
    if (thread_index == 0 && interrupt_ != nullptr) {
      if (interrupt_->ask()) request();
      if (is_orphaned())
        throw std::runtime_error(
            "this process was forked within the call, whose threads it does not have");
    }
    return requested_.load(std::memory_order_relaxed);
  }

  /// In the child of a fork: of the region's threads it has the calling one alone.
  bool is_orphaned() const noexcept { return fork_count() != forks_; }

  /// Keeps the exception that is being handled.
  void fail(int thread_index) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    request();
    if (failure_ && failed_thread_ <= thread_index) return;
    failure_ = std::current_exception();
    failed_thread_ = thread_index;
  }

  /// At a barrier, by one thread, before the others go on: all of them then read the same.
  void agree() noexcept {
    if (requested_.load(std::memory_order_relaxed) && !agreed_) agreed_ = true;
  }
  bool agreed() const noexcept { return agreed_; }

  /// After the region: throws the failure of the lowest thread index, if there is one.
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void request() noexcept { requested_.store(true, std::memory_order_relaxed); }

  Interrupt* const interrupt_;
  const uint32_t forks_ = fork_count();
  std::atomic<bool> requested_{false};
  bool agreed_ = false;
  std::mutex mutex_;
  int failed_thread_ = 0;
  std::exception_ptr failure_;
};

}  // namespace udl
