#pragma once
// A layer at an inverse temperature: tempering, annealing and tempered sampling activate the sums
// of a half step there.
#include <cmath>
#include <cstdint>

#include "kernels/rbm.h"
#include "runtime/memory/panels.h"
#include "runtime/rbm/model/layer.h"

namespace udl {

/// A layer of the model whose energy is beta times that of the model, or, annealed from a base
/// model without weights, (1 - beta) times the base's plus beta times the model's: x = beta * scale
/// * sum + bias with bias = beta * (the layer's), plus (1 - beta) * base_bias.
///
/// Normal units keep their mean, and have 1 / beta of their variance.
///
/// At beta = 1 it has the bits of the layer itself. Missing units keep the bias of missing units,
/// so that they fire at no temperature.
class Temperature {
 public:
  /// The layer, as it is when a beta is set, and `base_bias` must outlive this.
  explicit Temperature(const Layer& layer, float beta = 1.0f, const BiasVector* base_bias = nullptr)
      : layer_(layer), base_bias_(base_bias), bias_(layer.bias), deviation_(layer.deviation) {
    set_beta(beta);
  }

  void set_beta(float beta) {
    beta_ = beta;
    for (int64_t i = 0; i < deviation_.size(); ++i)
      deviation_[i] = layer_.deviation[i] / std::sqrt(beta);
    if (is_normal()) return;
    for (int64_t i = 0; i < bias_.size(); ++i) bias_[i] = beta * layer_.bias[i];
    if (base_bias_ == nullptr) return;
    for (int64_t i = 0; i < bias_.size(); ++i) bias_[i] += (1.0f - beta) * (*base_bias_)[i];
  }

  float beta() const { return beta_; }
  const BiasVector& bias() const { return bias_; }

  /// The input of a tile here, given its input as the half step hands it out. A power of two times
  /// beta is exact.
  UnitInput of(UnitInput input, int64_t tile) const {
    if (is_normal()) {
      input.deviation = deviation_.data() + tile * kTileUnits;
      return input;
    }
    input.scale *= beta_;
    input.bias = bias_.tile(tile);
    return input;
  }

 private:
  bool is_normal() const { return deviation_.size() > 0; }

  const Layer& layer_;
  const BiasVector* base_bias_;
  float beta_ = 1.0f;
  BiasVector bias_;
  Buffer<float> deviation_;  ///< of normal units, as in the layer
};

/// Rows first .. first + count - 1 of a tile's input: those of one temperature among others. An
/// activation works on whole fours of rows: where `first` is no multiple of 4, scratch needs room
/// for three rows more.
inline UnitInput rows_of(UnitInput input, int64_t first, int64_t count) {
  if (input.sums != nullptr) input.sums += first * kTileUnits;
  if (input.float_sums != nullptr) input.float_sums += first * kTileUnits;
  input.rows = count;
  return input;
}

/// Where the results of these rows go, given where those of row 0 would. Samples are written for
/// the rows alone; means of up to three rows behind the last are zeroed, so that blocks of rows
/// with means are activated in ascending order.
inline UnitOutput rows_from(UnitOutput output, int64_t first) {
  if (output.sample_words != nullptr) output.sample_words += first;
  if (output.means_fixed != nullptr) output.means_fixed += first * kTileUnits;
  if (output.means != nullptr) output.means += first * kTileUnits;
  if (output.samples != nullptr) output.samples += first * output.sample_stride;
  output.first_chain += static_cast<uint32_t>(first);
  return output;
}

}  // namespace udl
