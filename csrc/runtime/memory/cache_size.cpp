#include "runtime/memory/cache_size.h"

#if defined(__unix__)
#include <unistd.h>
#endif

namespace udl {
namespace {

int64_t ask_system() {
#if defined(_SC_LEVEL2_CACHE_SIZE)
  const auto bytes = static_cast<int64_t>(sysconf(_SC_LEVEL2_CACHE_SIZE));
  if (bytes > 0) return bytes;
#endif
  return int64_t{512} * 1024;
}

}  // namespace

int64_t level2_cache_bytes() {
  static const int64_t bytes = ask_system();
  return bytes;
}

}  // namespace udl
