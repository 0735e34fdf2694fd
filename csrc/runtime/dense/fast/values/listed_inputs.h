#pragma once
// Lists of the inputs that are not 0, for the first layer (kernels/dense/lists.h). Where products
// round, lists by row are of pairs of units, and two rows share one; those of pairs of units are of
// pairs of rows.
#include <cstdint>
#include <vector>

#include "runtime/dense/engine.h"
#include "runtime/dense/fast/values/noise.h"
#include "runtime/dense/fast/values/rooms.h"

namespace udl {

/// Whether lists cost less than whole products, whose bits are theirs: by a few of the rows.
bool lists_pay(const Examples& examples, const Objective& objective);
/// Whether entries of lists can be counted in 32 bits.
bool lists_have_room(int64_t n_units, int64_t max_rows);

struct ListRoom {
  ListRoom() = default;
  /// n_values: of an entry.
  ListRoom(int64_t n_entries, int64_t n_starts, int64_t n_values)
      : at(n_entries), values(n_values * n_entries), starts(n_starts) {}
  PixelLists view(int64_t n_chunks) { return {at.data(), values.data(), starts.data(), n_chunks}; }
  /// A copy of the lists of the first n_starts starts without room between them: each `piece` of
  /// these, the last one shorter, begins where it likes here.
  ListRoom compact(int64_t n_starts, int64_t piece) const;

  Buffer<int32_t> at;
  Buffer<float> values;
  Buffer<int32_t> starts;
};

/// Lists by row.
class RowLists {
 public:
  static constexpr int64_t kBlockRows = 64;

  RowLists() = default;
  /// `rounds`: of pairs of the units, and by pair of rows.
  RowLists(int64_t n_units, int64_t max_rows, bool rounds)
      : rounds_(rounds),
        n_listed_(rounds ? padded_pairs(n_units) : n_units),
        n_chunks_(divide_up(n_listed_, rounds ? kListedPairs : kListedUnits)),
        room_(divide_up(max_rows, kBlockRows) * block_room(), n_starts(max_rows), rows_together()) {
  }

  bool rounds() const { return rounds_; }
  /// Of the first n_rows rows of panels those that are in a block of kBlockRows.
  void list_block(const DenseKernels& kernels, const ConstUnitPanels& values, int64_t n_rows,
                  int64_t block) {
    const int64_t first = block * kBlockRows;
    kernels.lists.by_row(values, n_listed_, first, std::min(n_rows, first + kBlockRows), view(),
                         block * block_room());
  }
  /// Where products round: the n_rows rows from that of the block's first row on, as many as there
  /// is room for.
  void list_rows(const DenseKernels& kernels, const UnitRows& rows, int64_t n_rows, int64_t block) {
    kernels.bfloat16.list(rows, n_rows, block * kBlockRows / 2, view(), block * block_room());
  }
  PixelLists view() { return room_.view(n_chunks_); }
  /// Lists of the first n_rows rows that fill their room.
  RowLists compact(int64_t n_rows) const;

 private:
  int64_t rows_together() const { return rounds_ ? 2 : 1; }  ///< that share a list
  int64_t n_starts(int64_t n_rows) const {
    return PixelLists::row_starts(divide_up(n_rows, rows_together()), n_chunks_);
  }
  /// Entries of a block, at most, and those that are written beyond.
  int64_t block_room() const { return kBlockRows / rows_together() * n_listed_ + kTileUnits; }

  bool rounds_ = false;
  int64_t n_listed_ = 0, n_chunks_ = 0;
  ListRoom room_;
};

class ListedInputs {
 public:
  ListedInputs() = default;
  ListedInputs(int64_t n_units, int64_t max_rows, bool rounds)
      : n_units_(n_units), max_rows_(max_rows), rounds_(rounds) {
    for (RowLists& lists : by_row_) lists = RowLists(n_units, max_rows, rounds);
    const int64_t n_panels = divide_up(n_units, kTileUnits);
    by_pair_ =
        ListRoom(n_panels * panel_room(), PixelLists::pair_starts(n_panels, n_chunks(max_rows)), 2);
  }

  bool are_used() const { return n_units_ > 0; }

  RowLists& by_row(const NetPart& part) {
    return is_kept(part) ? kept_[part.index].by_row : by_row_[part.index % 2];
  }
  void list_panel(const DenseKernels& kernels, const NetPart& part, const ConstUnitPanels& inputs,
                  int64_t panel) {
    (rounds_ ? kernels.bfloat16.list_units : kernels.lists.by_pair)(
        inputs, part.count, panel, panel + 1, of_pairs(part), panel * panel_room());
  }
  PixelLists of_pairs(const NetPart& part) {
    ListRoom& room = is_kept(part) ? kept_[part.index].by_pair : by_pair_;
    return room.view(n_chunks(part.count));
  }

  /// Both lists of a part, which are there, from now on; has_pairs: whether those by pair are.
  void keep(const NetPart& part, bool has_pairs);
  bool is_kept(const NetPart& part) const {
    return part.index < static_cast<int64_t>(kept_.size()) && kept_[part.index].is_there;
  }

 private:
  struct KeptLists {
    bool is_there = false;
    RowLists by_row;
    ListRoom by_pair;
  };

  /// Of lists by pair of units.
  int64_t n_chunks(int64_t n_rows) const {
    return divide_up(n_rows, rounds_ ? 2 * kListedRowPairs : kListedRows);
  }
  /// Entries of a panel, at most, and those that are written beyond.
  int64_t panel_room() const {
    const int64_t n_indices = rounds_ ? divide_up(max_rows_, 2) : max_rows_;
    return kPanelPairs * n_indices + kTileUnits;
  }

  int64_t n_units_ = 0, max_rows_ = 0;
  bool rounds_ = false;
  RowLists by_row_[2];
  ListRoom by_pair_;
  std::vector<KeptLists> kept_;  ///< by part
};

}  // namespace udl
