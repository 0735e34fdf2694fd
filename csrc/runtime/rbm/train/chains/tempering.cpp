#include "runtime/rbm/train/chains/tempering.h"

#include <algorithm>
#include <utility>

#include "base/bits.h"
#include "runtime/rbm/steps/tempering/temperature.h"
#include "runtime/rbm/steps/tempering/tempering.h"

namespace udl {
namespace {

void swap_rows(const BitMatrixView& states, int64_t a, int64_t b) {
  for (int64_t w = 0; w < states.word_columns(); ++w)
    std::swap(states.word_column(w)[a], states.word_column(w)[b]);
}

constexpr int kFours = kTileUnits / 4;

constexpr uint32_t four(uint32_t bits, int index) { return bits >> (4 * index) & 15; }

struct FourMasks {
  int32_t lanes[16][4]{};

  constexpr FourMasks() {
    for (int bits = 0; bits < 16; ++bits)
      for (int k = 0; k < 4; ++k) lanes[bits][k] = -(bits >> k & 1);
  }
};
constexpr FourMasks kFourMasks;

/// The sum of the sixteen integers whose bits are set. Halves of 16 bits are added side by side, so
/// that nothing overflows and lanes need not be widened.
int64_t sum_of_those(const int32_t* sums, uint32_t bits) {
  int32_t low[4] = {}, high[4] = {};
  for (int f = 0; f < kFours; ++f) {
    const int32_t* mask = kFourMasks.lanes[four(bits, f)];
    for (int k = 0; k < 4; ++k) {
      const int32_t kept = sums[4 * f + k] & mask[k];
      low[k] += kept & 0xFFFF;
      high[k] += kept >> 16;
    }
  }
  const int64_t highest = int64_t{high[0]} + high[1] + high[2] + high[3];
  return highest * (1 << 16) + low[0] + low[1] + low[2] + low[3];
}

/// Sums of the biases of a tile, looked up by fours.
class BiasSums {
 public:
  explicit BiasSums(const float* bias) {
    for (int f = 0; f < kFours; ++f)
      for (uint32_t bits = 1; bits < 16; ++bits)
        for (int k = 0; k < 4; ++k)
          if ((bits >> k & 1) != 0) sums_[f][bits] += static_cast<double>(bias[4 * f + k]);
  }

  double of(uint32_t bits) const {
    double sum = 0;
    for (int f = 0; f < kFours; ++f) sum += sums_[f][four(bits, f)];
    return sum;
  }

 private:
  double sums_[kFours][16] = {};
};

}  // namespace

Tempering::Tempering(const RbmState& state, const TrainSettings& settings)
    : state_(state),
      ladder_(settings.ladder),
      n_chains_(state.n_chains() / settings.ladder.n_temperatures),
      betas_(ladder_betas(settings.ladder, state.betas)),
      swaps_(is_on() ? n_chains_ : 0, ladder_.n_temperatures) {
  if (!is_on()) return;
  visible_terms_.resize(state.visible_tiles() * state.n_chains());
  row_betas_.resize(round_up(state.n_chains(), kTileUnits));
  for (int64_t r = 0; r < state.n_chains(); ++r) row_betas_[r] = betas_[r / n_chains_];
}

/// All of a row in the place of the first tile of groups; those of the other such tiles stay 0.
GroupTempering Tempering::of_groups() {
  if (!is_on()) return {};
  const int64_t first = state_.visible.groups.first_tile() * state_.n_chains();
  return {row_betas_.data(), visible_terms_.data() + first};
}

/// Biases are those of the moment: they move with every update.
void Tempering::activate(const HalfStep& half, int64_t tile, const UnitInput& input,
                         const UnitOutput& output) const {
  if (!is_on()) return half.activate(input, output);
  for (int64_t t = 0; t < ladder_.n_temperatures; ++t) {
    const float beta = betas_[t];
    alignas(64) float bias[kTileUnits];
    std::copy_n(input.bias, kTileUnits, bias);
    for (int64_t k = 0; k < tile_units(half.to(), tile); ++k) bias[k] *= beta;
    UnitInput block = rows_of(input, t * n_chains_, n_chains_);
    block.scale *= beta;
    block.bias = bias;
    UnitOutput to = rows_from(output, t * n_chains_);
    if (t > 0) to.means = nullptr, to.means_fixed = nullptr;
    half.activate(block, to);
  }
}

/// v_i (b_i + sum_j W_ji h_j) over the units of the tile that are on: sums of integers, which have
/// no order, and of biases, in theirs within four units, then of the fours.
void Tempering::keep_energies(int64_t tile, const UnitInput& input, const BitMatrixView& visible) {
  const uint64_t* words = visible.word_column(tile / (kWordBits / kTileUnits));
  const int64_t shift = tile % (kWordBits / kTileUnits) * kTileUnits;
  const BiasSums biases(input.bias);
  double* terms = &visible_terms_[tile * visible.rows];
  for (int64_t r = 0; r < visible.rows; ++r) {
    const auto bits = static_cast<uint32_t>(words[r] >> shift);
    const auto pairs = static_cast<double>(sum_of_those(input.sums + r * kTileUnits, bits));
    terms[r] = static_cast<double>(input.scale) * pairs + biases.of(bits);
  }
}

double Tempering::energy(int64_t row, const BitMatrixView& hidden) const {
  double sum = 0;
  for (int64_t tile = 0; tile < state_.visible_tiles(); ++tile)
    sum += visible_terms_[tile * hidden.rows + row];
  for (int64_t w = 0; w < hidden.word_columns(); ++w)
    for (uint64_t bits = hidden.word_column(w)[row]; bits != 0; bits &= bits - 1)
      sum += static_cast<double>(state_.hidden.bias[w * kWordBits + lowest_bit(bits)]);
  return -sum;
}

void Tempering::swap(int64_t c, const DrawSchedule::Swaps& swaps, const BitMatrixView& visible,
                     const BitMatrixView& hidden) {
  for (int64_t t = swaps.first; t + 1 < ladder_.n_temperatures; t += 2) {
    const int64_t a = t * n_chains_ + c, b = a + n_chains_;
    const double probability =
        swap_probability(betas_[t], betas_[t + 1], energy(a, hidden), energy(b, hidden));
    swaps_.add(c, t, probability);
    const uint32_t draw =
        draw_bits(swaps.draws, static_cast<uint32_t>(c), static_cast<uint32_t>(t));
    if (static_cast<double>(uniform_from_bits(draw)) < probability) swap_rows(visible, a, b);
  }
}

void Tempering::respace(RbmState& state) const {
  if (is_on() && ladder_.adaptive) state.betas = respaced(betas_, swaps_.acceptance());
}

}  // namespace udl
