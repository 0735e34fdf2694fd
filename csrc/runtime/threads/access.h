#pragma once
// Who may look at an object and who may change it, among the threads of callers.
//
// One thread at a time owns the right to change: others that want it are refused. While the owner
// changes the object, it is closed and others wait to look; the owner opens it wherever there is
// something whole to be seen. New lookers wait for an owner that wants to close, so that many of
// them cannot keep it waiting for ever; a thread that looks may look again, as the handler of a
// signal does, since the owner waits for it, and so may the owner itself while it waits.
//
// No lock of the system: a thread that held one when another forks would leave it locked in the
// child. Each word carries the number of forks instead: a child finds nothing owned and nobody
// looking, and what was closed at the fork one of its threads mends.
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
  bool take_over(uint32_t to) noexcept {
    uint64_t seen = word_.load();
    return seen >> 32 != fork_count() && word_.compare_exchange_strong(seen, word(to));
  }
  /// Leaves `to` as if it had been inherited.
  void give_back(uint32_t to) noexcept { word_.store(word(to) - (uint64_t{1} << 32)); }

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

  /// By the owner: nobody looks until `open`. False while somebody does; nobody new begins, but on
  /// this thread.
  bool try_close() noexcept {
    closing_.replace(0, this_thread());
    return is_closing() && !left_closed() && lookers_.replace(0, kClosed);
  }
  /// By the owner, closed or not.
  void open() noexcept {
    if (!is_closing()) return;
    lookers_.replace(kClosed, 0);
    closing_.replace(this_thread(), 0);
  }
  /// Looking would wait for the very thread that asks.
  bool is_closed_by_this_thread() const noexcept {
    return is_closing() && lookers_.value() == kClosed;
  }

  /// One look of a thread. Those of one thread end in the reverse order of their beginnings.
  class Look {
    friend class Access;
    const Access* at_ = nullptr;
    Look* before_ = nullptr;  ///< of the same thread, at any object
  };

  /// The object stays as it is until `end_look`. False while it is closed or about to be.
  bool try_look(Look& look) noexcept {
    const bool others_close = closing_.value() != 0 && !is_closing();
    if (left_closed() || (others_close && latest_look_ == nullptr)) return false;
    for (uint32_t n = lookers_.value(); n < kMending; n = lookers_.value())
      if (lookers_.replace(n, n + 1)) {
        look.at_ = this;
        look.before_ = latest_look_;
        latest_look_ = &look;
        return true;
      }
    return false;
  }
  void end_look(Look& look) noexcept {
    latest_look_ = look.before_;
    // In the child of a fork within the look it is not counted.
    for (uint32_t n = lookers_.value(); n != 0 && n < kMending; n = lookers_.value())
      if (lookers_.replace(n, n - 1)) return;
  }
  /// Closing would wait for the very thread that asks.
  bool is_looked_at_by_this_thread() const noexcept {
    for (const Look* look = latest_look_; look != nullptr; look = look->before_)
      if (look->at_ == this) return true;
    return false;
  }

  /// In the child of a fork that found the object closed: true for one thread, which mends it.
  /// Until `end_mending` nobody may look or change.
  bool begin_mending() noexcept { return left_closed() && lookers_.take_over(kMending); }
  void end_mending() noexcept { lookers_.replace(kMending, 0); }
  /// Instead of `end_mending`: whoever comes next begins again.
  void give_up_mending() noexcept { lookers_.give_back(kClosed); }

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
  // Numbers of lookers that mean something else.
  static constexpr uint32_t kMending = UINT32_MAX - 1, kClosed = UINT32_MAX;
  static constexpr std::chrono::microseconds kNap{50}, kLongestTurn{10000};

  /// By a process that this one was forked off.
  bool left_closed() const noexcept {
    return lookers_.is_inherited() && lookers_.inherited_value() >= kMending;
  }
  /// From the first `try_close` to `open`, on the owner's thread.
  bool is_closing() const noexcept { return closing_.value() == this_thread(); }

  /// From 1. Numbers of the system are given again to later threads.
  static uint32_t this_thread() noexcept {
    static std::atomic<uint32_t> n_threads{0};
    static thread_local const uint32_t number = ++n_threads;
    return number;
  }
  void add_waiting(int n) noexcept {
    uint32_t seen = waiting_.value();
    while (!waiting_.replace(seen, seen + static_cast<uint32_t>(n))) seen = waiting_.value();
  }

  static inline thread_local Look* latest_look_ = nullptr;

  ForkCounter owned_, lookers_, waiting_;
  ForkCounter closing_;  ///< the number of the thread that closes or has closed
};

}  // namespace udl
