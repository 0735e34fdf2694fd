#pragma once
#include <cstdint>

namespace udl {

/// Of the level-2 cache of one core; where the system does not tell, what nearly every processor
/// has.
int64_t level2_cache_bytes();

}  // namespace udl
