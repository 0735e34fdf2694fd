#pragma once
// What a model is asked, on tensor cores: half steps and Gibbs chains of bits, with the bits of the
// plain kernels.
#include <cstdint>
#include <optional>

#include "kernels/cuda/tensor/sampling/inference.h"
#include "runtime/cuda/rbm/model/state.h"
#include "runtime/cuda/rbm/steps/clamp.h"
#include "runtime/cuda/rbm/steps/half_step.h"
#include "runtime/cuda/tensor/images.h"
#include "runtime/cuda/tensor/shapes.h"
#include "runtime/threads/run.h"

namespace udl::cuda {

/// Rows from which on tensor cores serve better than plain kernels: a tile of theirs.
constexpr int64_t kLeastTensorRows = 16;

/// Gibbs chains in a device's memory, states as plain kernels have them.
struct ChainsOnDevice {
  const uint32_t* start;  ///< visible bits
  int64_t n_rows;         ///< > 0
  int64_t n_steps;        ///< > 0
  DrawSource source;
  const DeviceClamp* clamp;  ///< null: all units are free
  float beta;
  uint32_t *visible, *hidden;  ///< states of the last step
  float* means;                ///< P(v | h) of the last step; may be null
};

/// Keeps the integers of the weights it was last asked about. One call at a time.
class TensorSampler {
 public:
  /// Whether tensor cores do this on a device, for rows of bits and layers of so many units.
  static bool serves(const DeviceFacts& facts, int64_t n_visible, int64_t n_hidden);

  /// Tiles of this size; none: those that fill the device best. The choice changes no bit.
  void set_tiles(std::optional<TileSize> tiles) { tiles_ = tiles; }
  /// Gives memory back.
  void forget() { images_.reset(); }

  /// half_step (half_step.h) of bits: samples and means, no others.
  void half_step(const DeviceRbmState& state, Towards layer, const plain::States& from,
                 const HalfStepOutput& to);
  /// What is found means nothing once run.stopped().
  void run_chains(const DeviceRbmState& state, const ChainsOnDevice& chains, const Run& run);

 private:
  const WeightImages& images_of(const DeviceRbmState& state);

  std::optional<TileSize> tiles_;
  std::optional<WeightImages> images_;
  uint64_t version_ = 0;  ///< of the state they were made of
};

}  // namespace udl::cuda
