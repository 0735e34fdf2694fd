// Transform, sampling, Gibbs chains and free energies of the packed-bit engine.
//
// Rows are worked in blocks; inside a block the tiles of 16 units are shared among threads.
#include <algorithm>
#include <cmath>
#include <vector>

#include "runtime/dispatch/target.h"
#include "runtime/rbm/fixed_engine.h"
#include "runtime/rbm/steps/bit_product.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

/// Rows of a block: enough that building tables is a few per cent, few enough that sums stay in L2.
constexpr int64_t kBlockRows = 2048;

/// Scratch of one thread for tiles of up to `rows` rows.
struct TileScratch {
  Buffer<int32_t> tables{kTableScratch};
  BitProduct product{tables.data()};
  Buffer<int32_t> sums;
  Buffer<float> float_sums, probabilities;

  explicit TileScratch(int64_t rows) {
    const int64_t size = round_up(rows, 4) * kTileUnits;
    sums.resize(size);
    float_sums.resize(size);
    probabilities.resize(size);
  }
};

/// States of one side for a block of rows: bits, or real values where rows are not binary.
struct BlockStates {
  BitMatrix bits;
  Buffer<float> values;
  int64_t value_stride = 0;
  bool dense = false;

  void load(const Rows& rows, int64_t first, int64_t count) {
    dense = !rows.is_bits();
    if (!dense) {
      if (bits.rows() != count) bits.resize(count, rows.columns());
      rows.gather_bits(nullptr, first, count, bits.view());
      return;
    }
    value_stride = rows.columns();
    values.reserve(count * value_stride);
    rows.gather_values<float>(nullptr, first, count, values.data(), value_stride);
  }
};

/// One direction of the model: which sums, which bias.
class HalfStep {
 public:
  HalfStep(const RbmState& state, bool to_hidden)
      : state_(state), kernels_(rbm_kernels()), to_hidden_(to_hidden) {}

  int64_t tiles() const { return to_hidden_ ? state_.hidden_tiles() : state_.visible_tiles(); }
  int64_t units() const { return to_hidden_ ? state_.n_hidden : state_.n_visible; }

  /// Before a thread's first tile of these states.
  void prepare(const BlockStates& from, int64_t rows, int n_threads, TileScratch& scratch) const {
    if (!from.dense) scratch.product.prepare(from.bits.view(rows), divide_up(tiles(), n_threads));
  }

  /// Sums of one tile and how they become pre-activations.
  UnitInput sums(const BlockStates& from, int64_t rows, int64_t tile, TileScratch& scratch) const {
    const float* bias = (to_hidden_ ? state_.hidden_bias : state_.visible_bias).tile(tile);
    if (from.dense) {
      const auto product =
          to_hidden_ ? kernels_.products.dense_hidden_sums : kernels_.products.dense_visible_sums;
      product(state_.panels(), tile, from.values.data(), rows, from.value_stride,
              scratch.float_sums.data());
      return {nullptr, scratch.float_sums.data(), 1.0f, bias, rows};
    }
    if (to_hidden_)
      scratch.product.hidden_sums(state_.panels(), tile, scratch.sums.data());
    else
      scratch.product.visible_sums(state_.panels(), tile, scratch.sums.data());
    return {scratch.sums.data(), nullptr, state_.scale(), bias, rows};
  }

  void sample(const BlockStates& from, int64_t rows, int64_t tile, const DrawSource& source,
              uint64_t step, uint32_t first_row, const BitMatrixView& out,
              TileScratch& scratch) const {
    UnitOutput output{};
    output.sample_words = out.word_column(tile / 4);
    output.draw_key =
        make_draw_key(source.seed, source.stream, to_hidden_ ? kHiddenLayer : kVisibleLayer, step);
    output.first_chain = source.first_chain + first_row;
    output.tile = tile;
    kernels_.unit(UnitKind::bernoulli).activate(sums(from, rows, tile, scratch), output);
  }

  /// Writes P of the tile's units into a row-major matrix of units() columns.
  void means(const BlockStates& from, int64_t rows, int64_t tile, float* out,
             TileScratch& scratch) const {
    UnitOutput output{};
    output.means = scratch.probabilities.data();
    output.tile = tile;
    kernels_.unit(UnitKind::bernoulli).activate(sums(from, rows, tile, scratch), output);
    const int64_t count = std::min<int64_t>(kTileUnits, units() - tile * kTileUnits);
    for (int64_t r = 0; r < rows; ++r)
      std::copy_n(scratch.probabilities.data() + r * kTileUnits, count,
                  out + r * units() + tile * kTileUnits);
  }

 private:
  const RbmState& state_;
  const RbmKernels& kernels_;
  bool to_hidden_;
};

/// Calls work(first, count, scratches) for blocks of rows; scratches holds one TileScratch a
/// thread.
template <class Work>
void for_each_block(int64_t n_rows, int n_threads, Work&& work) {
  const int64_t block = std::min(n_rows, kBlockRows);
  std::vector<TileScratch> scratches;
  for (int t = 0; t < n_threads; ++t) scratches.emplace_back(block);
  for (int64_t first = 0; first < n_rows; first += block)
    work(first, std::min(block, n_rows - first), scratches);
}

void write_means(const HalfStep& half, const Rows& rows, float* out, int n_threads) {
  BlockStates from;
  for_each_block(rows.rows(), n_threads,
                 [&](int64_t first, int64_t count, std::vector<TileScratch>& scratches) {
                   from.load(rows, first, count);
                   parallel_region(n_threads, [&](Team& team) {
                     TileScratch& scratch = scratches[team.thread_index()];
                     half.prepare(from, count, team.n_threads(), scratch);
                     team.for_each(half.tiles(), [&](int64_t tile) {
                       half.means(from, count, tile, out + first * half.units(), scratch);
                     });
                   });
                 });
}

void store_block(const BitMatrixView& bits, int64_t first, Rows& out) {
  for (int64_t r = 0; r < bits.rows; ++r)
    for (int64_t w = 0; w < out.words_per_row(); ++w)
      out.bits_row(first + r)[w] = bits.word_column(w)[r];
}

Rows draw_samples(const HalfStep& half, const Rows& rows, const DrawSource& source, int n_threads) {
  Rows out = Rows::zero_bits(rows.rows(), half.units());
  BlockStates from;
  for_each_block(rows.rows(), n_threads,
                 [&](int64_t first, int64_t count, std::vector<TileScratch>& scratches) {
                   from.load(rows, first, count);
                   BitMatrix to(count, half.units());
                   parallel_region(n_threads, [&](Team& team) {
                     TileScratch& scratch = scratches[team.thread_index()];
                     half.prepare(from, count, team.n_threads(), scratch);
                     team.for_each(half.tiles(), [&](int64_t tile) {
                       half.sample(from, count, tile, source, source.step,
                                   static_cast<uint32_t>(first), to.view(), scratch);
                     });
                   });
                   store_block(to.view(), first, out);
                 });
  return out;
}

/// log(1 + e^x) without overflow.
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }

/// Per row: sum of softplus over the units of one tile, in unit order.
void softplus_sums(const UnitInput& in, int64_t n_units, double* out) {
  for (int64_t r = 0; r < in.rows; ++r) {
    double sum = 0;
    for (int64_t k = 0; k < n_units; ++k) {
      const float total = in.sums ? static_cast<float>(in.sums[r * kTileUnits + k])
                                  : in.float_sums[r * kTileUnits + k];
      sum += softplus(total * in.scale + in.bias[k]);
    }
    out[r] = sum;
  }
}

/// v . b of one row, in unit order.
double visible_energy(const BlockStates& states, int64_t row, const BiasVector& bias) {
  double sum = 0;
  for (int64_t i = 0; i < bias.size(); ++i)
    sum += states.dense
               ? static_cast<double>(states.values[row * states.value_stride + i]) * bias[i]
               : (states.bits.get(row, i) ? bias[i] : 0.0f);
  return sum;
}

}  // namespace

void FixedRbmEngine::mean_hidden(const Rows& visible, void* out, int n_threads) const {
  write_means(HalfStep(state_, true), visible, static_cast<float*>(out), n_threads);
}

void FixedRbmEngine::mean_visible(const Rows& hidden, void* out, int n_threads) const {
  write_means(HalfStep(state_, false), hidden, static_cast<float*>(out), n_threads);
}

Rows FixedRbmEngine::sample_hidden(const Rows& visible, const DrawSource& source,
                                   int n_threads) const {
  return draw_samples(HalfStep(state_, true), visible, source, n_threads);
}

Rows FixedRbmEngine::sample_visible(const Rows& hidden, const DrawSource& source,
                                    int n_threads) const {
  return draw_samples(HalfStep(state_, false), hidden, source, n_threads);
}

std::pair<Rows, Rows> FixedRbmEngine::gibbs(const Rows& visible, int64_t n_steps,
                                            const DrawSource& source, int n_threads) const {
  const HalfStep up(state_, true), down(state_, false);
  Rows last_visible = Rows::zero_bits(visible.rows(), n_visible()),
       last_hidden = Rows::zero_bits(visible.rows(), n_hidden());
  for_each_block(
      visible.rows(), n_threads,
      [&](int64_t first, int64_t count, std::vector<TileScratch>& scratches) {
        BlockStates start, v, h;
        start.load(visible, first, count);
        v.bits.resize(count, n_visible());
        h.bits.resize(count, n_hidden());
        parallel_region(n_threads, [&](Team& team) {
          TileScratch& scratch = scratches[team.thread_index()];
          for (int64_t s = 0; s < n_steps; ++s) {
            const BlockStates& from = s == 0 ? start : v;
            const uint64_t step = source.step + static_cast<uint64_t>(s);
            const auto first_row = static_cast<uint32_t>(first);
            up.prepare(from, count, team.n_threads(), scratch);
            team.for_each(up.tiles(), [&](int64_t tile) {
              up.sample(from, count, tile, source, step, first_row, h.bits.view(), scratch);
            });
            down.prepare(h, count, team.n_threads(), scratch);
            team.for_each(down.tiles(), [&](int64_t tile) {
              down.sample(h, count, tile, source, step, first_row, v.bits.view(), scratch);
            });
          }
        });
        store_block(v.bits.view(), first, last_visible);
        store_block(h.bits.view(), first, last_hidden);
      });
  return {std::move(last_visible), std::move(last_hidden)};
}

void FixedRbmEngine::free_energy(const Rows& visible, double* out, int n_threads) const {
  const HalfStep up(state_, true);
  BlockStates states;
  for_each_block(visible.rows(), n_threads,
                 [&](int64_t first, int64_t count, std::vector<TileScratch>& scratches) {
                   states.load(visible, first, count);
                   Buffer<double> tile_sums(up.tiles() * count);
                   parallel_region(n_threads, [&](Team& team) {
                     TileScratch& scratch = scratches[team.thread_index()];
                     up.prepare(states, count, team.n_threads(), scratch);
                     team.for_each(up.tiles(), [&](int64_t tile) {
                       const int64_t n_units =
                           std::min<int64_t>(kTileUnits, n_hidden() - tile * kTileUnits);
                       softplus_sums(up.sums(states, count, tile, scratch), n_units,
                                     tile_sums.data() + tile * count);
                     });
                     team.for_each(count, [&](int64_t r) {
                       double energy = -visible_energy(states, r, state_.visible_bias);
                       for (int64_t tile = 0; tile < up.tiles(); ++tile)
                         energy -= tile_sums[tile * count + r];
                       out[first + r] = energy;
                     });
                   });
                 });
}

}  // namespace udl
