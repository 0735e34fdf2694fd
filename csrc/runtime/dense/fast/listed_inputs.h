#pragma once
// Lists of the inputs that are not 0, for the first layer (kernels/dense/lists.h).
#include <cstdint>

#include "runtime/dense/engine.h"
#include "runtime/dense/fast/noise.h"
#include "runtime/dense/fast/rooms.h"

namespace udl {

/// Whether lists cost less than whole products: by a few of the rows. Results are the same, but
/// where products round: lists do not.
bool lists_pay(const Examples& examples, const Objective& objective);

class ListedInputs {
 public:
  static constexpr int64_t kBlockRows = 64;

  ListedInputs() = default;
  ListedInputs(int64_t n_units, int64_t max_rows)
      : n_units_(n_units),
        max_rows_(max_rows),
        unit_chunks_(divide_up(n_units, kListedUnits)),
        row_chunks_(divide_up(max_rows, kListedRows)) {
    for (Room& room : by_row_)
      room = Room(divide_up(max_rows, kBlockRows), row_room(),
                  PixelLists::row_starts(max_rows, unit_chunks_));
    const int64_t n_panels = divide_up(n_units, kTileUnits);
    by_unit_ = Room(n_panels, unit_room(), PixelLists::unit_starts(n_panels, row_chunks_));
  }

  /// Entries are counted in 32 bits.
  static bool have_room(int64_t n_units, int64_t max_rows) {
    return (n_units + kTileUnits) * (max_rows + kBlockRows) < INT32_MAX;
  }

  bool are_used() const { return n_units_ > 0; }

  /// Rows of a block of kBlockRows.
  void list_rows(const DenseKernels& kernels, const NetPart& part, const ConstUnitPanels& inputs,
                 int64_t block) {
    const int64_t first = block * kBlockRows;
    kernels.lists.by_row(inputs, n_units_, first, std::min(part.count, first + kBlockRows),
                         of_rows(part), block * row_room());
  }
  void list_panel(const DenseKernels& kernels, const NetPart& part, const ConstUnitPanels& inputs,
                  int64_t panel) {
    kernels.lists.by_unit(inputs, part.count, panel, panel + 1, of_units(part),
                          panel * unit_room());
  }

  PixelLists of_rows(const NetPart& part) { return by_row_[part.index % 2].view(unit_chunks_); }
  PixelLists of_units(const NetPart& part) {
    return by_unit_.view(divide_up(part.count, kListedRows));
  }

 private:
  struct Room {
    Room() = default;
    Room(int64_t n_parts, int64_t part_room, int64_t n_starts)
        : at(n_parts * part_room), values(n_parts * part_room), starts(n_starts) {}
    PixelLists view(int64_t n_chunks) {
      return {at.data(), values.data(), starts.data(), n_chunks};
    }
    Buffer<int32_t> at;
    Buffer<float> values;
    Buffer<int32_t> starts;
  };

  // Entries of what is listed together, at most, and those that are written beyond.
  int64_t row_room() const { return kBlockRows * n_units_ + kTileUnits; }
  int64_t unit_room() const { return kTileUnits * max_rows_ + kTileUnits; }

  int64_t n_units_ = 0, max_rows_ = 0, unit_chunks_ = 0, row_chunks_ = 0;
  Room by_row_[2], by_unit_;
};

}  // namespace udl
