#pragma once
// Ending long work early. Only the thread that called asks, so the question may use its
// interpreter.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <utility>

namespace udl {

/// `ask` writes at every item: nothing else may lie in its cache line.
class alignas(64) Interrupt {
 public:
  Interrupt() = default;
  /// `poll` returns true when the work is to stop; it is asked about every 50 ms.
  explicit Interrupt(std::function<bool()> poll) : poll_(std::move(poll)) {}

  bool stopped() const noexcept { return stopped_.load(std::memory_order_relaxed); }

  /// Before a region: its items may take longer than those of the one before.
  void begin() noexcept { asks_ = asks_left_ = 1; }

  /// Called often, and by the calling thread only; true when the results are no longer wanted.
  bool ask() {
    if (--asks_left_ <= 0) look_at_clock();
    return stopped();
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kPollInterval{50};
  // A look at the clock costs about 25 ns, a tile of a small minibatch some hundred: a look every
  // 64 tiles is not felt. Work between two asks may as well take 10 ms: one look each then.
  static constexpr std::chrono::milliseconds kSeldom{1};
  static constexpr int kMostAsks = 64;

  void look_at_clock() {
    const Clock::time_point now = Clock::now();
    asks_ = now - looked_ < kSeldom ? std::min(2 * asks_, kMostAsks) : 1;
    asks_left_ = asks_;
    looked_ = now;
    if (now - polled_ < kPollInterval) return;
    if (poll_ && poll_()) stopped_.store(true, std::memory_order_relaxed);
    polled_ = Clock::now();
  }

  std::function<bool()> poll_;
  int asks_ = 1;  ///< from one look at the clock to the next
  int asks_left_ = 1;
  Clock::time_point looked_ = Clock::now();
  Clock::time_point polled_ = looked_;
  std::atomic<bool> stopped_{false};
};

}  // namespace udl
