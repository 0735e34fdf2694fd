#pragma once
// Words of nets of dense layers. With x = (W v + b)_j the input of unit j of a layer that sees v:
//
//   linear    y = x
//   logistic  y = 1 / (1 + e^-x)
//   tanh      y = tanh(x)
//   relu      y = max(x, 0)
//   softmax   y = e^x / sum of e^x over all units of the layer; output layers only
#include <cstdint>

namespace udl {

/// The numbers are those of kernels and files.
enum class Activation : uint8_t { linear, logistic, tanh, relu, softmax };

/// Of outputs y against targets t, summed over the units of a row, in nats or squared units.
enum class Loss : uint8_t {
  squared,        ///< |y - t|^2 / 2
  cross_entropy,  ///< -t log y - (1 - t) log(1 - y): of logistic outputs alone
  multinomial,    ///< -t log y: of softmax outputs alone; targets may be counts
};

}  // namespace udl
