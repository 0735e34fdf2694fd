#include "runtime/memory/panels.h"

#include "base/fixed.h"
#include "runtime/memory/cache_size.h"

namespace udl {

BiasVector::BiasVector(int64_t n, float of_missing_units)
    : n_(n), padded_(round_up(n, kTileUnits)) {
  for (int64_t i = n; i < padded_.size(); ++i) padded_[i] = of_missing_units;
}

PanelMatrix::PanelMatrix(int64_t n_hidden, int64_t n_visible)
    : n_hidden_(n_hidden), n_visible_(n_visible) {
  panels_.resize(n_panels() * panel_stride());
}

void PanelMatrix::assign(const float* matrix) {
  zero();  // lanes of missing units may hold what is no number any more
  for_each_weight([&](int64_t index, int64_t at) { panels_[at] = matrix[index]; });
}

template <class Real>
void PanelMatrix::copy_to(Real* matrix) const {
  for_each_weight([&](int64_t index, int64_t at) { matrix[index] = panels_[at]; });
}

template void PanelMatrix::copy_to<float>(float*) const;
template void PanelMatrix::copy_to<double>(double*) const;

WeightPanelsView PanelMatrix::view(int scale_exponent, bool narrow) const {
  const bool far = panels_.size() * static_cast<int64_t>(sizeof(float)) > level2_cache_bytes();
  return {panels_.data(), n_visible_, n_hidden_, power_of_two(-scale_exponent), narrow, far};
}

}  // namespace udl
