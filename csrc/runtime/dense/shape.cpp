#include "runtime/dense/shape.h"

#include "base/error.h"

namespace udl {
namespace {

constexpr const char* kActivations[] = {"linear", "logistic", "tanh", "relu", "softmax"};
constexpr const char* kLosses[] = {"squared", "cross_entropy", "multinomial"};
constexpr int64_t kMaxLayers = 1000;  // draws number the layers of units by 10 bits
constexpr int64_t kMaxUnits = (int64_t{1} << 31) - 1;

[[noreturn]] void refuse(const std::string& text) { throw_invalid("NetEngine: " + text); }

template <class Word, int kWords>
Word word_from_name(const char* const (&words)[kWords], const std::string& name,
                    const char* argument) {
  std::string expected;
  for (int i = 0; i < kWords; ++i) {
    if (name == words[i]) return static_cast<Word>(i);
    expected += std::string(i ? ", '" : "'") + words[i] + "'";
  }
  refuse(std::string(argument) + " must be one of " + expected + ", got '" + name + "'");
}

std::string at(const char* argument, int layer) {
  return std::string(argument) + "[" + std::to_string(layer) + "]";
}

void check_sizes(const NetShape& shape) {
  const auto n_layers = static_cast<int64_t>(shape.activations.size());
  if (n_layers < 1 || n_layers > kMaxLayers)
    refuse("activations must hold 1 to " + std::to_string(kMaxLayers) + " layers, got " +
           std::to_string(n_layers));
  if (static_cast<int64_t>(shape.sizes.size()) != n_layers + 1)
    refuse("sizes must hold one number more than there are layers, " +
           std::to_string(n_layers + 1) + ", got " + std::to_string(shape.sizes.size()));
  for (int i = 0; i <= n_layers; ++i)
    if (shape.sizes[i] < 1 || shape.sizes[i] > kMaxUnits)
      refuse(at("sizes", i) + " must be from 1 to 2^31 - 1, got " + std::to_string(shape.sizes[i]));
}

void check_tied(const NetShape& shape) {
  if (shape.tied.size() != shape.activations.size())
    refuse("tied must hold one entry a layer, " + std::to_string(shape.activations.size()) +
           ", got " + std::to_string(shape.tied.size()));
  for (int l = 0; l < shape.n_layers(); ++l) {
    if (!shape.is_tied(l)) continue;
    const int other = shape.tied[l];
    if (other >= l || shape.is_tied(other))
      refuse(at("tied", l) + " must be -1 or a layer below that has weights of its own, got " +
             std::to_string(other));
    if (shape.n_inputs(l) != shape.n_outputs(other) || shape.n_outputs(l) != shape.n_inputs(other))
      refuse(at("tied", l) + " is " + std::to_string(other) + ", whose weights are of shape (" +
             std::to_string(shape.n_outputs(other)) + ", " + std::to_string(shape.n_inputs(other)) +
             "), expected the transposed (" + std::to_string(shape.n_inputs(l)) + ", " +
             std::to_string(shape.n_outputs(l)) + ")");
  }
}

void check_loss(const NetShape& shape) {
  for (int l = 0; l < shape.last_layer(); ++l)
    if (shape.activations[l] == Activation::softmax)
      refuse(at("activations", l) + " is 'softmax', which only the last layer can have");
  const Activation output = shape.activations.back();
  const bool fits = shape.loss == Loss::cross_entropy ? output == Activation::logistic
                    : shape.loss == Loss::multinomial ? output == Activation::softmax
                                                      : output != Activation::softmax;
  if (!fits)
    refuse(
        std::string("loss '") + loss_name(shape.loss) + "' does not go with outputs that are '" +
        activation_name(output) +
        "': 'cross_entropy' needs 'logistic', 'multinomial' needs 'softmax', 'squared' any other");
}

}  // namespace

const char* activation_name(Activation activation) {
  return kActivations[static_cast<int>(activation)];
}
const char* loss_name(Loss loss) { return kLosses[static_cast<int>(loss)]; }
Activation activation_from_name(const std::string& name) {
  return word_from_name<Activation>(kActivations, name, "activations");
}
Loss loss_from_name(const std::string& name) { return word_from_name<Loss>(kLosses, name, "loss"); }

void check_shape(const NetShape& shape) {
  check_sizes(shape);
  check_tied(shape);
  check_loss(shape);
}

}  // namespace udl
