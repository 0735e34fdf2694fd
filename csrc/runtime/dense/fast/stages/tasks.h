#pragma once
// How the products of a stage are cut: into at least kStageTasks tasks where there are as many, so
// that threads which are held up are helped. No result depends on it.
#include <algorithm>
#include <cstdint>

#include "kernels/dense.h"

namespace udl {

constexpr int64_t kStageTasks = 8;

/// Groups of panels by stretches of rows.
class ProductTasks {
 public:
  ProductTasks(int64_t n_units, int64_t n_rows, int64_t group = kTaskPanels)
      : n_panels_(divide_up(n_units, kTileUnits)), n_rows_(n_rows), group_(group) {
    n_groups_ = divide_up(n_panels_, group_);
    n_stretches_ = std::clamp<int64_t>(n_rows / kFewestRows, 1, divide_up(kStageTasks, n_groups_));
  }

  int64_t count() const { return n_groups_ * n_stretches_; }
  /// Panels and rows of a task, of a DenseProduct or a LossCall.
  template <class Call>
  void place(int64_t task, Call& call) const {
    const int64_t stretch = task % n_stretches_;
    call.first_panel = task / n_stretches_ * group_;
    call.n_panels = std::min(group_, n_panels_ - call.first_panel);
    call.first_row = row_at(stretch);
    call.n_rows = row_at(stretch + 1) - call.first_row;
  }

 private:
  static constexpr int64_t kFewestRows = 24;  // of a stretch: blocks of registers stay high

  /// Even but for the last: rows are also taken in pairs.
  int64_t row_at(int64_t stretch) const {
    return stretch == n_stretches_ ? n_rows_ : n_rows_ * stretch / n_stretches_ / 2 * 2;
  }

  int64_t n_panels_, n_rows_, group_, n_groups_, n_stretches_;
};

/// Groups of panels by stretches of about 16 panels of inputs.
class UpdateTasks {
 public:
  UpdateTasks(int64_t n_inputs, int64_t n_outputs, int64_t group = kTaskPanels)
      : n_inputs_(n_inputs), n_panels_(divide_up(n_outputs, kTileUnits)), group_(group) {
    const int64_t input_panels = divide_up(n_inputs, kTileUnits);
    const int64_t n_groups = divide_up(n_panels_, group_);
    const int64_t wanted = std::max<int64_t>(divide_up(kStageTasks, n_groups), input_panels / 16);
    stretch_ = divide_up(input_panels, std::clamp<int64_t>(wanted, 1, input_panels)) * kTileUnits;
    n_stretches_ = divide_up(n_inputs, stretch_);
    count_ = n_groups * n_stretches_;
  }

  int64_t count() const { return count_; }
  void place(int64_t task, DenseUpdate& update) const {
    const int64_t stretch = task % n_stretches_;
    update.first_panel = task / n_stretches_ * group_;
    update.n_panels = std::min(group_, n_panels_ - update.first_panel);
    update.first_unit = stretch * stretch_;
    update.end_unit = std::min(n_inputs_, update.first_unit + stretch_);
  }

 private:
  int64_t n_inputs_, n_panels_, group_, stretch_, n_stretches_, count_;
};

}  // namespace udl
