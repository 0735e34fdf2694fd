#include "runtime/data/minibatches.h"

#include "runtime/dispatch/target.h"

namespace udl {

Minibatches::Minibatches(const Rows& rows, const uint32_t* order, int64_t batch_size, bool binarize)
    : rows_(rows),
      order_(order),
      batch_size_(std::clamp<int64_t>(batch_size, 1, std::max<int64_t>(rows.rows(), 1))),
      binarize_(binarize),
      kernels_(rbm_kernels()) {}

void Minibatches::fetch(const Minibatch& batch, int64_t block, const DrawKey& draws,
                        const MinibatchRoom& to) const {
  const int64_t first = block * kBlockRows, n_rows = block_rows(batch, block);
  if (rows_.is_bits())
    return rows_.gather_bits(order_, batch.first + first, n_rows, to.bits, first);
  fetch_values(batch, block, to.values, to.value_stride);
  if (binarize_) draw_bits(first, n_rows, draws, to);
}

void Minibatches::draw_bits(int64_t first, int64_t n_rows, const DrawKey& draws,
                            const MinibatchRoom& to) const {
  const UnitKernels& units = kernels_.unit(UnitKind::bernoulli);
  for (int64_t tile = 0; tile < divide_up(rows_.columns(), kTileUnits); ++tile)
    units.sample_values(to.values + first * to.value_stride, n_rows, to.value_stride, draws,
                        static_cast<uint32_t>(first), tile, to.bits.word_column(tile / 4) + first);
}

}  // namespace udl
