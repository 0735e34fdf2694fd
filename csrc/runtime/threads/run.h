#pragma once
#include "runtime/threads/interrupt.h"

namespace udl {

/// How a call may work: on how many threads, and who may end it early.
struct Run {
  int n_threads = 1;
  Interrupt* interrupt = nullptr;  ///< null: nobody can end it

  /// True once the call was ended: what it has found means nothing.
  bool stopped() const noexcept { return interrupt != nullptr && interrupt->stopped(); }
  /// The same call on another number of threads.
  Run with_threads(int n) const noexcept { return {n, interrupt}; }
};

}  // namespace udl
