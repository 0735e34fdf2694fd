#include "runtime/data/minibatches.h"

#include "runtime/dispatch/target.h"

namespace udl {

Minibatches::Minibatches(const Rows& rows, const uint32_t* order, int64_t batch_size, bool binarize,
                         RowForm form)
    : rows_(rows),
      order_(order),
      batch_size_(std::clamp<int64_t>(batch_size, 1, std::max<int64_t>(rows.rows(), 1))),
      binarize_(binarize),
      form_(binarize ? RowForm::as_they_are : form),
      kernels_(rbm_kernels()) {}

void Minibatches::fetch(const Minibatch& batch, int64_t block, const DrawKey& draws,
                        const MinibatchRoom& to) const {
  const int64_t first = block * kBlockRows, n_rows = block_rows(batch, block);
  const int64_t from = batch.first + first;
  if (form_ != RowForm::as_they_are && have_values())
    return fetch_values(batch, block, to.values, to.value_stride);
  if (have_bits() && rows_.is_bits())
    return rows_.gather_bits(order_, from, n_rows, to.bits, first);
  if (have_sparse_values())
    return find_entries(from, n_rows, to.first_entry + first, to.last_entry + first);
  if (rows_.is_sparse()) return draw_sparse_bits(from, n_rows, first, draws, to.bits);
  fetch_values(batch, block, to.values, to.value_stride);
  if (binarize_) draw_bits(first, n_rows, draws, to);
}

/// Where the entries of rows from .. from + n_rows - 1, in their order, lie among all.
void Minibatches::find_entries(int64_t from, int64_t n_rows, int64_t* first, int64_t* last) const {
  const SparseRowsView all = all_sparse();
  for (int64_t r = 0; r < n_rows; ++r) {
    const int64_t row = Rows::source_row(order_, from + r);
    first[r] = all.first[row];
    last[r] = all.last[row];
  }
}

/// The bits of UnitKernels::sample_values: a value of 0 is never above a draw.
void Minibatches::draw_sparse_bits(int64_t from, int64_t n_rows, int64_t first,
                                   const DrawKey& draws, const BitMatrixView& to) const {
  for (int64_t w = 0; w < to.word_columns(); ++w)
    std::fill_n(to.word_column(w) + first, n_rows, uint64_t{0});
  for (int64_t r = 0; r < n_rows; ++r) {
    const auto chain = static_cast<uint32_t>(first + r);
    rows_.visit_row(Rows::source_row(order_, from + r), [&](int64_t column, double value) {
      const float uniform =
          uniform_from_bits(udl::draw_bits(draws, chain, static_cast<uint32_t>(column)));
      if (uniform < static_cast<float>(value))
        to.word_column(column / kWordBits)[first + r] |= uint64_t{1} << (column % kWordBits);
    });
  }
}

void Minibatches::draw_bits(int64_t first, int64_t n_rows, const DrawKey& draws,
                            const MinibatchRoom& to) const {
  const UnitKernels& units = kernels_.unit(UnitKind::bernoulli);
  for (int64_t tile = 0; tile < divide_up(rows_.columns(), kTileUnits); ++tile)
    units.sample_values(to.values + first * to.value_stride, n_rows, to.value_stride, draws,
                        static_cast<uint32_t>(first), tile, to.bits.word_column(tile / 4) + first);
}

}  // namespace udl
