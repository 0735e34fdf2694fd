#pragma once
#include <cstdint>

namespace udl {

/// How often this process was forked off since the library was loaded: what the present number does
/// not stand on was left behind by threads that the child does not have.
uint32_t fork_count() noexcept;

}  // namespace udl
