#pragma once
#include "runtime/threads/interrupt.h"

namespace udl {

/// How a call may work: on how many threads, and who may end it early.
struct Run {
  int n_threads = 1;
  Interrupt* interrupt = nullptr;  ///< null: nobody can end it
};

}  // namespace udl
