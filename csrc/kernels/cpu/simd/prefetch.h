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

/// The same of a line that will be written soon: other cores then give up their copies of it, for
/// which a store would have to wait.
UDL_ALWAYS_INLINE void prefetch_to_write(const void* p) {
#if defined(__GNUC__)
  __builtin_prefetch(p, 1);
#else
  (void)p;
#endif
}

}  // namespace
}  // namespace udl
