#pragma once
// How many threads there may be, and how many a call takes that names no number.

namespace udl {

/// Most threads a region may use; larger requests are an error in the layer above.
constexpr int kMaxThreads = 256;

/// Processors this process may use: affinity, lowered by a container's CPU quota; 1..kMaxThreads.
int usable_processors();

struct ThreadCount {
  int n_threads;
  const char* source;  ///< where the number comes from, for people
};
/// Threads used where the caller names no number: set_num_threads(), else UDL_FAST_NUM_THREADS,
/// else usable_processors() lowered by OMP_NUM_THREADS. Throws where UDL_FAST_NUM_THREADS is no
/// count.
ThreadCount default_thread_count();
inline int num_threads() { return default_thread_count().n_threads; }
/// n in 1..kMaxThreads sets the default, 0 returns to the environment's; anything else throws.
void set_num_threads(int n);

}  // namespace udl
