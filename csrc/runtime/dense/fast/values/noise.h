#pragma once
// The draws of runtime/dense/noise.h, unit by unit, on panels of a minibatch.
#include <cstdint>

#include "runtime/data/rows.h"
#include "runtime/dense/engine.h"
#include "runtime/dense/fast/values/rooms.h"
#include "runtime/dense/noise.h"

namespace udl {

/// Some rows of a minibatch: `count` from `first` on in the order of presentation.
struct NetPart {
  int64_t index;  ///< of the part in the call: which room its inputs are in
  int64_t batch;  ///< of the minibatch in the call
  int64_t first, count;
  int64_t first_chain;  ///< the number of the first row in its minibatch
};

class PartNoise {
 public:
  PartNoise(const Objective& objective, const NetDraws& draws, const uint32_t* order)
      : objective_(objective), draws_(draws), order_(order) {}

  /// Rows first .. first + n - 1 of a part, C-ordered, in place.
  void corrupt(const NetPart& part, int64_t first, int64_t n, float* rows, int64_t n_units) const;
  /// The noise of code units, to be added to their inputs.
  void draw_code_noise(int layer, const NetPart& part, const PanelRange& range,
                       LayerRoom& room) const;
  /// `passed` and `scales` of a layer by its outputs.
  void change_outputs(int layer, const NetPart& part, const PanelRange& range,
                      LayerRoom& room) const;

 private:
  uint32_t chain(const NetPart& part, int64_t row) const {
    return static_cast<uint32_t>(part.first_chain + row);
  }

  const Objective& objective_;
  const NetDraws& draws_;
  const uint32_t* order_;
};

}  // namespace udl
