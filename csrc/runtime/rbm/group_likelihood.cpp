// With x the inputs of the hidden units and z the integers of the weights, the inputs with unit i
// of a group on in place of unit o are x - z_o + z_i: of bits exact sums, whose log terms are those
// of a row.
#include "runtime/rbm/group_likelihood.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "runtime/rbm/fixed_engine.h"
#include "runtime/rbm/model/units/softplus.h"
#include "runtime/rbm/row_blocks.h"
#include "runtime/rbm/steps/layer_terms.h"

namespace udl {
namespace {

/// Rows that share the integers of a panel.
constexpr int64_t kFewRows = 16;
/// Rows whose sums are kept.
constexpr int64_t kRowsOfSums = 512;

double log_sum_exp(const double* x, int64_t n) {
  const double largest = *std::max_element(x, x + n);
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += std::exp(x[i] - largest);
  return largest + std::log(sum);
}

/// What a row might be instead: with any unit of a group on, or with a group of one flipped. They
/// are numbered by the groups and their units; the last one is the row as it is.
struct Alternatives {
  Alternatives(const UnitRange* first, int64_t n_groups) : groups(first, first + n_groups) {
    for (const UnitRange& units : groups) {
      places.push_back(the_row);
      the_row += units.size();
    }
  }

  int64_t count() const { return the_row + 1; }

  std::vector<UnitRange> groups;
  std::vector<int64_t> places;  ///< number of the first alternative of each group
  int64_t the_row = 0;
};

/// What a thread has of a panel. Sums of hidden units are integers, or floats where rows are real
/// values.
struct PanelScratch {
  PanelScratch(int64_t n_visible, int64_t n_alternatives)
      : integers(divide_up(n_visible, kListColumns) * kListScratch),
        sums(n_alternatives * kTileUnits),
        float_sums(n_alternatives * kTileUnits),
        terms(1, n_alternatives) {}

  const int32_t* of_unit(int64_t unit) const { return integers.data() + integer_row(unit); }

  Buffer<int32_t> integers;  ///< as of integer_panel
  Buffer<int32_t> sums;      ///< [alternative][16]
  Buffer<float> float_sums;
  LayerTerms terms;
};

/// What the alternatives of one row add to minus its free energy, but for the visible biases.
class AlternativeTerms {
 public:
  AlternativeTerms(const RbmState& state, const HalfStep& up, const Alternatives& alternatives)
      : state_(state), up_(up), all_(alternatives), parts_(alternatives.groups.size()) {}

  void begin(const StatesView& states, int64_t row) {
    for (size_t g = 0; g < parts_.size(); ++g) {
      const int64_t on = states.unit_on(row, all_.groups[g]);
      parts_[g] = {on, on < 0 ? 0 : states.value(row, on)};
    }
    totals_.assign(all_.count(), 0.0);
    products_.assign(all_.count(), 1.0);
  }

  /// Hidden units of a tile, whose sums, of a row of bits, are those of the row.
  void add_tile(int64_t tile, const int32_t* of_row, PanelScratch& scratch) {
    find_sums(of_row, [&](int64_t unit) { return scratch.of_unit(unit); }, scratch.sums.data());
    UnitInput input{};
    input.sums = scratch.sums.data();
    input.scale = power_of_two(up_.scale_exponent());
    add_terms(tile, input, scratch);
  }
  /// The same of a row of real values, whose sums are of weights that are not rounded.
  void add_tile(int64_t tile, const float* of_row, PanelScratch& scratch) {
    const float* weights = state_.weights.panel(tile);
    find_sums(
        of_row, [&](int64_t unit) { return weights + unit * kTileUnits; },
        scratch.float_sums.data());
    UnitInput input{};
    input.float_sums = scratch.float_sums.data();
    input.scale = 1;
    add_terms(tile, input, scratch);
  }

  /// Once all tiles are added: by number.
  const std::vector<double>& totals() {
    take_logs();
    return totals_;
  }

  /// The sum over the groups of the log-probability of the value that they have.
  double log_probability() {
    totals();
    double sum = 0;
    for (size_t g = 0; g < parts_.size(); ++g) {
      const UnitRange& units = all_.groups[g];
      double* of_group = totals_.data() + all_.places[g];
      if (units.size() == 1)
        sum -= softplus((1 - 2 * parts_[g].value) * state_.visible.bias[units.first] +
                        (*of_group - totals_[all_.the_row]));
      else if (parts_[g].on >= 0)
        sum += log_share(units, parts_[g].on, of_group);
    }
    return sum;
  }

 private:
  static constexpr int64_t kTilesPerLog = LayerTerms::kTilesPerLog;

  /// The unit of a group that is on, or -1, and its value.
  struct Part {
    int64_t on;
    float value;
  };

  /// Sums of all alternatives; of_unit(i) are the weights of a unit as such sums have them.
  template <class Sum, class OfUnit>
  void find_sums(const Sum* of_row, OfUnit&& of_unit, Sum* sums) const {
    for (size_t g = 0; g < parts_.size(); ++g) {
      const UnitRange& units = all_.groups[g];
      const auto value = static_cast<Sum>(parts_[g].value);
      const Sum* out = of_unit(std::max(parts_[g].on, units.first));
      for (int64_t i = units.first; i < units.end; ++i) {
        // A flip leaves 1 - value of its unit.
        const Sum* in = of_unit(i);
        const Sum share = units.size() == 1 ? 1 - value : 1;
        Sum* to = sums + (all_.places[g] + i - units.first) * kTileUnits;
        for (int k = 0; k < kTileUnits; ++k) to[k] = of_row[k] - value * out[k] + share * in[k];
      }
    }
    std::copy_n(of_row, kTileUnits, sums + all_.the_row * kTileUnits);
  }

  void add_terms(int64_t tile, UnitInput input, PanelScratch& scratch) {
    input.bias = state_.hidden.bias.tile(tile);
    input.rows = all_.count();
    input.deviation = state_.hidden.deviation_tile(tile);
    const UnitTerms terms = scratch.terms.tile(0);
    up_.log_terms(input, terms);
    for (int64_t n = 0; n < all_.count(); ++n) {
      totals_[n] += terms.sums[n];
      products_[n] *= terms.products[n];
    }
    if (tile % kTilesPerLog == kTilesPerLog - 1) take_logs();
  }

  double log_share(const UnitRange& units, int64_t on, double* of_group) const {
    for (int64_t i = units.first; i < units.end; ++i)
      of_group[i - units.first] += state_.visible.bias[i];
    return of_group[on - units.first] - log_sum_exp(of_group, units.size());
  }

  void take_logs() {
    for (int64_t n = 0; n < all_.count(); ++n) totals_[n] += std::log(products_[n]);
    std::fill(products_.begin(), products_.end(), 1.0);
  }

  const RbmState& state_;
  const HalfStep& up_;
  const Alternatives& all_;
  std::vector<Part> parts_;                ///< by group
  std::vector<double> totals_, products_;  ///< by alternative
};

/// Sums of the hidden units, [tile][row][16], in one of both forms.
struct TileSums {
  TileSums(int64_t n_tiles, int64_t rows, bool real)
      : tile_size(rows * kTileUnits),
        integers(real ? 0 : n_tiles * tile_size),
        floats(real ? n_tiles * tile_size : 0) {}

  void keep(int64_t tile, const UnitInput& input) {
    const int64_t n = input.rows * kTileUnits;
    if (input.sums != nullptr)
      std::copy_n(input.sums, n, integers.data() + tile * tile_size);
    else
      std::copy_n(input.float_sums, n, floats.data() + tile * tile_size);
  }

  void add_to(AlternativeTerms& terms, int64_t tile, int64_t row, PanelScratch& scratch) const {
    const int64_t at = tile * tile_size + row * kTileUnits;
    if (integers.size() > 0)
      terms.add_tile(tile, integers.data() + at, scratch);
    else
      terms.add_tile(tile, floats.data() + at, scratch);
  }

  int64_t tile_size;
  Buffer<int32_t> integers;
  Buffer<float> floats;
};

/// Calls visit(row, its states, their row, its terms) for all rows, shared among threads.
template <class Visit>
void visit_alternatives(const RbmState& state, const Alternatives& alternatives,
                        const Rows& visible, const Run& run, Visit&& visit) {
  const HalfStep up = half_step(state, Direction::to_hidden);
  const WeightPanelsView weights = state.panels_at(up.scale_exponent());
  const int64_t row_bytes =
      unpacked_bytes(visible) + up.n_tiles() * kTileUnits * static_cast<int64_t>(sizeof(int32_t));
  const int64_t most_rows = rows_of_block(visible.rows(), row_bytes, kRowsOfSums);
  TileSums sums(up.n_tiles(), most_rows, !visible.is_bits());
  LayerStates states;
  const auto visit_block = [&](RowBlock block, std::vector<BlockScratch>& scratches) {
    const StatesView from = load_states(visible, block.first, block.count, states);
    parallel_region(run, [&](Team& team) {
      for_each_tile(team, up, from, scratches[team.thread_index()],
                    [&](int64_t tile, const UnitInput& input) { sums.keep(tile, input); });
      PanelScratch scratch(state.n_visible, alternatives.count());
      std::vector<AlternativeTerms> rows(kFewRows, AlternativeTerms(state, up, alternatives));
      team.for_each(divide_up(block.count, kFewRows), [&](int64_t few) {
        const int64_t first = few * kFewRows, count = std::min(kFewRows, block.count - first);
        for (int64_t r = 0; r < count; ++r) rows[r].begin(from, first + r);
        for (int64_t tile = 0; tile < up.n_tiles() && !team.check_stop(); ++tile) {
          rbm_kernels().lists.integer_panel(weights, tile, scratch.integers.data());
          for (int64_t r = 0; r < count; ++r) sums.add_to(rows[r], tile, first + r, scratch);
        }
        for (int64_t r = 0; r < count; ++r)
          visit(block.first + first + r, from, first + r, rows[r]);
      });
    });
  };
  for_each_block(visible.rows(), most_rows, run, visit_block);
}

/// Minus the part that visible units outside of a group have of a row's free energy alone.
double sum_of_biases_outside(const BiasVector& bias, const UnitRange& units,
                             const StatesView& states, int64_t row) {
  double sum = 0;
  for (int64_t i = 0; i < bias.size(); ++i)
    if (i < units.first || i >= units.end)
      sum += static_cast<double>(states.value(row, i)) * bias[i];
  return sum;
}

}  // namespace

void add_group_scores(const RbmState& state, const Rows& visible, double* out, const Run& run) {
  const JointGroups& groups = state.visible.groups;
  const Alternatives alternatives(groups.data(), groups.count());
  visit_alternatives(state, alternatives, visible, run,
                     [&](int64_t r, const StatesView&, int64_t, AlternativeTerms& terms) {
                       out[r] += terms.log_probability();
                     });
}

void FixedRbmEngine::group_energies(const Rows& visible, int64_t group, double* out,
                                    const Run& run) const {
  const UnitRange units = checked_group(this->units(), group);
  const BiasVector& bias = state_.visible.bias;
  visit_alternatives(
      state_, Alternatives(&units, 1), visible, run,
      [&](int64_t r, const StatesView& states, int64_t row, AlternativeTerms& terms) {
        const double outside = sum_of_biases_outside(bias, units, states, row);
        const std::vector<double>& totals = terms.totals();
        for (int64_t i = 0; i < units.size(); ++i)
          out[r * units.size() + i] = -(outside + bias[units.first + i] + totals[i]);
      });
}

}  // namespace udl
