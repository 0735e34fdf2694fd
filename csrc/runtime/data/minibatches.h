#pragma once
// Minibatches of rows in the order they are presented, fetched in blocks that threads share.
#include <algorithm>
#include <cstdint>

#include "base/sampling.h"
#include "base/view.h"
#include "kernels/rbm.h"
#include "runtime/data/rows.h"

namespace udl {

/// Rows first .. first + count - 1 in the order of presentation.
struct Minibatch {
  int64_t index, first, count;
};

/// Room for the rows of a minibatch: bits with the batch as rows, values, or both; or the places of
/// sparse values. Values are row-major with whole tiles of columns, and zeros where there is no
/// unit.
struct MinibatchRoom {
  BitMatrixView bits;
  float* values;
  int64_t value_stride;
  int64_t *first_entry, *last_entry;
};

/// What rows are fetched as.
enum class RowForm : uint8_t {
  as_they_are,
  values,        ///< real values, also of bits; sparse where the rows are
  dense_values,  ///< real values side by side, also of sparse rows
};

class Minibatches {
 public:
  /// `order` may be null. More rows a minibatch than there are mean all. `binarize` takes real
  /// values for probabilities and draws bits, whatever the form.
  Minibatches(const Rows& rows, const uint32_t* order, int64_t batch_size, bool binarize,
              RowForm form = RowForm::as_they_are);

  int64_t count() const { return divide_up(rows_.rows(), batch_size_); }
  int64_t max_rows() const { return std::min(batch_size_, rows_.rows()); }
  /// The one after the last has no rows.
  Minibatch operator[](int64_t index) const {
    const int64_t first = std::min(index * batch_size_, rows_.rows());
    return {index, first, std::min(batch_size_, rows_.rows() - first)};
  }

  // What needs room.
  bool have_values() const {
    if (rows_.is_sparse()) return form_ == RowForm::dense_values;
    return form_ != RowForm::as_they_are || !rows_.is_bits();
  }
  bool have_bits() const { return form_ == RowForm::as_they_are && (rows_.is_bits() || binarize_); }
  bool have_sparse_values() const { return rows_.is_sparse() && !have_values() && !have_bits(); }
  /// All rows, of which minibatches take some; sparse rows only.
  SparseRowsView all_sparse() const { return rows_.sparse(0, rows_.rows()); }

  /// Blocks of a minibatch, to be fetched in any order.
  static int64_t blocks(const Minibatch& batch) { return divide_up(batch.count, kBlockRows); }
  /// The rows of a block into their places. `draws` binarise, if anything does.
  void fetch(const Minibatch& batch, int64_t block, const DrawKey& draws,
             const MinibatchRoom& to) const;
  /// The rows of a block as they are, into rows of `out` that are `stride` apart.
  template <class Real>
  void fetch_values(const Minibatch& batch, int64_t block, Real* out, int64_t stride) const {
    const int64_t first = block * kBlockRows;
    rows_.gather_values<Real>(order_, batch.first + first, block_rows(batch, block),
                              out + first * stride, stride);
  }

 private:
  static constexpr int64_t kBlockRows = 64;

  static int64_t block_rows(const Minibatch& batch, int64_t block) {
    return std::min(kBlockRows, batch.count - block * kBlockRows);
  }
  void find_entries(int64_t from, int64_t n_rows, int64_t* first, int64_t* last) const;
  void draw_sparse_bits(int64_t from, int64_t n_rows, int64_t first, const DrawKey& draws,
                        const BitMatrixView& to) const;
  void draw_bits(int64_t first, int64_t n_rows, const DrawKey& draws,
                 const MinibatchRoom& to) const;

  const Rows& rows_;
  const uint32_t* order_;
  int64_t batch_size_;
  bool binarize_;
  RowForm form_;
  const RbmKernels& kernels_;
};

}  // namespace udl
