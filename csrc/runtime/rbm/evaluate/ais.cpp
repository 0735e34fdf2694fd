// Two stages a temperature, each a loop over tiles and blocks of rows that ends in a barrier:
//   up: sums of the hidden units given the visible states serve the log terms at the temperature
//       before and at this one, and the sample at this one; beside them the visible units' part of
//       the weights
//   down: visible units given the hidden ones; beside them the log terms are added to the weights;
//       units in groups are drawn behind another barrier
#include "runtime/rbm/evaluate/ais.h"

#include <algorithm>
#include <vector>

#include "runtime/memory/bit_matrix.h"
#include "runtime/rbm/steps/group_step.h"
#include "runtime/rbm/steps/half_step.h"
#include "runtime/rbm/steps/layer_terms.h"
#include "runtime/rbm/steps/tempering/temperature.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

/// Runs that share tables: making these is then a few per cent, and sums stay near the cache.
constexpr int64_t kMostRuns = 2048;
constexpr int64_t kBlockRows = LayerTerms::kBlockRows;

/// One thread's room, and both layers at the present temperature and at the one before, by the
/// parity of their numbers.
struct AnnealScratch {
  AnnealScratch(const RbmState& state, const BiasVector& base_bias, int64_t rows)
      : tile(rows),
        hidden{Temperature(state.hidden), Temperature(state.hidden)},
        visible{Temperature(state.visible, 1.0f, &base_bias),
                Temperature(state.visible, 1.0f, &base_bias)},
        bias_change(state.n_visible) {}

  void enter(int64_t k, float beta) {
    hidden[k % 2].set_beta(beta);
    visible[k % 2].set_beta(beta);
    const BiasVector &now = visible[k % 2].bias(), &before = visible[(k + 1) % 2].bias();
    for (int64_t i = 0; i < now.size(); ++i)
      bias_change[i] = static_cast<double>(now[i]) - static_cast<double>(before[i]);
  }

  TileScratch tile;
  BitProduct from_visible{tile.tables.data()}, from_hidden{tile.tables.data()};
  Temperature hidden[2], visible[2];
  Buffer<double> bias_change;
};

/// Runs of a block, side by side.
class Annealing {
 public:
  Annealing(const RbmState& state, const AnnealCall& call, const BiasVector& base_bias,
            int n_threads)
      : call_(call),
        up_integers_(state, Direction::to_hidden, n_threads),
        down_integers_(state, Direction::to_visible, n_threads),
        up_(state, Direction::to_hidden, up_integers_),
        down_(state, Direction::to_visible, down_integers_),
        max_rows_(std::min(call.n_runs, kMostRuns)),
        groups_(state.visible, max_rows_, n_threads),
        terms_{LayerTerms(up_.n_tiles(), max_rows_), LayerTerms(up_.n_tiles(), max_rows_)} {
    scratch_.reserve(n_threads);
    for (int t = 0; t < n_threads; ++t) scratch_.emplace_back(state, base_bias, max_rows_);
  }

  int64_t max_rows() const { return max_rows_; }

  /// Adds to the log weights of runs first .. first + count - 1.
  void anneal(int64_t first, int64_t count, double* log_weights, const Run& run) {
    visible_.resize(count, down_.to().n_units());
    hidden_.resize(count, up_.to().n_units());
    first_chain_ = call_.draws.first_chain + static_cast<uint32_t>(first);
    log_weights_ = log_weights;
    if (call_.start != nullptr) call_.start->gather_bits(nullptr, first, count, visible_.view());
    parallel_region(run, [&](Team& team) { work(team); });
  }

 private:
  void work(Team& team) {
    scratch_[team.thread_index()].enter(0, call_.betas[0]);
    if (call_.start == nullptr) go_down(team, 0);  // at beta = 0, whatever the hidden states
    for (int64_t k = 1; k < call_.n_betas && !team.stopped(); ++k) {
      scratch_[team.thread_index()].enter(k, call_.betas[k]);
      go_up(team, k);
      go_down(team, k);
      if (team.thread_index() == 0 && call_.n_done != nullptr) *call_.n_done += visible_.rows();
    }
  }

  int64_t n_blocks() const { return divide_up(visible_.rows(), kBlockRows); }
  /// After the last temperature nothing is drawn: all weights are known.
  bool is_last(int64_t k) const { return k == call_.n_betas - 1; }

  void go_up(Team& team, int64_t k) {
    AnnealScratch& scratch = scratch_[team.thread_index()];
    const StatesView from = view_of_bits(visible_.view());
    up_.prepare(from, team.n_threads(), scratch.from_visible);
    const int64_t n_tiles = up_.n_tiles();
    team.for_each(n_tiles + n_blocks(), [&](int64_t item) {
      if (item < n_tiles)
        hidden_tile(item, k, up_.input(from, item, scratch.from_visible, scratch.tile), scratch);
      else
        add_visible_terms(item - n_tiles, scratch.bias_change.data());
    });
  }

  void hidden_tile(int64_t tile, int64_t k, const UnitInput& input, const AnnealScratch& scratch) {
    const Temperature &now = scratch.hidden[k % 2], &before = scratch.hidden[(k + 1) % 2];
    const UnitInput at_before = before.of(input, tile), at_now = now.of(input, tile);
    if (is_last(k)) {
      up_.log_terms(at_before, terms_[0].tile(tile));
      return up_.log_terms(at_now, terms_[1].tile(tile));
    }
    const DrawKey draws = call_.draws.hidden(k);
    up_.log_terms_and_samples(at_before, at_now, terms_[0].tile(tile), terms_[1].tile(tile),
                              sample_output(hidden_.view(), tile, draws, first_chain_));
  }

  void go_down(Team& team, int64_t k) {
    AnnealScratch& scratch = scratch_[team.thread_index()];
    const StatesView from = view_of_bits(hidden_.view());
    const int64_t n_tiles = is_last(k) ? 0 : down_.n_tiles();
    if (n_tiles > 0) down_.prepare(from, team.n_threads(), scratch.from_hidden);
    const DrawKey draws = call_.draws.visible(k);
    team.for_each(n_tiles + (k > 0 ? n_blocks() : 0), [&](int64_t item) {
      if (item >= n_tiles) return add_hidden_terms(item - n_tiles);
      const UnitInput input = down_.input(from, item, scratch.from_hidden, scratch.tile);
      const UnitInput at_beta = scratch.visible[k % 2].of(input, item);
      if (groups_.holds(item)) return groups_.keep_inputs(item, at_beta);
      down_.activate(at_beta, sample_output(visible_.view(), item, draws, first_chain_));
    });
    if (groups_.is_on() && n_tiles > 0) draw_groups(team, draws);
  }

  void draw_groups(Team& team, const DrawKey& draws) {
    const StatesRoom to(visible_.view());
    team.for_each(GroupStep::blocks(visible_.rows()), [&](int64_t block) {
      groups_.draw(block, visible_.rows(), {draws, first_chain_}, nullptr, to, team.thread_index());
    });
  }

  template <class Add>
  void for_rows(int64_t block, Add&& add) {
    const int64_t first = block * kBlockRows;
    for (int64_t r = first; r < std::min(visible_.rows(), first + kBlockRows); ++r) add(r);
  }

  void add_visible_terms(int64_t block, const double* bias_change) {
    const BitMatrixView visible = visible_.view();
    for_rows(block, [&](int64_t r) { log_weights_[r] += sum_where_on(visible, r, bias_change); });
  }

  void add_hidden_terms(int64_t block) {
    double before[kBlockRows], now[kBlockRows];
    terms_[0].block_totals(block, before);
    terms_[1].block_totals(block, now);
    for_rows(block,
             [&](int64_t r) { log_weights_[r] += now[r % kBlockRows] - before[r % kBlockRows]; });
  }

  const AnnealCall& call_;
  const IntegerPanels up_integers_, down_integers_;
  const HalfStep up_, down_;
  const int64_t max_rows_;
  GroupStep groups_;  ///< of the visible units
  BitMatrix visible_, hidden_;
  LayerTerms terms_[2];                 ///< at the temperature before, and at this one
  std::vector<AnnealScratch> scratch_;  ///< by thread
  uint32_t first_chain_ = 0;
  double* log_weights_ = nullptr;
};

}  // namespace

void anneal_fixed(const RbmState& state, const AnnealCall& call, double* log_weights,
                  const Run& run) {
  BiasVector base_bias(state.n_visible);
  const float* from = call.base_bias.as<float>();
  for (int64_t i = 0; i < base_bias.size(); ++i) base_bias[i] = from[i];
  std::fill_n(log_weights, call.n_runs, 0.0);
  Annealing annealing(state, call, base_bias, run.n_threads);
  for (int64_t first = 0; first < call.n_runs && !run.stopped(); first += annealing.max_rows()) {
    const int64_t count = std::min(annealing.max_rows(), call.n_runs - first);
    annealing.anneal(first, count, log_weights + first, run);
  }
}

}  // namespace udl
