#include "runtime/rbm/up_down/top_rbm.h"

#include "base/bits.h"

namespace udl {
namespace {

TrainSettings settings_of_top(const TrainSettings& settings) {
  TrainSettings top = settings;
  top.binarize_sample = false;  // its states are bits
  return top;
}

}  // namespace

TopRbm::TopRbm(RbmState& state, const UpDownCall& call, int64_t n_below, int64_t max_rows,
               int n_threads)
    : call_(call),
      n_below_(n_below),
      rows_(Rows::zero_bits(max_rows, state.n_visible)),
      training_call_{rows_,           nullptr,         settings_of_top(call.train.settings),
                     call.train.seed, call.train.step, {}},
      training_(state, training_call_, n_threads),
      stages_(training_) {}

void TopRbm::run_chains(Team& team, const Minibatch& batch, const BitMatrixView& below,
                        int exponent, const BitMatrixView& to) {
  const BatchStates states = states_of(batch);
  team.for_each(states.data.bits.word_columns(),
                [&](int64_t word) { present_word(word, batch, below); });
  stages_.data(team, states, exponent);
  stages_.chain(team, states, Minibatch{}, exponent);
  team.for_each(to.word_columns(), [&](int64_t word) {
    const uint64_t mask = low_bits(n_below_ - word * kWordBits);
    for (int64_t r = 0; r < batch.count; ++r)
      to.word_column(word)[r] = states.chain.bits.word_column(word)[r] & mask;
  });
}

void TopRbm::learn(Team& team, const Minibatch& batch, int exponent) {
  stages_.learn(team, states_of(batch), BatchStates{}, exponent);
}

/// Bits of 64 units for all rows.
void TopRbm::present_word(int64_t word, const Minibatch& batch, const BitMatrixView& below) {
  uint64_t* to = training_.states.data_room(batch).bits.word_column(word);
  for (int64_t r = 0; r < batch.count; ++r)
    to[r] = word < below.word_columns() ? below.word_column(word)[r] : 0;
  if (call_.labels != nullptr) present_labels(word, batch, to);
}

void TopRbm::present_labels(int64_t word, const Minibatch& batch, uint64_t* to) const {
  const int64_t first = word * kWordBits, end = first + kWordBits;
  if (end <= n_below_) return;
  for (int64_t r = 0; r < batch.count; ++r)
    call_.labels->visit_row(Rows::source_row(call_.train.order, batch.first + r),
                            [&](int64_t label, double) {
                              const int64_t unit = n_below_ + label;
                              if (unit >= first && unit < end)
                                to[r] |= uint64_t{1} << (unit - first);
                            });
}

}  // namespace udl
