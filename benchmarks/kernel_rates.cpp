// Rates of single kernels on one thread, printed as JSON. Compiled once per CPU target by kernel_rates.py,
// together with that target's kernel file; see there.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <numeric>
#include <random>

#include "kernels/cpu/simd.h"
#include "kernels/rbm.h"
#include "runtime/buffer.h"

#define UDL_JOIN_(a, b) a##b
#define UDL_JOIN(a, b) UDL_JOIN_(a, b)

using namespace udl;

namespace {

const RbmKernels& kernels = UDL_JOIN(rbm_kernels_, UDL_TARGET);
int repeats = 15;

/// Shortest of `repeats` runs: other load on the machine only makes a run longer.
double best_seconds(const std::function<void()>& run) {
  double best = 1e9;
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

constexpr int kChains = 12;  // independent sums, enough to hide the latency of a multiply-add

/// kChains sums in registers over many steps; the result keeps the compiler from dropping them.
float multiply_add_chains(const float* starts, int steps) {
  f32x16 sums[kChains];
  for (int k = 0; k < kChains; ++k) sums[k] = load(starts + k * 16);
  const f32x16 a = broadcast(0.999f), b = broadcast(0.001f);
  for (int n = 0; n < steps; ++n)
    for (int k = 0; k < kChains; ++k) sums[k] = multiply_add(sums[k], a, b);
  f32x16 total = sums[0];
  for (int k = 1; k < kChains; ++k) total = total + sums[k];
  float lanes[16];
  store(lanes, total);
  return std::accumulate(lanes, lanes + 16, 0.0f);  // every lane, or the compiler drops some
}

/// What a perfect matrix product could reach, in Gflop/s.
double multiply_add_rate() {
  constexpr int kSteps = 20000;
  volatile float sink = 0;
  Buffer<float> starts(kChains * 16);
  for (int64_t i = 0; i < starts.size(); ++i) starts[i] = static_cast<float>(i);
  const double seconds = best_seconds([&] { sink = multiply_add_chains(starts.data(), kSteps); });
  return 2.0 * 16 * kChains * kSteps / seconds * 1e-9;
}

struct Shape {
  int64_t rows, visible, hidden;
};

void measure(const Shape& shape, bool last) {
  std::mt19937 random(0);
  std::normal_distribution<float> normal(0.0f, 0.05f);
  std::bernoulli_distribution coin(0.3);
  Buffer<float> weights(round_up(shape.visible, 16) * round_up(shape.hidden, 16));
  for (int64_t i = 0; i < weights.size(); ++i) weights[i] = normal(random);
  BitMatrix visible(shape.rows, shape.visible), units(shape.visible, shape.rows), hidden(shape.rows, shape.hidden);
  BitMatrix hidden_units(shape.hidden, shape.rows);
  for (int64_t r = 0; r < shape.rows; ++r) {
    for (int64_t i = 0; i < shape.visible; ++i)
      if (coin(random)) {
        visible.set(r, i);
        units.set(i, r);
      }
    for (int64_t j = 0; j < shape.hidden; ++j)
      if (coin(random)) {
        hidden.set(r, j);
        hidden_units.set(j, r);
      }
  }
  Buffer<int32_t> scratch(kTableScratch), sums(16 * round_up(std::max(shape.rows, shape.visible), 4)), fixed(16 * round_up(shape.rows, 4));
  for (int64_t i = 0; i < fixed.size(); ++i) fixed[i] = static_cast<int32_t>(random() % 65536);
  Buffer<float> bias(16);
  const int64_t hidden_tiles = shape.hidden / 16, visible_tiles = shape.visible / 16;

  double up[2], down[2], gradient[2];  // of entries of 32 bits, then of 16
  for (const bool narrow : {false, true}) {
    const WeightPanelsView view{weights.data(), shape.visible, shape.hidden, narrow ? 512.0f : 1048576.0f, narrow};
    up[narrow] = best_seconds([&] {
      for (int64_t t = 0; t < hidden_tiles; ++t) kernels.hidden_sums(view, t, visible.view(), scratch.data(), sums.data());
    });
    down[narrow] = best_seconds([&] {
      for (int64_t t = 0; t < visible_tiles; ++t) kernels.visible_sums(view, t, hidden.view(), scratch.data(), sums.data());
    });
    gradient[narrow] = best_seconds([&] {
      for (int64_t t = 0; t < hidden_tiles; ++t)
        kernels.gradient_sums(units.view(), fixed.data(), narrow, Combine::overwrite, scratch.data(), sums.data());
    });
  }
  const double pairs = best_seconds([&] {
    for (int64_t t = 0; t < hidden_tiles; ++t) kernels.pair_counts(units.view(), hidden_units.view(), t, Combine::overwrite, sums.data());
  });
  const WeightPanelsView view{weights.data(), shape.visible, shape.hidden, 1 << 20, false};
  kernels.hidden_sums(view, 0, visible.view(), scratch.data(), sums.data());
  ActivationOutput output{};
  output.sample_words = hidden.view().word_column(0);
  const ActivationInput input{sums.data(), nullptr, 1.0f / (1 << 20), bias.data(), shape.rows};
  const auto activate = [&] {
    for (int64_t t = 0; t < hidden_tiles; ++t) kernels.activate(input, output);
  };
  const double sample = best_seconds(activate);
  output.probabilities_fixed = fixed.data();
  const double sample_and_mean = best_seconds(activate);

  const double gigaflops = 2e-9 * static_cast<double>(shape.rows * shape.visible * hidden_tiles * 16);
  const double sampled_units = static_cast<double>(shape.rows * hidden_tiles * 16);
  std::printf("{\"rows\": %d, \"visible\": %d, \"hidden\": %d, ", static_cast<int>(shape.rows), static_cast<int>(shape.visible),
              static_cast<int>(shape.hidden));
  for (const bool narrow : {false, true}) {
    const char* mode = narrow ? "fast_" : "";
    std::printf("\"%shidden_gflops\": %.1f, \"%svisible_gflops\": %.1f, \"%sgradient_gflops\": %.1f, ", mode, gigaflops / up[narrow], mode,
                gigaflops / down[narrow], mode, gigaflops / gradient[narrow]);
  }
  std::printf("\"pair_counts_gflops\": %.1f, \"sample_ns\": %.3f, \"sample_and_mean_ns\": %.3f}%s", gigaflops / pairs,
              sample / sampled_units * 1e9, sample_and_mean / sampled_units * 1e9, last ? "" : ", ");
}

}  // namespace

int main(int argc, char**) {
  if (argc > 1) repeats = 2;  // any argument: a short form
  std::printf("{\"multiply_add_gflops\": %.1f, \"shapes\": [", multiply_add_rate());
  const Shape shapes[] = {{100, 784, 512}, {512, 784, 1024}, {1024, 784, 1024}, {256, 3072, 1024}};
  for (const Shape& shape : shapes) measure(shape, &shape == &shapes[3]);
  std::printf("]}\n");
}
