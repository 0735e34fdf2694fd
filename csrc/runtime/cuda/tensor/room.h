#pragma once
// The memory that a pass works in beside the model: states, probabilities, integers of weights. One
// allocation, zeroed once: what kernels rely on being 0 nobody writes.
#include <cstdint>

#include "kernels/cuda/tensor/learning/learn.h"
#include "kernels/cuda/tensor/run_state.h"
#include "runtime/cuda/buffer.h"

namespace udl::cuda {

/// What it must hold.
struct RoomSize {
  int64_t n_visible, n_hidden;
  int64_t data_rows, chain_rows;  ///< the most of a minibatch
  int64_t n_rows;                 ///< of the pass
  int n_slices;                   ///< bytes of an integer
  bool samples;                   ///< are counted, instead of probabilities
  bool sparsity;                  ///< has a target
  bool unlike;                    ///< phases may differ in their number of rows

  bool operator==(const RoomSize& other) const;
  /// state_stride of the most rows of either phase.
  int64_t row_words() const;
};

/// Addresses in device memory. What `size` does not ask for is null.
struct RoomArrays {
  RunState* run;
  uint32_t* order;
  uint8_t *to_hidden, *to_visible;
  unsigned long long *hidden_norms, *visible_norms;
  uint32_t *data_rows, *data_units;    ///< visible bits of the data
  uint32_t *chain_rows, *chain_units;  ///< and of the chains
  uint32_t* hidden_rows;               ///< hidden bits of CD's chains
  uint16_t* probabilities[2];
  uint32_t* hidden_units[2];
  float *mean_visible, *force, *chain_means;
};

class Room {
 public:
  /// Throws DeviceMemoryError.
  Room(Driver& driver, const RoomSize& size);

  const RoomSize& size() const { return size_; }
  const RoomArrays& arrays() const { return arrays_; }

 private:
  const RoomSize size_;
  RoomArrays arrays_{};
  DeviceBuffer<uint8_t> memory_;
};

}  // namespace udl::cuda
