#pragma once
// Single kernels at work, for benchmarks: the ceilings of the machine, and each product and
// epilogue of a training step by itself, on the threads and tiles a step has.
#include <cstdint>
#include <vector>

#include "runtime/data/rows.h"
#include "runtime/memory/bit_matrix.h"
#include "runtime/memory/buffer.h"
#include "runtime/rbm/model/state.h"
#include "runtime/threads/run.h"

namespace udl {

/// Each of the threads does n blocks of kernels/ceilings.h.
void run_multiply_adds(int64_t n_blocks, const Run& run);
void run_entry_additions(int64_t n_blocks, const Run& run);

enum class TimedKernel {
  hidden_sums,
  visible_sums,
  gradient_sums,  ///< of one phase; a step has two
  pair_counts,    ///< the gradient of sampled statistics
  dense_hidden_sums,
  dense_gradient_sums,
  sample,           ///< the epilogue of a hidden product
  sample_and_mean,  ///< the same with probabilities in fixed point
};

/// A minibatch of visible and hidden states with weights, and room for the results of one tile a
/// thread: like those of a step, they stay in the caches. No two calls at once.
class KernelRates {
 public:
  /// States are bits with as many rows, at most kMaxRowsPerSum; weights are (n_hidden, n_visible),
  /// C order.
  KernelRates(const Rows& visible, const Rows& hidden, const float* weights, bool narrow);

  /// n repetitions, each over all tiles, in one parallel region.
  void run(TimedKernel kernel, int64_t n, const Run& run);
  /// The sum of all that one repetition yields, so that tests can tell what is timed: integer sums,
  /// counted pairs, drawn bits, or probabilities in units of 2^-16. Exact but for dense sums.
  double total(TimedKernel kernel);

 private:
  /// What one thread writes.
  struct Room {
    explicit Room(const KernelRates& rates);
    Buffer<int32_t> scratch, sums, probabilities;
    Buffer<float> float_sums;
    Buffer<uint64_t> samples;
  };
  int64_t n_tiles(TimedKernel kernel) const;
  void one_tile(TimedKernel kernel, int64_t tile, Room& room) const;
  double tile_total(TimedKernel kernel, int64_t tile, const Room& room) const;

  int64_t n_rows_, n_visible_, n_hidden_;
  PanelMatrix weights_;
  WeightPanelsView view_;
  BitMatrix visible_, hidden_, visible_units_, hidden_units_;
  Buffer<float> values_;         ///< the visible states as floats
  Buffer<int32_t> fixed_;        ///< some probabilities, [rows padded to 4][16]
  Buffer<float> probabilities_;  ///< the same as floats
  Buffer<int32_t> logits_;       ///< hidden sums of tile 0: what every epilogue is handed
  Buffer<float> bias_;
  std::vector<Room> rooms_;
};

}  // namespace udl
