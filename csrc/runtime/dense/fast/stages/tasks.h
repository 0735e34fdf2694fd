#pragma once
// How the products of a stage are cut: into at least kStageTasks tasks where there are as many, and
// more where rows are many, so that threads which are held up are helped. No result depends on it,
// but for the last digits of losses and of gradients of biases, which are added up task by task.
#include <algorithm>
#include <cstdint>

#include "kernels/dense.h"

namespace udl {

constexpr int64_t kStageTasks = 8;

/// Even groups of panels, of `most` at most, which is even: each begins with an even panel, so that
/// panels which are stored in pairs belong to one of them.
class PanelGroups {
 public:
  PanelGroups(int64_t n_units, int64_t most)
      : n_panels_(divide_up(n_units, kTileUnits)), count_(divide_up(n_panels_, most)) {}

  int64_t count() const { return count_; }
  int64_t at(int64_t group) const {
    return group == count_ ? n_panels_ : divide_up(n_panels_, 2) * group / count_ * 2;
  }
  template <class Call>
  void place(int64_t group, Call& call) const {
    call.first_panel = at(group);
    call.n_panels = at(group + 1) - call.first_panel;
  }

 private:
  int64_t n_panels_, count_;
};

/// Groups of panels by stretches of rows.
class ProductTasks {
 public:
  ProductTasks(int64_t n_units, int64_t n_rows, int64_t group = kTaskPanels)
      : groups_(n_units, group), n_rows_(n_rows) {
    const int64_t wanted = std::max(divide_up(kStageTasks, groups_.count()), n_rows / kStretchRows);
    n_stretches_ = std::clamp<int64_t>(n_rows / kFewestRows, 1, wanted);
  }

  int64_t count() const { return groups_.count() * n_stretches_; }
  int64_t n_stretches() const { return n_stretches_; }
  int64_t stretch(int64_t task) const { return task % n_stretches_; }
  /// Panels and rows of a task, of a DenseProduct, a LossCall or RowSums.
  template <class Call>
  void place(int64_t task, Call& call) const {
    groups_.place(task / n_stretches_, call);
    call.first_row = row_at(stretch(task));
    call.n_rows = row_at(stretch(task) + 1) - call.first_row;
  }

 private:
  static constexpr int64_t kFewestRows = 24;    // of a stretch: blocks of registers stay high
  static constexpr int64_t kStretchRows = 256;  // of one where rows are many

  /// Even but for the last: rows are also taken in pairs.
  int64_t row_at(int64_t stretch) const {
    return stretch == n_stretches_ ? n_rows_ : n_rows_ * stretch / n_stretches_ / 2 * 2;
  }

  PanelGroups groups_;
  int64_t n_rows_, n_stretches_;
};

/// Tasks of two kinds, evenly mixed.
class MixedTasks {
 public:
  MixedTasks(int64_t n_first, int64_t n_second) : n_first_(n_first), count_(n_first + n_second) {}

  int64_t count() const { return count_; }
  bool is_first(int64_t task) const { return first(task + 1) > first(task); }
  /// The number of a task among those of its kind.
  int64_t first(int64_t task) const { return task * n_first_ / count_; }
  int64_t second(int64_t task) const { return task - first(task); }

 private:
  int64_t n_first_, count_;
};

/// Groups of panels by stretches of about 16 panels of inputs.
class UpdateTasks {
 public:
  UpdateTasks(int64_t n_inputs, int64_t n_outputs, int64_t group = kTaskPanels)
      : groups_(n_outputs, group), n_inputs_(n_inputs) {
    const int64_t input_panels = divide_up(n_inputs, kTileUnits);
    const int64_t wanted = std::max(divide_up(kStageTasks, groups_.count()), input_panels / 16);
    stretch_ = divide_up(input_panels, std::clamp<int64_t>(wanted, 1, input_panels)) * kTileUnits;
    n_stretches_ = divide_up(n_inputs, stretch_);
  }

  int64_t count() const { return groups_.count() * n_stretches_; }
  void place(int64_t task, DenseUpdate& update) const {
    const int64_t stretch = task % n_stretches_;
    groups_.place(task / n_stretches_, update);
    update.first_unit = stretch * stretch_;
    update.end_unit = std::min(n_inputs_, update.first_unit + stretch_);
  }

 private:
  PanelGroups groups_;
  int64_t n_inputs_, stretch_, n_stretches_;
};

}  // namespace udl
