#pragma once
// What a unit of a layer can be. With x the input of a unit, its energy given the other layer is:
//
//   bernoulli           -x s,                      s in {0, 1}
//   gaussian, visible   (s - b)^2 / (2 sigma^2) - s y / sigma^2,   x = b + y its mean, sigma^2 its
//                       variance; the other layer is given s / sigma^2
//   gaussian, hidden    s^2 / 2 - x s:             normal with mean x and variance 1
//   relu, hidden        s^2 / 2 - x s, s >= 0:     the same, above 0 only
//   softmax             -x s: one-hot bits of a group of units, or zeros where the value is
//   missing;
//                       a group of one unit is a Bernoulli unit
//   replicated_softmax  -x s: counts of words, drawn as independently as the length of the row
//   says;
//                       the hidden biases count once a word
//
// A kind that has kernels is one entry in the table of unit kernels; what an engine has of them, it
// says where it is made (runtime/rbm/make_engine.cpp).
#include <cstdint>

namespace udl {

enum class UnitKind : uint8_t { bernoulli, gaussian, relu, softmax, replicated_softmax };
constexpr int kUnitKinds = 5;

/// Whether states are bits.
constexpr bool has_bits(UnitKind kind) {
  return kind == UnitKind::bernoulli || kind == UnitKind::softmax;
}

/// Whether states are normal numbers given the other layer, perhaps cut off.
constexpr bool is_normal(UnitKind kind) {
  return kind == UnitKind::gaussian || kind == UnitKind::relu;
}

}  // namespace udl
