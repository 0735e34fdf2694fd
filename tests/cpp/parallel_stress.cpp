// Stress test of the thread pool, meant to run under ThreadSanitizer (.ci/run compiles it).
// Exits with 1 and a line that names the check when one fails. No Python, no kernels.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cfenv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
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
    udl::parallel_for(udl::Run{n_threads}, n_items, [&](int64_t i) { ++done[i]; });
    for (int count : done) require(count == 1, "parallel_for calls the body once for each item");
  }
}

/// Loops of one region see all that the loops before wrote: the barrier orders plain memory.
void loops_are_ordered(int n_threads, int n_loops) {
  constexpr int64_t kItems = 37;
  std::vector<int64_t> values(kItems, 1);
  std::vector<int64_t> next(kItems);
  udl::parallel_region(udl::Run{n_threads}, [&](udl::Team& team) {
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
  udl::parallel_for(udl::Run{2}, 8, [&](int64_t i) {
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
  udl::parallel_region(udl::Run{n_threads}, [&](udl::Team& team) {
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
  udl::parallel_for(udl::Run{2}, 10, [&](int64_t) {
    udl::parallel_region(udl::Run{3}, [&](udl::Team& team) {
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
  udl::parallel_for(udl::Run{n_threads}, 64,
                    [&](int64_t) { n_wrong += std::fegetround() != FE_TONEAREST; });
  require(std::fegetround() == FE_UPWARD, "the caller keeps its rounding mode");
  std::fesetround(FE_TONEAREST);
  require(n_wrong == 0, "bodies round to nearest");
}

// ---- failures ----

/// What the region throws.
template <class Body>
std::string message_of(const udl::Run& run, Body&& body) {
  try {
    udl::parallel_region(run, body);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "nothing";
}

/// The loops behind the failure are skipped, and every thread comes to the end of the region.
void failures_of_items_are_thrown(int n_threads) {
  for (int64_t failing : {0, 5, 99}) {
    std::atomic<int> n_after{0}, n_ended{0};
    const std::string message = message_of(udl::Run{n_threads}, [&](udl::Team& team) {
      team.for_each(100, [&](int64_t i) {
        if (i == failing) throw std::runtime_error("item");
      });
      require(team.stopped(), "a failure is known after its loop");
      team.for_each(100, [&](int64_t) { ++n_after; });
      ++n_ended;
    });
    require(message == "item", "a failing item is thrown by the region");
    require(n_after == 0, "loops behind a failure do nothing");
    require(n_ended >= 1 && n_ended <= n_threads, "all threads end the region");
  }
}

/// With an item a thread, all of which throw: thread t has item t.
void the_first_failure_is_thrown(int n_threads) {
  int size = 0;
  udl::parallel_region(udl::Run{n_threads}, [&](udl::Team& team) {
    if (team.thread_index() == 0) size = team.n_threads();
  });
  std::atomic<int> n_thrown{0};
  const std::string message = message_of(udl::Run{n_threads}, [&](udl::Team& team) {
    team.for_each(team.n_threads(), [&](int64_t i) {
      ++n_thrown;
      while (n_thrown < size) std::this_thread::yield();  // before any of them is known
      throw std::runtime_error("thread " + std::to_string(i));
    });
  });
  require(message == "thread 0", "the failure of the lowest thread is thrown");
}

/// One thread leaves its body at any point; the others find their barriers attended.
void failures_between_loops_are_thrown(int n_threads) {
  for (int failing = 0; failing < n_threads; ++failing) {
    for (int point : {0, 1, 7}) {
      const std::string message = message_of(udl::Run{n_threads}, [&](udl::Team& team) {
        for (int step = 0; step < 8; ++step) {
          if (team.thread_index() == failing && step == point) throw std::runtime_error("between");
          team.for_each(20, [](int64_t) {});
          team.barrier();
        }
      });
      require(message == "between", "a failure between loops is thrown by the region");
    }
  }
  const std::string message = message_of(udl::Run{n_threads}, [](udl::Team& team) {
    if (team.thread_index() > 0) team.barrier();
    throw std::runtime_error("all");
  });
  require(message == "all", "threads that fail at different barriers all leave");
}

void failures_of_nested_regions_are_thrown() {
  const std::string message = message_of(udl::Run{2}, [](udl::Team& team) {
    team.for_each(10, [](int64_t i) {
      udl::parallel_for(udl::Run{3}, 10, [&](int64_t j) {
        if (i == 4 && j == 4) throw std::runtime_error("nested");
      });
    });
  });
  require(message == "nested", "a failure of a nested region is thrown by the outer one");
}

// ---- interruption ----

/// Endless work ends soon after the poll says so, on the caller's thread, once and for all regions.
void interrupts_end_regions(int n_threads) {
  const std::thread::id caller = std::this_thread::get_id();
  bool polled_elsewhere = false;
  int n_polls = 0;
  udl::Interrupt interrupt([&] {
    polled_elsewhere = polled_elsewhere || std::this_thread::get_id() != caller;
    return ++n_polls == 3;
  });
  const udl::Run run{n_threads, &interrupt};
  std::atomic<int64_t> n_items{0}, n_steps{0};
  udl::parallel_region(run, [&](udl::Team& team) {
    while (!team.stopped()) {
      team.for_each(64, [&](int64_t) { ++n_items; });
      if (team.thread_index() == 0) ++n_steps;
    }
  });
  require(run.stopped() && n_polls == 3, "an interrupt ends many small steps");
  require(!polled_elsewhere, "only the calling thread polls");
  require(n_items >= 64 * (n_steps - 1) && n_steps > 1, "steps before it are whole");
  udl::parallel_for(run, 64, [&](int64_t) { require(false, "no region begins after it"); });
}

/// Items of a second each are ended from within.
void interrupts_end_long_items(int n_threads) {
  udl::Interrupt interrupt([] { return true; });
  const auto start = std::chrono::steady_clock::now();
  std::atomic<int> n_begun{0};
  udl::parallel_region(udl::Run{n_threads, &interrupt}, [&](udl::Team& team) {
    team.for_each(1000, [&](int64_t) {
      ++n_begun;
      for (int ms = 0; ms < 1000 && !team.check_stop(); ++ms)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
  });
  require(interrupt.stopped() && n_begun <= n_threads, "long items end at an interrupt");
  require(std::chrono::steady_clock::now() - start < std::chrono::seconds(10), "and they end soon");
}

/// What the poll throws is a failure of thread 0.
void failures_of_polls_are_thrown(int n_threads) {
  udl::Interrupt interrupt([]() -> bool { throw std::runtime_error("poll"); });
  const std::string message = message_of(udl::Run{n_threads, &interrupt}, [&](udl::Team& team) {
    while (!team.stopped()) team.for_each(64, [](int64_t) {});
  });
  require(message == "poll", "a failing poll is thrown by the region");
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
  for (int n_threads : {1, 2, 3, 4, 2, 1}) {
    for (int round = 0; round < 20 * scale; ++round) {
      failures_of_items_are_thrown(n_threads);
      the_first_failure_is_thrown(n_threads);
      failures_between_loops_are_thrown(n_threads);
    }
    interrupts_end_regions(n_threads);
    interrupts_end_long_items(n_threads);
    failures_of_polls_are_thrown(n_threads);
    each_item_once(n_threads);
  }
  failures_of_nested_regions_are_thrown();
  others_help();
  nested_regions_run();
  concurrent_callers(4, 20 * scale);
  child_of_fork_runs();
  std::puts("parallel_stress: passed");
  return 0;
}
