#pragma once
// The weight gradient of one panel: positive minus negative phase, in integers wherever they are exact.
#include <cstdint>

#include "runtime/rbm_phase.h"
#include "runtime/rbm_state.h"

namespace udl {

/// Scratch of one thread that trains.
struct TrainScratch {
  Buffer<int32_t> tables{kTableScratch};
  Buffer<int32_t> sums, probabilities_fixed;
  Buffer<float> float_sums, probabilities, gradient;
  Buffer<int64_t> long_sums;

  /// For tiles of up to `longest_tile` rows or visible units and batches of up to `max_rows` rows.
  void allocate(int64_t n_visible, int64_t longest_tile, int64_t max_rows);
};

struct PhaseStatistics {
  Phase visible;
  HiddenStatistics hidden;

  /// One int32 product holds the sums.
  bool fits() const { return hidden.sampled() || (hidden.fixed && visible.count <= kMaxRowsPerSum); }
};

class Gradient {
 public:
  explicit Gradient(const RbmState& state);

  /// Fills sums, sums_factor and float_sums of the update; they lie in `scratch`.
  void fill(int64_t tile, const PhaseStatistics& up, const PhaseStatistics& down, TrainScratch& scratch, PanelUpdate& update) const;

 private:
  float factor_for(const HiddenStatistics& hidden) const;
  void exact_sums(int64_t tile, const PhaseStatistics& phase, Combine combine, TrainScratch& scratch) const;
  void add_phase(int64_t tile, const PhaseStatistics& phase, int sign, bool accumulate, TrainScratch& scratch) const;
  void long_sums(int64_t tile, const PhaseStatistics& phase, TrainScratch& scratch) const;

  const RbmState& state_;
  const RbmKernels& kernels_;
};

}  // namespace udl
