#include "runtime/cuda/rbm/steps/tensor_chains.h"

#include <algorithm>
#include <chrono>

namespace udl::cuda {
namespace {

using Clock = std::chrono::steady_clock;

/// Steps of a graph.
constexpr int64_t kGraphSteps = 16;
/// Work asked for at once where somebody may want to end it early: at most twice as long.
constexpr double kSecondsAtOnce = 0.02;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class TensorChains {
 public:
  TensorChains(const DeviceRbmState& state, const WeightImages& images,
               std::optional<TileSize> tiles, const ChainsOnDevice& chains)
      : driver_(*state.driver),
        chains_(chains),
        visible_(tensor_states(driver_, chains.start, chains.n_rows, state.n_visible)),
        hidden_(driver_, chains.n_rows * state_stride(state.n_hidden)),
        visible_stride_(state_stride(state.n_visible)),
        steps_done_(driver_, 1),
        inference_(state, images, chains.beta, tiles, steps_done_.data()) {
    hidden_.zero();  // words beyond the last tile
    steps_done_.zero();
  }

  /// The last step alone gives means.
  void run(const Run& run) {
    run_all_but_last(run);
    if (run.stopped()) return;
    take_step(0, chains_.means);
  }

  void bring_back(const DeviceRbmState& state) {
    plain_states(driver_, visible_, chains_.n_rows, state.n_visible, chains_.visible);
    plain_states(driver_, hidden_, chains_.n_rows, state.n_hidden, chains_.hidden);
  }

 private:
  void run_all_but_last(const Run& run) {
    const int64_t n = chains_.n_steps - 1;
    const bool looks_up = run.interrupt != nullptr;
    int64_t at_once = looks_up ? kGraphSteps : std::max<int64_t>(n, 1);
    for (int64_t done = 0; done < n;) {
      if (looks_up && run.interrupt->ask()) return;
      const auto start = Clock::now();
      const int64_t some = std::min(at_once, n - done);
      run_some(some);
      done += some;
      if (!looks_up) continue;
      driver_.synchronise();
      if (seconds_since(start) < kSecondsAtOnce) at_once *= 2;
    }
  }

  /// Whole graphs, and the rest launch by launch.
  void run_some(int64_t n) {
    for (; n >= kGraphSteps; n -= kGraphSteps) {
      if (!graph_) graph_ = capture();
      driver_.replay(graph_);
    }
    if (n > 0) take_steps(n);
  }

  Graph capture() {
    driver_.begin_capture();
    try {
      take_steps(kGraphSteps);
    } catch (...) {
      driver_.abandon_capture();
      throw;
    }
    return driver_.end_capture();
  }

  void take_steps(int64_t n) {
    for (int64_t s = 0; s < n; ++s) take_step(s, nullptr);
    driver_.launch(kAdvance, Grid{{1}, {1}},
                   AdvanceArguments{steps_done_.data(), static_cast<uint64_t>(n)});
  }

  /// Step s from those that are done on.
  void take_step(int64_t s, float* means) {
    HalfStepOutput up, down;
    up.samples = hidden_.data();
    up.draws = chains_.source.hidden(s);
    down.samples = visible_.data();
    down.draws = chains_.source.visible(s);
    down.means = means;
    up.first_chain = down.first_chain = chains_.source.first_chain;
    inference_.half_step(Towards::hidden, {visible_.data(), chains_.n_rows}, up);
    inference_.half_step(Towards::visible, {hidden_.data(), chains_.n_rows}, down);
    if (chains_.clamp != nullptr)
      chains_.clamp->put_back(visible_.data(), chains_.n_rows, visible_stride_);
  }

  Driver& driver_;
  const ChainsOnDevice& chains_;
  DeviceBuffer<uint32_t> visible_, hidden_;
  const int64_t visible_stride_;
  DeviceBuffer<uint64_t> steps_done_;
  const Inference inference_;
  Graph graph_;
};

}  // namespace

void run_tensor_chains(const DeviceRbmState& state, const WeightImages& images,
                       std::optional<TileSize> tiles, const ChainsOnDevice& chains,
                       const Run& run) {
  TensorChains on_tensor_cores(state, images, tiles, chains);
  on_tensor_cores.run(run);
  if (!run.stopped()) on_tensor_cores.bring_back(state);
}

}  // namespace udl::cuda
