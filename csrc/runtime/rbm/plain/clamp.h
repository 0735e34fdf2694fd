#pragma once
// Visible units of any kind that keep given values, in double.
#include <cstdint>

#include "runtime/rbm/engine.h"
#include "runtime/rbm/plain/half_step.h"
#include "runtime/threads/parallel.h"

namespace udl {

class PlainClamp {
 public:
  /// `clamp` may be null: all units are free.
  PlainClamp(const Clamp* clamp, const Run& run) {
    if (clamp == nullptr) return;
    mask_ = plain_rows(clamp->mask, run);
    values_ = plain_rows(clamp->values, run);
    one_mask_ = clamp->mask.rows() == 1;
    one_row_ = clamp->values.rows() == 1;
  }

  /// Puts held units back into `rows` states or means.
  void put_back(PlainMatrix& states, int64_t rows, const Run& run) const {
    if (mask_.empty() || rows == 0) return;
    const int64_t n_units = static_cast<int64_t>(states.size()) / rows;
    parallel_for(run, rows, [&](int64_t r) {
      const double* mask = mask_.data() + (one_mask_ ? 0 : r * n_units);
      const double* values = values_.data() + (one_row_ ? 0 : r * n_units);
      for (int64_t i = 0; i < n_units; ++i)
        if (mask[i] != 0) states[r * n_units + i] = values[i];
    });
  }

 private:
  PlainMatrix mask_, values_;  ///< one row for all, or one each
  bool one_mask_ = true, one_row_ = true;
};

}  // namespace udl
