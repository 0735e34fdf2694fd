#pragma once
// What changes while kernels run one after the other without the host: which minibatch is at work
// and the scale of the weights. It lies in device memory, so that a graph of steps is replayed as
// it is; steps beyond the last minibatch find that out and return.
#include <cstdint>

#include "base/macros.h"

namespace udl::cuda {

struct RunState {
  // Of a call; the host writes them before.
  uint64_t seed;
  uint64_t first_step;          ///< of the stream, before the first minibatch
  int64_t n_rows;               ///< that minibatches take, all together
  int32_t batch_size;           ///< rows of a minibatch; the last may be shorter
  int32_t n_minibatches;        ///< minibatches of the call
  int32_t n_chains;             ///< persistent chains; 0: as many chains as rows
  int32_t steps_per_minibatch;  ///< numbers of the stream that a minibatch takes
  float learning_rate, momentum, weight_decay, l1;
  float sparsity_target, sparsity_cost, sparsity_damping;
  int32_t has_mean_activation;  ///< before the first minibatch

  // Moved on by the last block of `learn`.
  int32_t exponent;            ///< of the scale of the weights' integers
  float scale, inverse_scale;  ///< 2^exponent and 2^-exponent
  int32_t minibatch;           ///< the one at work
  int32_t rescaled;            ///< the first that works at this scale
  int32_t not_finite;          ///< a weight is no number: nothing more is learned

  // Of the minibatch at work; zero before it.
  uint32_t largest_bits;  ///< of the largest weight; NaN is the largest
  uint32_t finished;      ///< blocks of `learn` that are done
  uint32_t largest_norm;  ///< narrow: of any half-norm
};

/// Whose rows a kernel works on.
enum class RowsOf : int32_t { data, chains };

UDL_HD inline bool is_over(const RunState& run) {
  return run.minibatch >= run.n_minibatches || run.not_finite != 0;
}

/// Rows of the minibatch at work.
UDL_HD inline int data_rows(const RunState& run) {
  const int64_t rest = run.n_rows - static_cast<int64_t>(run.minibatch) * run.batch_size;
  return rest < run.batch_size ? static_cast<int>(rest) : run.batch_size;
}

UDL_HD inline int chain_rows(const RunState& run) {
  return run.n_chains > 0 ? run.n_chains : data_rows(run);
}

UDL_HD inline int rows_of(const RunState& run, RowsOf rows) {
  return rows == RowsOf::data ? data_rows(run) : chain_rows(run);
}

/// Number of the stream's step `offset` of the minibatch at work.
UDL_HD inline uint64_t step_number(const RunState& run, int offset) {
  return run.first_step +
         static_cast<uint64_t>(static_cast<int64_t>(run.minibatch) * run.steps_per_minibatch +
                               offset);
}

}  // namespace udl::cuda
