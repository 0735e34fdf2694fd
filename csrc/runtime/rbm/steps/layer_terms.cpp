#include "runtime/rbm/steps/layer_terms.h"

#include <algorithm>
#include <cmath>

namespace udl {

void LayerTerms::block_totals(int64_t block, double* out) const {
  std::fill_n(out, kBlockRows, 0.0);
  for (int64_t first = 0; first < n_tiles_; first += kTilesPerLog) {
    double product[kBlockRows];
    std::fill_n(product, kBlockRows, 1.0);
    for (int64_t tile = first; tile < std::min(n_tiles_, first + kTilesPerLog); ++tile) {
      const int64_t at = tile * stride_ + block * kBlockRows;
      for (int64_t r = 0; r < kBlockRows; ++r) out[r] += sums_[at + r];
      for (int64_t r = 0; r < kBlockRows; ++r) product[r] *= products_[at + r];
    }
    for (int64_t r = 0; r < kBlockRows; ++r) out[r] += std::log(product[r]);
  }
}

}  // namespace udl
