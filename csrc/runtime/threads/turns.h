#pragma once
// Calls of several threads that are made one after the other.
#include <chrono>
#include <mutex>
#include <thread>

#include "runtime/threads/run.h"

namespace udl {

/// A thread whose turn it is may take another one inside of it: a signal's handler that interrupts
/// a call would wait for itself.
class Turns {
 public:
  /// Ends a turn where it ends; false: there is none, the call was stopped while it waited.
  using Turn = std::unique_lock<std::recursive_mutex>;

  Turn take() { return Turn(mutex_); }
  Turn take(const Run& run) {
    constexpr auto kNap = std::chrono::milliseconds(1);
    Turn turn(mutex_, std::try_to_lock);
    while (!turn && !(run.interrupt != nullptr && run.interrupt->ask())) {
      std::this_thread::sleep_for(kNap);
      turn.try_lock();
    }
    return turn;
  }

 private:
  std::recursive_mutex mutex_;
};

}  // namespace udl
