// Free energies, log Z and annealed importance sampling of the packed-bit engine.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "runtime/rbm/evaluate/ais.h"
#include "runtime/rbm/evaluate/exact.h"
#include "runtime/rbm/fixed_engine.h"
#include "runtime/rbm/plain/anneal.h"
#include "runtime/rbm/row_blocks.h"
#include "runtime/rbm/steps/layer_terms.h"

namespace udl {
namespace {

/// v . b of a sparse row; terms that are zero change nothing.
double sparse_energy(const SparseRowsView& visible, int64_t row, const BiasVector& bias) {
  double sum = 0;
  for (int64_t at = visible.first[row]; at < visible.last[row]; ++at) {
    const float value = visible.values ? static_cast<float>(visible.values[at]) : 1.0f;
    sum += static_cast<double>(value) * bias[visible.columns[at]];
  }
  return sum;
}

/// v . b of one row, in unit order.
double visible_energy(const StatesView& visible, int64_t row, const BiasVector& bias) {
  if (visible.is_sparse()) return sparse_energy(visible.sparse, row, bias);
  if (!visible.real) return sum_where_on(visible.bits, row, bias.tile(0));
  const float* values = visible.values + row * visible.value_stride;
  double sum = 0;
  for (int64_t i = 0; i < bias.size(); ++i) sum += static_cast<double>(values[i]) * bias[i];
  return sum;
}

/// Sum of (v - b)^2 / (2 sigma^2) of one row, in unit order; its values are v / sigma^2.
double squared_distance(const StatesView& visible, int64_t row, const Layer& layer) {
  double sum = 0;
  for (int64_t i = 0; i < layer.n_units(); ++i) {
    const double inverse_variance = layer.inverse_variance[i];
    const double value = visible.values[row * visible.value_stride + i];
    const double distance = value / inverse_variance - layer.bias[i];
    sum += 0.5 * distance * distance * inverse_variance;
  }
  return sum;
}

/// What a row has of the free energy without hidden units.
double own_energy(const StatesView& visible, int64_t row, const Layer& layer) {
  if (layer.has_variances()) return squared_distance(visible, row, layer);
  return -visible_energy(visible, row, layer.bias);
}

/// The model in double, with the weights that sums are made of, rounded at their scale: only their
/// log Z makes probabilities of the free energies.
PlainState in_double(const RbmState& state, const Units& units) {
  PlainState model(state.n_visible, state.n_hidden, units);
  state.weights.copy_to(model.weights.data());
  const double scale = std::ldexp(1.0, state.scale_exponent);
  const float inverse_scale = power_of_two(-state.scale_exponent);
  for (double& weight : model.weights)
    weight = scale * round_to_int(static_cast<float>(weight) * inverse_scale);
  for (int64_t j = 0; j < state.n_hidden; ++j) model.hidden_bias[j] = state.hidden.bias[j];
  for (int64_t i = 0; i < state.n_visible; ++i) model.visible_bias[i] = state.visible.bias[i];
  for (int64_t i = 0; i < state.visible.log_variance.size(); ++i)
    model.log_variance[i] = state.visible.log_variance[i];
  return model;
}

}  // namespace

void FixedRbmEngine::free_energy(const Rows& visible, double* out, const Run& run) const {
  const HalfStep up(state_, Direction::to_hidden, state_.scale_exponent);
  LayerStates states;
  const auto energies = [&](RowBlock block, std::vector<BlockScratch>& scratches) {
    const StatesView from = block_states(visible, block, up, states);
    LayerTerms terms(up.n_tiles(), block.count);
    parallel_region(run, [&](Team& team) {
      BlockScratch& scratch = scratches[team.thread_index()];
      for_each_tile(team, up, from, scratch, [&](int64_t tile, const UnitInput& input) {
        up.log_terms(input, terms.tile(tile));
      });
      team.for_each(divide_up(block.count, LayerTerms::kBlockRows), [&](int64_t few) {
        double totals[LayerTerms::kBlockRows];
        terms.block_totals(few, totals);
        const int64_t first = few * LayerTerms::kBlockRows;
        const int64_t end = std::min(block.count, first + LayerTerms::kBlockRows);
        for (int64_t r = first; r < end; ++r)
          out[block.first + r] = own_energy(from, r, state_.visible) - totals[r - first];
      });
    });
  };
  const int64_t block_rows = rows_of_block(visible.rows(), states_bytes(visible, up));
  for_each_block(visible.rows(), block_rows, run, energies);
}

std::vector<double> FixedRbmEngine::log_partition(const std::vector<int64_t>& lengths,
                                                  const Run& run) const {
  const PlainState model = in_double(state_, units());
  return log_partition_exact({model.weights.data(), model.hidden_bias.data(),
                              model.visible_bias.data(), model.log_variance.data()},
                             {units(), n_visible(), n_hidden(), lengths}, run);
}

/// Units that are no bits by the plain form, which knows all kinds.
void FixedRbmEngine::anneal(const AnnealCall& call, double* log_weights, const Run& run) const {
  if (has_bits(units().visible) && has_bits(units().hidden))
    return anneal_fixed(state_, call, log_weights, run);
  const float* from = call.base_bias.as<float>();
  const PlainMatrix base_bias(from, from + n_visible());
  anneal_plain(in_double(state_, units()), call, base_bias.data(), log_weights, run);
}

}  // namespace udl
