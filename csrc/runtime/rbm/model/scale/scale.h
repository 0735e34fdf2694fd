#pragma once
// The fixed-point scale of weights (base/fixed.h), found from the weights alone.
#include <cstdint>
#include <optional>

#include "runtime/memory/panels.h"
#include "runtime/rbm/model/scale/scale_search.h"

namespace udl {

/// The scale exponent: a pure function of the weights. `narrow` asks for the one of 16-bit tables.
/// None if a weight is not finite.
std::optional<int> find_scale_exponent(const PanelMatrix& weights, bool narrow, int n_threads);
/// The same on one thread; throws if a weight is not finite.
int weight_scale_exponent(const PanelMatrix& weights, bool narrow);

/// The largest half-norm of weights at one scale, in parts that threads may share: it is the
/// largest of all parts.
class HalfNormParts {
 public:
  HalfNormParts(const PanelMatrix& weights, const ScaleRule& rule, int exponent);

  int64_t count() const { return n_hidden_tiles_ + n_visible_tiles_; }
  int64_t part(int64_t index) const;

 private:
  WeightPanelsView weights_;
  int64_t block_, n_hidden_tiles_, n_visible_tiles_;
};

}  // namespace udl
