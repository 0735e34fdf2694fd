#pragma once
// Large pages for memory of many megabytes: with pages of 4 KB a walk through weights of 100 MB
// misses the processor's list of pages at nearly every step.
#include <cstddef>
#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace udl {

constexpr std::size_t kLargePage = std::size_t{1} << 21;

/// Asks for large pages where whole ones fit into fresh memory. Advice: failure is no error.
inline void advise_large_pages(void* data, std::size_t n_bytes) noexcept {
#if defined(__linux__)
  constexpr std::uintptr_t kPage = 4096;
  const auto begin = reinterpret_cast<std::uintptr_t>(data);
  const std::uintptr_t first = (begin + kPage - 1) / kPage * kPage,
                       last = (begin + n_bytes) / kPage * kPage;
  if (n_bytes >= kLargePage) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#else
  (void)data;
  (void)n_bytes;
#endif
}

}  // namespace udl
