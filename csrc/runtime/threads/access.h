#pragma once
// Who may look at an object and who may change it, among the threads of callers.
//
// One thread at a time owns the right to change: others that want it are refused. While the owner
// changes the object, it is closed and others wait to look; the owner opens it wherever there is
// something whole to be seen. New lookers wait for an owner that wants to close, so that many of
// them cannot keep it waiting for ever; a thread that looks may look again, as the handler of a
// signal does, since the owner waits for it.
//
// No lock of the system: a thread that held one when another forks would leave it locked in the
// child. Each word carries the number of forks instead: a child finds nothing owned and nobody
// looking, and what was closed at the fork it may take over to mend it.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "runtime/threads/fork.h"

namespace udl {

/// A number that is 0 again in the child of a fork.
class ForkCounter {
 public:
  uint32_t value() const noexcept { return value_of(word_.load()); }
  /// The number as the last process that wrote it left it.
  uint32_t inherited_value() const noexcept { return static_cast<uint32_t>(word_.load()); }
  bool is_inherited() const noexcept { return word_.load() >> 32 != fork_count(); }

  /// Replaces `from` by `to`; false, and nothing done, if it is another number.
  bool replace(uint32_t from, uint32_t to) noexcept {
    uint64_t seen = word_.load();
    while (value_of(seen) == from)
      if (word_.compare_exchange_weak(seen, word(to))) return true;
    return false;
  }
  /// The same where the number was inherited.
  bool take_over(uint32_t from, uint32_t to) noexcept {
    uint64_t seen = word_.load();
    return seen >> 32 != fork_count() && static_cast<uint32_t>(seen) == from &&
           word_.compare_exchange_strong(seen, word(to));
  }

 private:
  static uint64_t word(uint32_t value) noexcept { return uint64_t{fork_count()} << 32 | value; }
  static uint32_t value_of(uint64_t word) noexcept {
    return word >> 32 == fork_count() ? static_cast<uint32_t>(word) : 0;
  }

  std::atomic<uint64_t> word_{0};
};

class Access {
 public:
  /// Takes the right to change; false if somebody has it.
  bool try_own() noexcept { return owned_.replace(0, 1); }
  void disown() noexcept { owned_.replace(1, 0); }
  bool is_owned() const noexcept { return owned_.value() != 0; }

  /// By the owner: nobody looks until `open`. False while somebody does; nobody new begins.
  bool try_close() noexcept {
    closing_.replace(0, 1);
    if (left_closed() || !lookers_.replace(0, kClosed)) return false;
    closed_by_.store(std::this_thread::get_id());
    return true;
  }
  /// By the owner, closed or not.
  void open() noexcept {
    closing_.replace(1, 0);
    lookers_.replace(kClosed, 0);
  }
  /// Looking would wait for the very thread that asks.
  bool is_closed_by_this_thread() const noexcept {
    return lookers_.value() == kClosed && closed_by_.load() == std::this_thread::get_id();
  }

  /// The object stays as it is until `end_look`. False while it is closed or about to be.
  bool try_look() noexcept {
    if (left_closed() || (closing_.value() != 0 && looks_of_thread_ == 0)) return false;
    for (uint32_t n = lookers_.value(); n != kClosed; n = lookers_.value())
      if (lookers_.replace(n, n + 1)) {
        ++looks_of_thread_;
        return true;
      }
    return false;
  }
  void end_look() noexcept {
    --looks_of_thread_;
    for (uint32_t n = lookers_.value(); n != 0; n = lookers_.value())
      if (lookers_.replace(n, n - 1)) return;
  }

  /// In the child of a fork that found the object closed: true for one thread, which mends it and
  /// calls `open`. Until then nobody may look or change.
  bool take_over() noexcept {
    if (!lookers_.take_over(kClosed, kClosed)) return false;
    closed_by_.store(std::this_thread::get_id());
    return true;
  }

  /// In this scope the thread waits to look.
  class Waiting {
   public:
    explicit Waiting(Access& access) noexcept : access_(access) { access.add_waiting(1); }
    ~Waiting() { access_.add_waiting(-1); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    Access& access_;
  };

  /// By the owner, while open: gives those who wait their turn, new ones for no longer than
  /// kLongestTurn.
  void let_look() const noexcept {
    for (auto waited = kNap; waiting_.value() != 0 && waited < kLongestTurn; waited += kNap) nap();
  }
  /// Between two tries.
  static void nap() noexcept { std::this_thread::sleep_for(kNap); }

 private:
  static constexpr uint32_t kClosed = UINT32_MAX;
  static constexpr std::chrono::microseconds kNap{50}, kLongestTurn{10000};

  bool left_closed() const noexcept {
    return lookers_.is_inherited() && lookers_.inherited_value() == kClosed;
  }
  void add_waiting(int n) noexcept {
    uint32_t seen = waiting_.value();
    while (!waiting_.replace(seen, seen + static_cast<uint32_t>(n))) seen = waiting_.value();
  }

  static inline thread_local int looks_of_thread_ = 0;  ///< at any object

  ForkCounter owned_, closing_, lookers_, waiting_;
  std::atomic<std::thread::id> closed_by_{};
};

}  // namespace udl
