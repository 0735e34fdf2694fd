#pragma once
// What callers decide about the training of a net. Plain values: a device reads them as they are.
#include <cstdint>
#include <tuple>

namespace udl {

/// What is done to the inputs of a row in training; targets stay as they are.
enum class Corruption : uint8_t {
  none,
  masking,          ///< a share `corruption_level` of the values becomes 0
  salt_and_pepper,  ///< half of that share becomes 0, the other half 1
  gaussian,         ///< normal noise of standard deviation `corruption_level` is added
};

/// What is minimised: the mean over the rows of their losses, and penalties.
struct Objective {
  double weight_decay = 0;      ///< half of it times the sum of the squares of the weights
  double l1 = 0;                ///< times the sum of their sizes; biases are free of both
  int first_decayed_layer = 0;  ///< layers below are free of weight_decay
  /// sparsity_cost times the sum of KL(sparsity_target || m) over the logistic hidden units, m
  /// being a unit's mean over the rows of the minibatch (runtime/dense/sparsity.h).
  double sparsity_target = 0, sparsity_cost = 0;
  Corruption corruption = Corruption::none;
  double corruption_level = 0;
  /// Share of the hidden units that is dropped, for each row; what is left is divided by 1 -
  /// dropout.
  double dropout = 0;
  int code_layer = -1;            ///< whose outputs are the code, for what follows; -1: none
  double code_noise = 0;          ///< standard deviation of normal noise added to the code's inputs
  bool fixed_code_noise = false;  ///< a row has the same noise whenever it is presented
  /// The code is rounded to 0 or 1 on the way up; the gradient passes as if it were not.
  bool rounded_code = false;

  bool decays(int layer) const { return layer >= first_decayed_layer; }
  double weight_decay_of(int layer) const { return decays(layer) ? weight_decay : 0.0; }
  bool has_sparsity() const { return sparsity_cost != 0; }
  bool corrupts() const { return corruption != Corruption::none && corruption_level != 0; }
  /// Whether the next layer sees something else than the units of this one computed; `layer` is
  /// hidden.
  bool changes_outputs(int layer) const {
    return dropout != 0 || (rounded_code && layer == code_layer);
  }

  auto fields() const {
    return std::tie(weight_decay, l1, first_decayed_layer, sparsity_target, sparsity_cost,
                    corruption, corruption_level, dropout, code_layer, code_noise, fixed_code_noise,
                    rounded_code);
  }
  bool operator==(const Objective& other) const { return fields() == other.fields(); }
};

enum class Solver : uint8_t { sgd, adam };

/// What a gradient g does to a parameter w.
///
/// sgd: v = momentum v - learning_rate g, and w += v, or with `nesterov` w += momentum v -
/// learning_rate g. Without momentum there is no v.
/// adam (Kingma and Ba 2015), at its update t of a training: m = momentum m + (1 - momentum) g,
/// s = square_decay s + (1 - square_decay) g^2, w -= learning_rate m' / (sqrt(s') + epsilon) where
/// m' = m / (1 - momentum^t) and s' = s / (1 - square_decay^t).
struct UpdateRule {
  Solver solver = Solver::adam;
  double learning_rate = 1e-3;
  double momentum = 0.9;
  bool nesterov = false;
  double square_decay = 0.999;
  double epsilon = 1e-8;
};

struct NetSettings {
  int64_t batch_size = 100;
  Objective objective;
  UpdateRule rule;
};

}  // namespace udl
