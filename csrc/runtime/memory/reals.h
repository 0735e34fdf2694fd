#pragma once
// Arrays of reals whose type is known only when the program runs: float, or double for a float64
// engine.
#include <type_traits>

#include "base/error.h"

namespace udl {

/// A pointer to floats or to doubles; empty where an array is left out.
template <class Float, class Double>
class RealPointer {
 public:
  RealPointer() = default;
  RealPointer(Float* values) : floats_(values) {}
  RealPointer(Double* values) : doubles_(values) {}

  bool empty() const { return floats_ == nullptr && doubles_ == nullptr; }

  /// Null if empty. Throws where the reals are of the other type.
  template <class Real>
  auto* as() const {
    if constexpr (std::is_same_v<Real, float>) {
      if (doubles_ != nullptr) throw_invalid("expected an array of float32, got float64");
      return floats_;
    } else {
      static_assert(std::is_same_v<Real, double>);
      if (floats_ != nullptr) throw_invalid("expected an array of float64, got float32");
      return doubles_;
    }
  }

 private:
  Float* floats_ = nullptr;
  Double* doubles_ = nullptr;
};

using RealView = RealPointer<const float, const double>;  ///< to be read
using RealSpan = RealPointer<float, double>;              ///< to be written

}  // namespace udl
