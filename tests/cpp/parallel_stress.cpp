// Stress test of the thread pool, meant to run under ThreadSanitizer (.ci/run compiles it).
// Exits with 1 and a line that names the check when one fails. No Python, no kernels.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cfenv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "runtime/threads/parallel.h"

namespace {

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "parallel_stress: FAILED: %s\n", what);
  std::_Exit(1);
}

/// Each item once, whatever the number of items. Plain counters: two takers of an item are a race.
void each_item_once(int n_threads) {
  for (int64_t n_items : {0, 1, 2, 3, 7, 64, 1000}) {
    std::vector<int> done(n_items, 0);
    udl::parallel_for(n_threads, n_items, [&](int64_t i) { ++done[i]; });
    for (int count : done) require(count == 1, "parallel_for calls the body once for each item");
  }
}

/// Loops of one region see all that the loops before wrote: the barrier orders plain memory.
void loops_are_ordered(int n_threads, int n_loops) {
  constexpr int64_t kItems = 37;
  std::vector<int64_t> values(kItems, 1);
  std::vector<int64_t> next(kItems);
  udl::parallel_region(n_threads, [&](udl::Team& team) {
    for (int loop = 0; loop < n_loops; ++loop) {
      team.for_each(kItems, [&](int64_t i) { next[i] = values[(i + 1) % kItems] + 1; });
      team.for_each(kItems, [&](int64_t i) { values[i] = next[i]; });
      team.barrier();
    }
  });
  for (int64_t value : values) require(value == 1 + n_loops, "loops of a region run in order");
}

/// A slow item must not hold up the rest of its thread's share.
void others_help() {
  std::atomic<int> n_others{0};
  udl::parallel_for(2, 8, [&](int64_t i) {
    if (i != 0) {
      ++n_others;
      return;
    }
    for (int ms = 0; ms < 20000 && n_others < 7; ++ms) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  require(n_others == 7, "all other items run");
}

/// Barriers with long waits between them: the sleeping path.
void sleeping_threads_wake(int n_threads) {
  int turn = 0;
  udl::parallel_region(n_threads, [&](udl::Team& team) {
    for (int round = 0; round < 20; ++round) {
      if (team.thread_index() == round % team.n_threads()) {
        std::this_thread::sleep_for(std::chrono::microseconds(300));
        ++turn;
      }
      team.barrier();
    }
  });
  require(turn == 20, "one thread a round counts");
}

void nested_regions_run() {
  std::atomic<int64_t> sum{0};
  udl::parallel_for(2, 10, [&](int64_t) {
    udl::parallel_region(3, [&](udl::Team& team) {
      require(team.n_threads() == 1, "a nested region has a team of one");
      team.for_each(5, [&](int64_t i) { sum += i; });
    });
  });
  require(sum == 100, "nested loops do all items");
}

/// Many callers at once, teams of changing size: the pool grows, shrinks and is refused.
void concurrent_callers(int n_callers, int n_rounds) {
  std::vector<std::thread> callers;
  for (int caller = 0; caller < n_callers; ++caller) {
    callers.emplace_back([=] {
      for (int round = 0; round < n_rounds; ++round) each_item_once(1 + (caller + round) % 5);
    });
  }
  for (std::thread& caller : callers) caller.join();
}

/// Rounding upwards in the caller must reach no item on any thread, and must survive the call.
void floating_point_is_default(int n_threads) {
  std::fesetround(FE_UPWARD);
  std::atomic<int> n_wrong{0};
  udl::parallel_for(n_threads, 64, [&](int64_t) { n_wrong += std::fegetround() != FE_TONEAREST; });
  require(std::fegetround() == FE_UPWARD, "the caller keeps its rounding mode");
  std::fesetround(FE_TONEAREST);
  require(n_wrong == 0, "bodies round to nearest");
}

#if !defined(__SANITIZE_THREAD__)  // ThreadSanitizer does not follow threads started after a fork
/// A child has none of the parent's threads; it must not wait for them.
void child_of_fork_runs() {
  const pid_t child = fork();
  require(child >= 0, "fork");
  if (child == 0) {
    alarm(60);
    for (int n_threads = 1; n_threads <= 3; ++n_threads) each_item_once(n_threads);
    _exit(0);
  }
  int status = 0;
  require(waitpid(child, &status, 0) == child, "waitpid");
  require(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child of a fork runs regions");
}
#else
void child_of_fork_runs() {}
#endif

}  // namespace

int main(int argc, char** argv) {
  const int scale = argc > 1 ? std::atoi(argv[1]) : 1;
  for (int n_threads : {1, 2, 3, 8, 3, 2}) {
    each_item_once(n_threads);
    loops_are_ordered(n_threads, 100 * scale);
    sleeping_threads_wake(n_threads);
    floating_point_is_default(n_threads);
  }
  others_help();
  nested_regions_run();
  concurrent_callers(4, 20 * scale);
  child_of_fork_runs();
  std::puts("parallel_stress: passed");
  return 0;
}
