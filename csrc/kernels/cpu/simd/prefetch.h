#pragma once
#include "base/macros.h"

namespace udl {
namespace {

/// Asks for a cache line that will be read soon; a hint, without effect where the compiler has
/// none.
UDL_ALWAYS_INLINE void prefetch(const void* p) {
#if defined(__GNUC__)
  __builtin_prefetch(p);
#else
  (void)p;
#endif
}

}  // namespace
}  // namespace udl
