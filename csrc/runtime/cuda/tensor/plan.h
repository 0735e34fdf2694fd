#pragma once
// The launches of one minibatch. Nothing in them changes from minibatch to minibatch.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>
#include <vector>

#include "runtime/cuda/driver.h"
#include "runtime/cuda/tensor/room.h"
#include "runtime/cuda/tensor/shapes.h"
#include "runtime/rbm/settings.h"

namespace udl::cuda {

/// A model in device memory.
struct ModelArrays {
  int64_t n_visible, n_hidden;
  float* weights;   ///< [n_hidden][n_visible]
  float* velocity;  ///< the same; null where momentum is 0
  float *hidden_bias, *visible_bias;
  float *hidden_velocity, *visible_velocity;
  float* mean_activation;  ///< [n_hidden]
  uint32_t* chains;        ///< hidden bits of persistent chains, state_stride(n_hidden) words a row
};

/// Rows of bits in device memory.
struct BitRows {
  const uint32_t* words;
  int64_t stride;  ///< words a row
};

class Plan {
 public:
  Plan(const ModelArrays& model, const BitRows& rows, bool is_ordered, const Room& room,
       const TrainSettings& settings, int n_multiprocessors, std::optional<TileSize> tiles);

  /// Images of the weights, before the first minibatch.
  void begin(Driver& driver, bool narrow) const;
  /// Everything of a minibatch.
  void run(Driver& driver) const;

  /// Whether both launch the same.
  bool operator==(const Plan& other) const;

 private:
  static constexpr std::size_t kMostBytes = 256;

  struct Launch {
    Kernel kernel;
    Grid grid;
    std::size_t n_bytes;
    std::array<std::byte, kMostBytes> arguments;
  };

  template <class Arguments>
  void add(const Kernel& kernel, const Grid& grid, const Arguments& arguments) {
    static_assert(std::is_trivially_copyable_v<Arguments> && sizeof(Arguments) <= kMostBytes);
    Launch launch{kernel, grid, sizeof arguments, {}};
    std::memcpy(launch.arguments.data(), &arguments, sizeof arguments);
    launches_.push_back(launch);
  }
  void add_fetch(const BitRows& rows, bool is_ordered);
  void add_data();
  void add_chain();
  void add_learning();
  enum class Layer { hidden, visible };
  struct Outputs {
    uint32_t *row_bits, *unit_bits;
    uint16_t* probabilities;
  };
  void add_half_step(Layer layer, RowsOf rows, const uint32_t* states, Stream stream, int step,
                     const Outputs& outputs);
  Stream chain_stream() const { return settings_.persistent ? Stream::pcd : Stream::cd; }

  const ModelArrays model_;
  const RoomSize size_;
  const RoomArrays room_;
  const TrainSettings settings_;
  const int n_multiprocessors_;
  const std::optional<TileSize> tiles_;
  std::vector<Launch> launches_;
};

}  // namespace udl::cuda
