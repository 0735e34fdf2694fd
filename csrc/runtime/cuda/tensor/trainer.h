#pragma once
// A pass over rows on tensor cores: CD-k and PCD-k of bits, with the bits of the CPU's engine.
#include <cstdint>
#include <functional>
#include <optional>

#include "runtime/cuda/driver.h"
#include "runtime/cuda/tensor/plan.h"
#include "runtime/cuda/tensor/room.h"
#include "runtime/rbm/settings.h"
#include "runtime/threads/poll.h"

namespace udl::cuda {

/// Of devices from this capability on.
constexpr int kTensorCapability = 80;

/// One pass, as RbmEngine::train has it (runtime/rbm/engine.h).
struct TensorPass {
  ModelArrays model;
  BitRows rows;
  int64_t n_rows;
  const uint32_t* order;  ///< of the host, or null: rows as they are
  int64_t n_chains;       ///< rows of model.chains
  TrainSettings settings;
  bool fast;  ///< precision "fast"
  bool has_mean_activation;
  uint64_t seed, step;
  Poll poll;
  std::function<bool()> is_interrupted;  ///< asked about every 50 ms; may be empty
};

struct TensorResult {
  int64_t n_updates = 0, n_rows = 0, step = 0;
  bool stopped = false;
  bool finite = true;  ///< false: a weight is no number; biases are not looked at
};

/// Whether tensor cores do this: bits drawn on the way down, one temperature, no more rows a phase
/// than a sum of 32 bits holds.
bool tensor_cores_serve(const DeviceFacts& facts, const TrainSettings& settings, int64_t n_rows,
                        int64_t n_chains);

class TensorTrainer {
 public:
  explicit TensorTrainer(Driver& driver) : driver_(driver) {}
  TensorTrainer(const TensorTrainer&) = delete;
  TensorTrainer& operator=(const TensorTrainer&) = delete;

  /// Tiles of this size; none: those that fill the device best. The choice changes no bit.
  void set_tiles(std::optional<TileSize> tiles) { tiles_ = tiles; }

  /// Memory for a pass like this, of whose model the sizes count: none where the pass before was of
  /// this size. Throws DeviceMemoryError.
  void make_room(const TensorPass& pass);

  /// The model is changed in place. Makes room.
  TensorResult train(const TensorPass& pass);

 private:
  struct Captured {
    Plan plan;
    Graph graph;
  };

  void begin(const TensorPass& pass, const RoomSize& size, const Plan& plan);
  void run_minibatches(const TensorPass& pass, const Plan& plan, TensorResult& result);
  void run_some(const Plan& plan, int64_t n);
  void replay(const Plan& plan);
  Graph capture(const Plan& plan);
  RunState state() const;

  Driver& driver_;
  std::optional<TileSize> tiles_;
  std::optional<Room> room_;
  std::optional<Captured> captured_;
  int exponent_ = -24;  ///< where the scale of a pass is looked for first
};

}  // namespace udl::cuda
