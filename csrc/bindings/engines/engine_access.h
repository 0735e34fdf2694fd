#pragma once
// Threads of Python at one engine: some look, one changes. Made and destroyed with the GIL held; it
// is let go where they wait.
#include <stdexcept>
#include <string>

#include "bindings/numpy/interrupt.h"
#include "runtime/threads/shared.h"

namespace udl::bindings {

/// Mends what a fork left half changed; whoever comes next tries again where that fails.
inline void mend_after_fork(const Shared& engine) {
  Access& access = engine.access();
  if (!access.begin_mending()) return;
  try {
    const_cast<Shared&>(engine).recover();
  } catch (...) {
    access.give_up_mending();
    throw;
  }
  access.end_mending();
}

/// Calls attempt() until it is true. Ctrl-C is raised here.
template <class Attempt>
void wait_for(const Shared& engine, Attempt&& attempt) {
  const auto succeeds = [&] {
    mend_after_fork(engine);
    return attempt();
  };
  if (succeeds()) return;
  run_interruptible(1, [&](const Run& run) {
    while (!succeeds() && !run.interrupt->ask()) Access::nap();
  });
}

/// Throws while somebody trains or changes the engine: a callback or another thread may not.
inline void check_idle(const Shared& engine, const char* function) {
  if (engine.access().is_owned())
    throw std::runtime_error(std::string(function) +
                             ": the model is being trained; change it after fit has returned");
}

/// The engine stays as it is in this scope. Waits for a thread that changes it; one that trains
/// lets others look between two minibatches. A signal's handler on the thread that trains looks at
/// once, perhaps in the middle of a minibatch: it would wait for itself.
class LookScope {
 public:
  explicit LookScope(const Shared& engine) : access_(engine.access()) {
    if (access_.is_closed_by_this_thread()) return;
    if (!access_.try_look(look_)) {
      const Access::Waiting waiting(access_);
      wait_for(engine, [this] { return access_.try_look(look_); });
    }
    looks_ = true;
  }
  ~LookScope() {
    if (looks_) access_.end_look(look_);
  }
  LookScope(const LookScope&) = delete;
  LookScope& operator=(const LookScope&) = delete;

 private:
  Access& access_;
  Access::Look look_;
  bool looks_ = false;
};

/// Nobody else changes the engine in this scope, nor looks at it, but in `let_look`. Waits for
/// those who look; throws where somebody changes it, and in the handler of a signal that interrupts
/// a look of its own thread, which would wait for itself.
class ChangeScope {
 public:
  ChangeScope(Shared& engine, const char* function) : access_(engine.access()) {
    if (access_.is_looked_at_by_this_thread())
      throw std::runtime_error(
          std::string(function) +
          ": the model is being looked at by this thread; change it after that "
          "call has returned");
    if (!access_.try_own()) {
      check_idle(engine, function);
      throw std::runtime_error(std::string(function) + ": the model was just being changed");
    }
    try {
      wait_for(engine, [this] { return access_.try_close(); });
    } catch (...) {
      access_.open();
      access_.disown();
      throw;
    }
  }
  ~ChangeScope() {
    access_.open();
    access_.disown();
  }
  ChangeScope(const ChangeScope&) = delete;
  ChangeScope& operator=(const ChangeScope&) = delete;

  /// Calls poll() while others may look, without the GIL. True to stop, as poll wants it, or the
  /// run's interrupt, which also ends the wait for those who still look.
  template <class Poll>
  bool let_look(const Run& run, Poll&& poll) {
    access_.open();
    const bool stop = poll();
    access_.let_look();
    while (!access_.try_close()) {
      if (run.interrupt->ask()) return true;
      Access::nap();
    }
    return stop;
  }

 private:
  Access& access_;
};

}  // namespace udl::bindings
