#include "runtime/bench/rates.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "kernels/ceilings.h"
#include "runtime/dispatch/target.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

BitMatrix transposed(const BitMatrix& bits) {
  BitMatrix units(bits.columns(), bits.rows());
  for (int64_t tile = 0; tile < divide_up(bits.columns(), kTileUnits); ++tile)
    rbm_kernels().gradient.transpose_tile(bits.view(), tile, units.view());
  return units;
}

int64_t n_drawn(const Buffer<uint64_t>& samples, int64_t rows, int64_t tile) {
  int64_t n = 0;
  for (int64_t r = 0; r < rows; ++r)
    for (int k = 0; k < kTileUnits; ++k) n += samples[r] >> (tile % 4 * kTileUnits + k) & 1;
  return n;
}

template <class T>
double sum_of(const Buffer<T>& values, int64_t rows) {
  return std::accumulate(values.data(), values.data() + rows * kTileUnits,
                         0.0);  // exact: integers below 2^53
}

}  // namespace

void run_multiply_adds(int64_t n_blocks, const Run& run) {
  parallel_region(run, [&](Team&) {
    float out[kTileUnits];
    ceiling_kernels().multiply_adds(n_blocks, out);
  });
}

void run_entry_additions(int64_t n_blocks, const Run& run) {
  std::vector<Buffer<int32_t>> entries(run.n_threads);
  for (Buffer<int32_t>& table : entries) {
    table.resize(kCeilingEntries * kTileUnits);
    std::iota(table.data(), table.data() + table.size(), 1);
  }
  parallel_region(run, [&](Team& team) {
    int32_t out[kTileUnits];
    ceiling_kernels().entry_additions(entries[team.thread_index()].data(), n_blocks, out);
  });
}

KernelRates::Room::Room(const KernelRates& rates)
    : scratch(kTableScratch),
      sums(kTileUnits * round_up(std::max(rates.n_rows_, rates.n_visible_), 4)),
      probabilities(rates.fixed_.size()),
      float_sums(sums.size()),
      samples(rates.n_rows_) {}

KernelRates::KernelRates(const Rows& visible, const Rows& hidden, const float* weights, bool narrow)
    : n_rows_(visible.rows()),
      n_visible_(visible.columns()),
      n_hidden_(hidden.columns()),
      weights_(n_hidden_, n_visible_),
      visible_(visible.bit_matrix()),
      hidden_(hidden.bit_matrix()),
      visible_units_(transposed(visible_)),
      hidden_units_(transposed(hidden_)),
      values_(n_rows_ * round_up(n_visible_, kTileUnits)),
      fixed_(kTileUnits * round_up(n_rows_, 4)),
      probabilities_(fixed_.size()),
      logits_(fixed_.size()),
      bias_(kTileUnits) {
  weights_.assign(weights);
  view_ = weights_.view(weight_scale_exponent(weights_, narrow), narrow);
  visible.gather_values(nullptr, 0, n_rows_, values_.data(), round_up(n_visible_, kTileUnits));
  for (int64_t i = 0; i < n_rows_ * kTileUnits; ++i) {
    fixed_[i] =
        static_cast<int32_t>(i * 40503 % (1 << kProbabilityBits));  // spread evenly: 40503 is odd
    probabilities_[i] = static_cast<float>(fixed_[i]) / kProbabilityOne;
  }
  rooms_.emplace_back(*this);
  rbm_kernels().products.hidden_sums(view_, 0, visible_.view(), rooms_[0].scratch.data(),
                                     logits_.data());
}

int64_t KernelRates::n_tiles(TimedKernel kernel) const {
  return divide_up(kernel == TimedKernel::visible_sums ? n_visible_ : n_hidden_, kTileUnits);
}

void KernelRates::one_tile(TimedKernel kernel, int64_t tile, Room& room) const {
  const RbmKernels& kernels = rbm_kernels();
  const int64_t stride = round_up(n_visible_, kTileUnits);
  switch (kernel) {
    case TimedKernel::hidden_sums:
      return kernels.products.hidden_sums(view_, tile, visible_.view(), room.scratch.data(),
                                          room.sums.data());
    case TimedKernel::visible_sums:
      return kernels.products.visible_sums(view_, tile, hidden_.view(), room.scratch.data(),
                                           room.sums.data());
    case TimedKernel::gradient_sums:
      return kernels.gradient.sums(visible_units_.view(), fixed_.data(), round_up(n_rows_, 4),
                                   {view_.narrow, 0}, room.scratch.data(), room.sums.data());
    case TimedKernel::pair_counts:
      return kernels.gradient.pair_counts(visible_units_.view(), hidden_units_.view(), tile,
                                          Combine::overwrite, room.sums.data());
    case TimedKernel::dense_hidden_sums:
      return kernels.products.dense_hidden_sums(
          view_, tile, {values_.data(), n_rows_, stride, kTileUnits}, room.float_sums.data());
    case TimedKernel::dense_gradient_sums:
      return kernels.gradient.dense_sums({values_.data(), n_rows_, stride, kTileUnits}, n_visible_,
                                         probabilities_.data(), 1.0f, false,
                                         room.float_sums.data());
    case TimedKernel::sample:
    case TimedKernel::sample_and_mean: {
      UnitOutput output{};
      output.sample_words = room.samples.data();
      output.draw_key = make_draw_key(0, Stream::cd, kHiddenLayer, 0);
      output.tile = tile;
      if (kernel == TimedKernel::sample_and_mean) output.means_fixed = room.probabilities.data();
      return kernels.unit(UnitKind::bernoulli)
          .activate({logits_.data(), nullptr, 1.0f / view_.inverse_scale, bias_.data(), n_rows_},
                    output);
    }
  }
}

void KernelRates::run(TimedKernel kernel, int64_t n, const Run& run) {
  while (rooms_.size() < static_cast<std::size_t>(run.n_threads)) rooms_.emplace_back(*this);
  parallel_region(run, [&](Team& team) {
    Room& room = rooms_[team.thread_index()];
    for (int64_t i = 0; i < n && !team.stopped(); ++i)
      team.for_each(n_tiles(kernel), [&](int64_t tile) { one_tile(kernel, tile, room); });
  });
}

double KernelRates::tile_total(TimedKernel kernel, int64_t tile, const Room& room) const {
  switch (kernel) {
    case TimedKernel::hidden_sums:
    case TimedKernel::visible_sums:
      return sum_of(room.sums, n_rows_);
    case TimedKernel::gradient_sums:
    case TimedKernel::pair_counts:
      return sum_of(room.sums, n_visible_);
    case TimedKernel::dense_hidden_sums:
      return sum_of(room.float_sums, n_rows_);
    case TimedKernel::dense_gradient_sums:
      return sum_of(room.float_sums, n_visible_);
    case TimedKernel::sample:
      return static_cast<double>(n_drawn(room.samples, n_rows_, tile));
    case TimedKernel::sample_and_mean:
      return sum_of(room.probabilities, n_rows_);
  }
  return 0.0;
}

double KernelRates::total(TimedKernel kernel) {
  double sum = 0;
  for (int64_t tile = 0; tile < n_tiles(kernel); ++tile) {
    one_tile(kernel, tile, rooms_[0]);
    sum += tile_total(kernel, tile, rooms_[0]);
  }
  return sum;
}

}  // namespace udl
