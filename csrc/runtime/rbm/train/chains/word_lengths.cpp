#include "runtime/rbm/train/chains/word_lengths.h"

#include <algorithm>

#include "runtime/rbm/model/layer_states.h"
#include "runtime/rbm/model/row_length.h"

namespace udl {

WordLengths::WordLengths(const TrainCall& call, const Minibatches& minibatches,
                         const Layer& layer) {
  if (!layer.counts_words()) return;
  const int64_t n_rows = call.rows.rows();
  lengths_.resize(n_rows);
  places_.resize(n_rows);
  for (int64_t index = 0; index < minibatches.count(); ++index) {
    const Minibatch batch = minibatches[index];
    int64_t n_entries = 0;
    for (int64_t r = batch.first; r < batch.first + batch.count; ++r) {
      lengths_[r] = static_cast<float>(row_length(call.rows, Rows::source_row(call.order, r)));
      places_[r] = n_entries;
      n_entries += LayerStates::most_entries(lengths_[r], layer.n_units());
    }
    most_entries_ = std::max(most_entries_, n_entries);
  }
}

}  // namespace udl
