#pragma once
// Ending long work early. Only the thread that called asks, so the question may use its
// interpreter.
#include <atomic>
#include <chrono>
#include <functional>
#include <utility>

namespace udl {

class Interrupt {
 public:
  Interrupt() = default;
  /// `poll` returns true when the work is to stop; it is asked about every 50 ms.
  explicit Interrupt(std::function<bool()> poll) : poll_(std::move(poll)) {}

  bool stopped() const noexcept { return stopped_.load(std::memory_order_relaxed); }

  /// Called now and then by every thread of a team; true when the results are no longer wanted.
  bool check(int thread_index) {
    if (thread_index == 0 && poll_ && Clock::now() - last_ > std::chrono::milliseconds(50)) {
      if (poll_()) stopped_.store(true, std::memory_order_relaxed);
      last_ = Clock::now();
    }
    return stopped();
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::function<bool()> poll_;
  Clock::time_point last_ = Clock::now();
  std::atomic<bool> stopped_{false};
};

}  // namespace udl
