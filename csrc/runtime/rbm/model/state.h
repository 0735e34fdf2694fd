#pragma once
// Parameters of one RBM in the layout the kernels read, and the fixed-point scale of its weights.
#include <cstdint>

#include "base/fixed.h"
#include "kernels/rbm.h"
#include "runtime/memory/buffer.h"

namespace udl {

constexpr float kMissingUnitBias = -1e30f;  ///< a padding unit has p = 0 and never fires

/// Biases padded to whole tiles.
class BiasVector {
 public:
  BiasVector() = default;
  explicit BiasVector(int64_t n);
  int64_t size() const { return n_; }
  const float* tile(int64_t index) const { return padded_.data() + index * kTileUnits; }
  float& operator[](int64_t i) { return padded_[i]; }
  float operator[](int64_t i) const { return padded_[i]; }

 private:
  int64_t n_ = 0;
  Buffer<float> padded_;
};

/// Weights, or their velocity, in panels of 16 hidden units (kernels/rbm.h).
class PanelMatrix {
 public:
  PanelMatrix() = default;
  PanelMatrix(int64_t n_hidden, int64_t n_visible);
  /// Copies from and to a (n_hidden, n_visible) C-ordered array.
  void assign(const float* matrix);
  void copy_to(float* matrix) const;

  bool empty() const { return panels_.size() == 0; }
  int64_t n_panels() const { return divide_up(n_hidden_, kTileUnits); }
  int64_t panel_stride() const { return kTileUnits * round_up(n_visible_, kTileUnits); }
  float* panel(int64_t tile) { return panels_.data() + tile * panel_stride(); }
  const float* panel(int64_t tile) const { return panels_.data() + tile * panel_stride(); }
  WeightPanelsView view(int scale_exponent, bool narrow) const;

  int64_t n_hidden() const { return n_hidden_; }
  int64_t n_visible() const { return n_visible_; }

 private:
  int64_t n_hidden_ = 0, n_visible_ = 0;
  Buffer<float> panels_;
};

/// The scale exponent of base/fixed.h, found from the weights alone: a pure function of them.
/// `narrow` asks for the one of 16-bit tables. Throws if a weight is not finite.
int weight_scale_exponent(const PanelMatrix& weights, bool narrow);

/// Everything learning changes, but for chains.
struct RbmState {
  RbmState(int64_t n_visible, int64_t n_hidden, bool narrow);

  int64_t n_visible, n_hidden;
  PanelMatrix weights;
  PanelMatrix weight_velocity;  ///< empty until momentum is used
  BiasVector hidden_bias, visible_bias;
  Buffer<float> hidden_velocity, visible_velocity;
  Buffer<float> mean_activation;  ///< running mean of the hidden units, for the sparsity target
  bool has_mean_activation = false;
  bool narrow;  ///< precision "fast": tables of 16 bits
  int scale_exponent;

  int64_t hidden_tiles() const { return divide_up(n_hidden, kTileUnits); }
  int64_t visible_tiles() const { return divide_up(n_visible, kTileUnits); }
  WeightPanelsView panels() const { return panels_at(scale_exponent); }
  WeightPanelsView panels_at(int exponent) const { return weights.view(exponent, narrow); }
  float scale() const { return power_of_two(scale_exponent); }
};

}  // namespace udl
