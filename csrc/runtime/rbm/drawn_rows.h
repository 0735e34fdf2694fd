#pragma once
// What a call that draws states returns: bits, or values where the units have those.
#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/data/rows.h"
#include "runtime/rbm/model/layer.h"
#include "runtime/rbm/model/layer_states.h"

namespace udl {

class DrawnRows {
 public:
  DrawnRows(const Layer& layer, int64_t rows)
      : n_rows_(rows), n_units_(layer.n_units()), are_bits_(has_bits(layer.kind)) {
    if (are_bits_)
      bits_ = Rows::zero_bits(n_rows_, n_units_);
    else
      values_.resize(static_cast<std::size_t>(n_rows_ * n_units_));
  }

  /// States of rows first, first + 1, ..; threads may share the rows.
  void store(const StatesView& states, int64_t first) {
    for (int64_t r = 0; r < states.count; ++r) {
      if (are_bits_)
        store_bits(states.bits, r, bits_.bits_row(first + r));
      else
        states.copy_values(r, n_units_, values_.data() + (first + r) * n_units_);
    }
  }

  /// Once.
  Rows take() {
    if (are_bits_) return std::move(bits_);
    return Rows::of_values(std::move(values_), n_rows_, n_units_);
  }

 private:
  void store_bits(const BitMatrixView& bits, int64_t row, uint64_t* to) const {
    for (int64_t w = 0; w < bits.word_columns(); ++w) to[w] = bits.word_column(w)[row];
  }

  int64_t n_rows_, n_units_;
  bool are_bits_;
  Rows bits_;
  std::vector<float> values_;
};

}  // namespace udl
