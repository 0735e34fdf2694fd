// With x the inputs of the hidden units and z the integers of the weights, the inputs with unit i
// of a group on in place of unit o are x - z_o + z_i: exact sums, whose log terms are those of a
// row.
#include "runtime/rbm/group_likelihood.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/bits.h"
#include "base/error.h"
#include "runtime/rbm/row_blocks.h"
#include "runtime/rbm/steps/layer_terms.h"

namespace udl {
namespace {

/// Rows that share the integers of a panel.
constexpr int64_t kFewRows = 16;
/// Rows whose sums are kept.
constexpr int64_t kRowsOfSums = 512;

/// The unit that is on among begin .. end - 1, or -1.
int64_t unit_on(const BitMatrixView& states, int64_t row, int64_t begin, int64_t end) {
  for (int64_t at = begin; at < end;) {
    const int64_t word = at / kWordBits, stop = std::min(end, (word + 1) * kWordBits);
    const uint64_t bits = states.word_column(word)[row] >> (at % kWordBits) & low_bits(stop - at);
    if (bits != 0) return at + lowest_bit(bits);
    at = stop;
  }
  return -1;
}

double log_sum_exp(const double* x, int64_t n) {
  const double largest = *std::max_element(x, x + n);
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += std::exp(x[i] - largest);
  return largest + std::log(sum);
}

/// What a thread has of a panel.
struct PanelScratch {
  explicit PanelScratch(int64_t n_visible)
      : integers(divide_up(n_visible, kListColumns) * kListScratch),
        sums(n_visible * kTileUnits),
        terms(1, n_visible) {}

  Buffer<int32_t> integers;  ///< as of integer_panel
  Buffer<int32_t> sums;      ///< [visible unit][16]: of a row with this unit on
  LayerTerms terms;
};

/// What every unit of the groups of one row would add to minus the free energy, were it on.
class Alternatives {
 public:
  Alternatives(const RbmState& state, const HalfStep& up)
      : state_(state), up_(up), on_(state.visible.group_starts.size()) {}

  void begin(const BitMatrixView& states, int64_t row) {
    const std::vector<int64_t>& starts = state_.visible.group_starts;
    for (size_t g = 0; g + 1 < starts.size(); ++g)
      on_[g] = unit_on(states, row, starts[g], starts[g + 1]);
    totals_.assign(state_.n_visible, 0.0);
    products_.assign(state_.n_visible, 1.0);
  }

  /// Hidden units of a tile, whose sums are those of the row.
  void add_tile(int64_t tile, const int32_t* of_row, PanelScratch& scratch) {
    const int32_t* integers = scratch.integers.data();
    int32_t* sums = scratch.sums.data();
    for_groups([&](int64_t begin, int64_t end, int64_t on) {
      const int32_t* out = integers + integer_row(on);
      for (int64_t i = begin; i < end; ++i) {
        const int32_t* in = integers + integer_row(i);
        for (int k = 0; k < kTileUnits; ++k) sums[i * kTileUnits + k] = of_row[k] - out[k] + in[k];
      }
    });
    const UnitTerms terms = scratch.terms.tile(0);
    up_.log_terms({sums, nullptr, power_of_two(up_.scale_exponent()), state_.hidden.bias.tile(tile),
                   state_.n_visible, state_.hidden.deviation_tile(tile)},
                  terms);
    for (int64_t i = 0; i < state_.n_visible; ++i) {
      totals_[i] += terms.sums[i];
      products_[i] *= terms.products[i];
    }
    if (tile % kTilesPerLog == kTilesPerLog - 1) take_logs();
  }

  double log_probability() {
    take_logs();
    double sum = 0;
    for_groups([&](int64_t begin, int64_t end, int64_t on) {
      for (int64_t i = begin; i < end; ++i) totals_[i] += state_.visible.bias[i];
      sum += totals_[on] - log_sum_exp(totals_.data() + begin, end - begin);
    });
    return sum;
  }

 private:
  static constexpr int64_t kTilesPerLog = LayerTerms::kTilesPerLog;

  /// visit(begin, end, the unit that is on) for the groups that have one.
  template <class Visit>
  void for_groups(Visit&& visit) const {
    const std::vector<int64_t>& starts = state_.visible.group_starts;
    for (size_t g = 0; g + 1 < starts.size(); ++g)
      if (on_[g] >= 0) visit(starts[g], starts[g + 1], on_[g]);
  }

  void take_logs() {
    for (int64_t i = 0; i < state_.n_visible; ++i) totals_[i] += std::log(products_[i]);
    std::fill(products_.begin(), products_.end(), 1.0);
  }

  const RbmState& state_;
  const HalfStep& up_;
  std::vector<int64_t> on_;                ///< by group; -1: no value
  std::vector<double> totals_, products_;  ///< by visible unit
};

}  // namespace

void score_groups(const RbmState& state, const Rows& visible, double* out, const Run& run) {
  if (!visible.is_bits())
    throw_invalid("pseudo_likelihood: rows must be bits with visible='softmax', got real values");
  const HalfStep up = half_step(state, Direction::to_hidden);
  const WeightPanelsView weights = state.panels_at(up.scale_exponent());
  const int64_t row_bytes =
      unpacked_bytes(visible) + up.n_tiles() * kTileUnits * static_cast<int64_t>(sizeof(int32_t));
  const int64_t most_rows = rows_of_block(visible.rows(), row_bytes, kRowsOfSums);
  const int64_t tile_size = most_rows * kTileUnits;
  Buffer<int32_t> sums(up.n_tiles() * tile_size);
  LayerStates states;
  const auto score_block = [&](RowBlock block, std::vector<BlockScratch>& scratches) {
    const StatesView from = load_states(visible, block.first, block.count, states);
    parallel_region(run, [&](Team& team) {
      for_each_tile(team, up, from, scratches[team.thread_index()],
                    [&](int64_t tile, const UnitInput& input) {
                      std::copy_n(input.sums, block.count * kTileUnits,
                                  sums.data() + tile * tile_size);
                    });
      PanelScratch scratch(state.n_visible);
      std::vector<Alternatives> rows(kFewRows, Alternatives(state, up));
      team.for_each(divide_up(block.count, kFewRows), [&](int64_t few) {
        const int64_t first = few * kFewRows, count = std::min(kFewRows, block.count - first);
        for (int64_t r = 0; r < count; ++r) rows[r].begin(from.bits, first + r);
        for (int64_t tile = 0; tile < up.n_tiles() && !team.check_stop(); ++tile) {
          rbm_kernels().lists.integer_panel(weights, tile, scratch.integers.data());
          const int32_t* of_tile = sums.data() + tile * tile_size;
          for (int64_t r = 0; r < count; ++r)
            rows[r].add_tile(tile, of_tile + (first + r) * kTileUnits, scratch);
        }
        for (int64_t r = 0; r < count; ++r)
          out[block.first + first + r] = rows[r].log_probability();
      });
    });
  };
  for_each_block(visible.rows(), most_rows, run, score_block);
}

}  // namespace udl
