#pragma once
// Words of feed-forward nets. With x the input of a unit of a layer:
//
//   linear    y = x
//   logistic  y = 1 / (1 + e^-x)
//   tanh      y = tanh(x)
//   relu      y = max(x, 0)
//   softmax   y = e^x / sum of e^x over all units of the layer; output layers only
#include <cstdint>

namespace udl {

enum class Activation : uint8_t { linear, logistic, tanh, relu, softmax };
enum class Loss : uint8_t { squared, cross_entropy, multinomial };

}  // namespace udl
