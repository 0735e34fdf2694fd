#pragma once
// The states of both phases of a minibatch, and how a chain runs from one to the other.
#include <cstdint>

#include "kernels/cuda/plain/learn.h"
#include "runtime/cuda/rbm/model/state.h"
#include "runtime/cuda/rbm/train/minibatches.h"
#include "runtime/rbm/settings.h"
#include "runtime/rbm/steps/draw_schedule.h"

namespace udl::cuda {

class Phases {
 public:
  /// For minibatches of up to `max_rows` rows, which are bits or not.
  Phases(DeviceRbmState& state, const TrainSettings& settings, const DrawSchedule& draws,
         int64_t max_rows, bool binary_data);

  /// Hidden units given the data of minibatch `index`.
  plain::Phase data(int64_t index, const plain::States& rows);
  /// k Gibbs steps from there, or of the persistent chains, and the hidden units that end them.
  plain::Phase model(int64_t index, int64_t n_data_rows);

  int64_t max_chain_rows() const { return max_chain_rows_; }

 private:
  plain::States visible_states(int64_t rows, bool are_means) const;
  void reconstruct(int64_t index, int64_t step, const plain::States& hidden);
  plain::Phase end(int64_t index, const plain::States& visible);

  DeviceRbmState& state_;
  const TrainSettings& settings_;
  const DrawSchedule& draws_;
  const int64_t max_chain_rows_;
  DeviceBuffer<uint16_t> data_fixed_, model_fixed_;
  DeviceBuffer<float> data_means_, model_means_;
  DeviceBuffer<uint32_t> data_bits_;   ///< hidden states given the data
  DeviceBuffer<uint32_t> chain_bits_;  ///< visible states
  DeviceBuffer<float> chain_means_;    ///< the last of them, where they are means
  DeviceBuffer<uint32_t> own_hidden_;  ///< of CD's chain after its first step
};

}  // namespace udl::cuda
