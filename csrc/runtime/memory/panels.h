#pragma once
// Biases and weights of one layer in the layout that kernels read: tiles and panels of 16 units.
#include <algorithm>
#include <cstdint>

#include "base/view.h"
#include "kernels/rbm.h"
#include "runtime/memory/buffer.h"

namespace udl {

constexpr float kMissingUnitBias = -1e30f;  ///< a padding unit has p = 0 and never fires

/// Biases padded to whole tiles.
class BiasVector {
 public:
  BiasVector() = default;
  explicit BiasVector(int64_t n, float of_missing_units = kMissingUnitBias);
  int64_t size() const { return n_; }
  const float* tile(int64_t index) const { return padded_.data() + index * kTileUnits; }
  float& operator[](int64_t i) { return padded_[i]; }
  float operator[](int64_t i) const { return padded_[i]; }

 private:
  int64_t n_ = 0;
  Buffer<float> padded_;
};

/// Weights, or their velocity, in panels of 16 hidden units (kernels/rbm/products.h).
class PanelMatrix {
 public:
  PanelMatrix() = default;
  PanelMatrix(int64_t n_hidden, int64_t n_visible);
  /// Copies from and to a (n_hidden, n_visible) C-ordered array.
  void assign(const float* matrix);
  template <class Real>
  void copy_to(Real* matrix) const;
  void zero() { panels_.zero(); }

  /// work(index, at) for all weights: where one is in such an array, and where behind panel(0).
  /// Both advance by stretches that stay in a core's first cache.
  template <class Work>
  void for_each_weight(Work&& work) const {
    constexpr int64_t kStretch = 64;
    for (int64_t first = 0; first < n_hidden_; first += kTileUnits)
      for (int64_t begin = 0; begin < n_visible_; begin += kStretch)
        for (int64_t j = first; j < std::min(first + kTileUnits, n_hidden_); ++j)
          for (int64_t i = begin; i < std::min(begin + kStretch, n_visible_); ++i)
            work(j * n_visible_ + i,
                 first / kTileUnits * panel_stride() + i * kTileUnits + (j - first));
  }

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

}  // namespace udl
