#pragma once
// Sorting that ends where the team is to stop.
#include <algorithm>
#include <cstdint>

#include "runtime/threads/parallel.h"

namespace udl {

/// std::sort of entries that are plain numbers; false where the team is to stop, and then the
/// entries mean nothing.
template <class Iterator, class Less>
bool sort_until_stopped(Iterator first, Iterator last, Team& team, Less&& less) {
  struct Stopped {};
  constexpr int64_t kComparisonsPerCheck = 1 << 16;
  int64_t n_compared = 0;
  try {
    std::sort(first, last, [&](const auto& a, const auto& b) {
      if (++n_compared % kComparisonsPerCheck == 0 && team.check_stop()) throw Stopped();
      return less(a, b);
    });
  } catch (const Stopped&) {
    return false;
  }
  return true;
}

}  // namespace udl
