#pragma once
// What became of earlier queries: where tables keep failing to answer, they are asked seldom.
#include <algorithm>
#include <atomic>
#include <cstdint>

namespace udl {

/// Queries that are alike: those for about as many neighbours, or for about as large a radius.
/// Threads may use one at a time; what one of them overwrites costs some time and nothing else.
class HashHistory {
 public:
  /// Whether to ask tables for the next query.
  bool worth_asking() noexcept {
    const int32_t seldom = failures() - kPatience;
    if (seldom < 0) return true;
    const int32_t period = 1 << std::min(seldom + 1, kLongestPeriod);
    const uint32_t n = passed_.load(std::memory_order_relaxed) + 1;
    passed_.store(n, std::memory_order_relaxed);
    return n % static_cast<uint32_t>(period) == 0;
  }

  void note(bool answered) noexcept {
    const int32_t n = failures();
    const int32_t now = answered ? 0 : std::min(n + 1, kPatience + kLongestPeriod);
    if (now != n) failures_.store(now, std::memory_order_relaxed);
  }

 private:
  static constexpr int32_t kPatience = 4;       // failures in a row before queries are passed over
  static constexpr int32_t kLongestPeriod = 6;  // then every second is asked, ..., every 64th

  int32_t failures() const noexcept { return failures_.load(std::memory_order_relaxed); }

  std::atomic<int32_t> failures_{0};
  std::atomic<uint32_t> passed_{0};
};

}  // namespace udl
