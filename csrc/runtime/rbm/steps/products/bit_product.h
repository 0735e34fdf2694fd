#pragma once
// Sums of active weights, by tables or by lists of ones, whichever costs less for the bits at hand.
//
// One thread's side of a product whose bits serve many tiles: `prepare` looks at the bits once, the
// sums of a tile then take the kernel it chose. Sums are integers, so the choice changes no bit.
#include <cstdint>
#include <vector>

#include "kernels/rbm.h"
#include "runtime/memory/buffer.h"

namespace udl {

class BitProduct {
 public:
  /// `tables` is zeroed room for kTableScratch integers, which other products of the thread may
  /// share.
  explicit BitProduct(int32_t* tables);

  /// Bits whose product with about `n_tiles` tiles this thread computes. They must stay as they are
  /// until the next call. Where there is no memory for lists, tables serve. `kept`: the sums will
  /// be integer_sums.
  void prepare(const BitMatrixView& bits, int64_t n_tiles, bool kept = false) noexcept;
  /// The same with the kernel named. Lists hold fewer than 2^32 entries and may throw
  /// bad_alloc.
  void prepare_tables(const BitMatrixView& bits) noexcept;
  void prepare_lists(const BitMatrixView& bits);

  /// Sums of all rows with hidden units 16 tile .. 16 tile + 15, the bits being visible states.
  /// `integers` are null or the integer rows of that panel, at the scale of `weights`.
  void hidden_sums(const WeightPanelsView& weights, int64_t tile, int32_t* sums,
                   const int32_t* integers = nullptr);
  /// Sums of all rows with visible units 16 tile .. 16 tile + 15, the bits being hidden states.
  void visible_sums(const WeightPanelsView& weights, int64_t tile, int32_t* sums);
  /// Sums of all rows with the units whose integers these are, in either direction.
  void integer_sums(const IntegerPanelView& integers, int32_t* sums);

 private:
  ActiveListsView lists() const {
    return {columns_on_.data(), starts_.data(), bits_.rows, bits_.columns};
  }
  /// Entries of lists that beat tables, or -1.
  int64_t entries_of_faster_lists(const BitMatrixView& bits, int64_t n_tiles, bool kept) const;
  void make_lists(const BitMatrixView& bits, int64_t entries);

  const RbmKernels& kernels_;
  BitMatrixView bits_{};
  bool by_lists_ = false;
  std::vector<uint16_t> columns_on_;
  std::vector<uint32_t> starts_;
  int32_t* tables_;
  Buffer<int32_t> integer_rows_;  ///< of lists
};

}  // namespace udl
