#pragma once
// Parameters, optimiser state and chains of one RBM of Bernoulli units in a device's memory.
#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/cuda/buffer.h"
#include "runtime/data/rows.h"
#include "runtime/memory/weight_change.h"
#include "runtime/rbm/model/arrays.h"

namespace udl::cuda {

/// One layer's biases and how they move.
struct DeviceLayer {
  DeviceLayer(Driver& driver, int64_t n_units) : bias(driver, n_units), velocity(driver, n_units) {
    bias.zero();
    velocity.zero();
  }
  DeviceBuffer<float> bias, velocity;
};

/// Everything learning changes: what RbmState is on the CPU (runtime/rbm/model/state.h). A copy
/// shares the driver and nothing else.
class DeviceRbmState {
 public:
  using Real = float;

  DeviceRbmState(std::shared_ptr<Driver> device, int64_t n_visible, int64_t n_hidden, bool is_fast);
  DeviceRbmState(const DeviceRbmState& other);
  DeviceRbmState(DeviceRbmState&&) = default;
  /// Where memory is missing nothing has changed.
  DeviceRbmState& operator=(const DeviceRbmState& other);
  DeviceRbmState& operator=(DeviceRbmState&&) = default;

  std::shared_ptr<Driver> driver;  ///< first: it outlives the memory
  int64_t n_visible, n_hidden;
  DeviceBuffer<float> weights;          ///< [n_hidden][n_visible]
  DeviceBuffer<float> weight_velocity;  ///< empty until momentum is used
  DeviceLayer hidden, visible;
  DeviceBuffer<float> mean_activation;  ///< of the hidden units, for the sparsity target
  bool has_mean_activation = false;
  DeviceBuffer<uint32_t> chains;  ///< [n_chains][state_words(n_hidden)], hidden states
  std::vector<double> betas;  ///< of parallel tempering, which is not done here: kept for others
  bool fast;                  ///< precision "fast"
  bool narrow;                ///< integers of 16 bits at present
  int scale_exponent;
  /// Of these weights at this scale, which no others ever have: whoever keeps what it made of them
  /// sees whether it is still right. Copies share it.
  uint64_t version;

  /// From now on. Scales are those of these integers, unless weights are not finite.
  void use_narrow(bool narrow_integers);
  /// Makes scale_exponent what base/fixed.h asks for; `likely` is looked at first. False, and it
  /// stays, if weights are not finite. Whoever has changed weights calls it; it allocates nothing.
  bool find_scale(int likely);

  // Arrays in and out, as in RbmState.
  void assign(const ParameterArrays<const float*>& from);
  void copy_to(const ParameterArrays<float*>& to) const;
  void assign(const OptimizerArrays<const float*>& from);
  void copy_to(const OptimizerArrays<float*>& to) const;
  bool has_weight_velocity() const { return weight_velocity.size() > 0; }
  bool has_offsets() const { return false; }
  void set_chains(const Rows& rows);
  Rows chain_rows() const;
  int64_t n_chains() const;

  /// Zeros where there is none; none where momentum is 0.
  void prepare_velocity(double momentum);

  void add_change_since(const DeviceRbmState& before, WeightChangeSum& sum) const;
  bool has_finite_biases() const;

 private:
  float largest_weight();
  int64_t half_norm(int exponent);

  DeviceBuffer<int32_t> largest_bits_;  ///< what kernels tell of the weights
  DeviceBuffer<unsigned long long> norm_;
};

}  // namespace udl::cuda
