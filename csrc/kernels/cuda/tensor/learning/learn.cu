// Learning from a minibatch in one kernel. Blocks of tiles of weights come first; behind them,
// where there is no sparsity target, blocks that move biases. The last one to finish finds the
// scale of the new weights.
#include "kernels/cuda/tensor/learning/learn.h"

#include "base/sampling.h"
#include "kernels/cuda/tensor/learning/bias_update.h"
#include "kernels/cuda/tensor/learning/pair_sums.h"
#include "kernels/cuda/tensor/learning/weight_update.h"
#include "kernels/cuda/tensor/scale/scale_rule.h"
#include "kernels/cuda/tensor/scale/weight_images.h"

namespace udl::cuda {
namespace {

using Large = PairShape<2, 4>;
using Small = PairShape<1, 4>;

/// What row 0 of a phase is rounded at (runtime/rbm/steps/draw_schedule.h).
UDL_DEVICE int first_offset(const RunState& run) {
  const DrawKey key = make_draw_key(run.seed, Stream::rounding, kHiddenLayer, step_number(run, 0));
  return static_cast<int>(draw_bits(key, 0, 0) >> 26);
}

UDL_DEVICE int words_of(int n_rows) { return (n_rows + kStateBits - 1) / kStateBits; }

template <class Shape, Statistics kStatistics, int kSlices>
UDL_DEVICE void learn_tile(const LearnArguments& s, int tile, uint8_t* shared) {
  const int columns = (s.n_visible + Shape::kVisible - 1) / Shape::kVisible;
  const int first_visible = tile % columns * Shape::kVisible,
            first_hidden = tile / columns * Shape::kHidden;
  RunState& run = *s.run;
  PairSums<Shape, kStatistics> product(s, first_visible, first_hidden, shared,
                                       kStatistics == Statistics::dithered ? first_offset(run) : 0);
  typename PairSums<Shape, kStatistics>::Accumulators sums = {};
  const WeightUpdate<Shape, kStatistics> update(s, tile, first_visible, first_hidden);
  product.run(words_of(data_rows(run)), words_of(chain_rows(run)), sums,
              [&] { update.keep_chains(sums); });
  int* integers = reinterpret_cast<int*>(shared);
  update.run(sums, integers);
  __syncthreads();
  constexpr int kStride = WeightUpdate<Shape, kStatistics>::kIntegerStride;
  constexpr bool kNarrow = kSlices == 2;
  uint32_t* largest = kNarrow ? &run.largest_norm : nullptr;
  store_images<kSlices, Shape::kThreads, Shape::kHidden, Shape::kVisible>(
      integers, kStride, 1, first_hidden, first_visible,
      {s.to_hidden, s.n_hidden, s.n_visible, {kNarrow ? nullptr : s.hidden_norms, largest}});
  store_images<kSlices, Shape::kThreads, Shape::kVisible, Shape::kHidden>(
      integers, 1, kStride, first_visible, first_hidden,
      {s.to_visible, s.n_visible, s.n_hidden, {kNarrow ? nullptr : s.visible_norms, largest}});
}

/// True in the last block to call it, which then sees what all others have written.
UDL_DEVICE bool is_last_block(RunState& run) {
  __shared__ bool is_last;
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) is_last = atomicAdd(&run.finished, 1u) == gridDim.x - 1;
  __syncthreads();
  __threadfence();
  return is_last;
}

/// The largest of gathered norms, which are zeroed for the next minibatch.
UDL_DEVICE unsigned long long take_largest(unsigned long long* norms, int n) {
  unsigned long long largest = 0;
  for (int i = threadIdx.x; i < n; i += blockDim.x) {
    largest = max(largest, __ldcg(norms + i));
    norms[i] = 0;
  }
  return largest;
}

/// By the last block: the next minibatch, and its scale.
UDL_DEVICE void move_on(const LearnArguments& s, bool narrow) {
  __shared__ unsigned long long room;
  RunState& run = *s.run;
  const float largest = __uint_as_float(__ldcg(&run.largest_bits));
  unsigned long long norm = 0;
  if (narrow) {
    norm = __ldcg(&run.largest_norm);
  } else {
    norm = max(take_largest(s.hidden_norms, 2 * s.n_hidden),
               take_largest(s.visible_norms, 2 * s.n_visible));
    norm = largest_of_block(norm, &room);
  }
  const bool is_finite = largest < INFINITY;  // NaN is not
  const int before = run.exponent;
  int exponent = before;
  if (is_finite)
    exponent =
        ScaleRule(s.weights, s.n_visible, s.n_hidden, narrow, largest, &room).find(before, norm);
  __syncthreads();  // all have read what is written now
  if (threadIdx.x != 0) return;
  set_scale(run, exponent);
  run.minibatch += 1;
  if (exponent != before) run.rescaled = run.minibatch;
  run.not_finite = !is_finite;
  run.largest_bits = run.largest_norm = run.finished = 0;
}

template <class Shape, Statistics kStatistics, int kSlices>
UDL_DEVICE void learn(const LearnArguments& s) {
  extern __shared__ __align__(128) uint8_t shared[];
  if (is_over(*s.run)) return;
  const int n_tiles = (s.n_visible + Shape::kVisible - 1) / Shape::kVisible *
                      ((s.n_hidden + Shape::kHidden - 1) / Shape::kHidden);
  constexpr int kWarps = Shape::kThreads / 32;
  const int block = blockIdx.x;
  if (block < n_tiles)
    learn_tile<Shape, kStatistics, kSlices>(s, block, shared);
  else
    BiasUpdate(s).run((block - n_tiles) * kWarps + threadIdx.x / 32,
                      (gridDim.x - n_tiles) * kWarps);
  if (is_last_block(*s.run)) move_on(s, kSlices == 2);
}

}  // namespace

/// Before `learn` where there is a sparsity target, whose force weights wait for.
extern "C" __global__ void __launch_bounds__(kLearnBiasThreads)
    udl_learn_biases(const __grid_constant__ LearnArguments arguments) {
  if (is_over(*arguments.run)) return;
  BiasUpdate(arguments).run(blockIdx.x * (kLearnBiasThreads / 32) + threadIdx.x / 32,
                            gridDim.x * (kLearnBiasThreads / 32));
}

#define UDL_LEARN(name, Shape, statistics, slices)                                     \
  extern "C" __global__ void __launch_bounds__(Shape::kThreads, 512 / Shape::kThreads) \
      name(const __grid_constant__ LearnArguments arguments) {                         \
    learn<Shape, Statistics::statistics, slices>(arguments);                           \
  }
UDL_LEARN(udl_learn_large_means_3, Large, means, 3)
UDL_LEARN(udl_learn_large_samples_3, Large, samples, 3)
UDL_LEARN(udl_learn_large_dithered_2, Large, dithered, 2)
UDL_LEARN(udl_learn_large_samples_2, Large, samples, 2)
UDL_LEARN(udl_learn_small_means_3, Small, means, 3)
UDL_LEARN(udl_learn_small_samples_3, Small, samples, 3)
UDL_LEARN(udl_learn_small_dithered_2, Small, dithered, 2)
UDL_LEARN(udl_learn_small_samples_2, Small, samples, 2)
#undef UDL_LEARN

const Kernel kLearn[kLearnShapeCount][2][2] = {
    {{UDL_KERNEL(udl_learn_large_means_3), UDL_KERNEL(udl_learn_large_samples_3)},
     {UDL_KERNEL(udl_learn_large_dithered_2), UDL_KERNEL(udl_learn_large_samples_2)}},
    {{UDL_KERNEL(udl_learn_small_means_3), UDL_KERNEL(udl_learn_small_samples_3)},
     {UDL_KERNEL(udl_learn_small_dithered_2), UDL_KERNEL(udl_learn_small_samples_2)}}};
const Kernel kLearnBiases = UDL_KERNEL(udl_learn_biases);

}  // namespace udl::cuda
