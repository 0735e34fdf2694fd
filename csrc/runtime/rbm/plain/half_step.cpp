#include "runtime/rbm/plain/half_step.h"

#include <cmath>

#include "runtime/threads/parallel.h"

namespace udl {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// How weights lead from the units of one layer to those of the other.
struct Direction {
  const PlainMatrix& bias;
  int64_t n_from, n_to;
  int64_t from_stride, to_stride;  ///< in the weights, between units
};

PlainMatrix means(const PlainMatrix& weights, const Direction& way, const PlainMatrix& from,
                  int64_t rows, const Run& run) {
  PlainMatrix out(rows * way.n_to);
  parallel_for(run, rows, [&](int64_t r) {
    for (int64_t j = 0; j < way.n_to; ++j) {
      double x = way.bias[j];
      for (int64_t i = 0; i < way.n_from; ++i)
        x += from[r * way.n_from + i] * weights[j * way.to_stride + i * way.from_stride];
      out[r * way.n_to + j] = sigmoid(x);
    }
  });
  return out;
}

}  // namespace

PlainMatrix plain_rows(const Rows& rows, const Run& run) {
  PlainMatrix out(rows.rows() * rows.columns());
  parallel_for(run, rows.rows(), [&](int64_t r) {
    rows.gather_values<double>(nullptr, r, 1, out.data() + r * rows.columns(), rows.columns());
  });
  return out;
}

Rows bits_of(const PlainMatrix& states, int64_t rows, int64_t n_units, const Run& run) {
  Rows out = Rows::zero_bits(rows, n_units);
  parallel_for(run, rows, [&](int64_t r) {
    for (int64_t j = 0; j < n_units; ++j)
      if (states[r * n_units + j] != 0)
        out.bits_row(r)[j / kWordBits] |= uint64_t{1} << (j % kWordBits);
  });
  return out;
}

PlainMatrix hidden_means(const PlainState& model, const PlainMatrix& visible, int64_t rows,
                         const Run& run) {
  const Direction up{model.hidden_bias, model.n_visible, model.n_hidden, 1, model.n_visible};
  return means(model.weights, up, visible, rows, run);
}

PlainMatrix visible_means(const PlainState& model, const PlainMatrix& hidden, int64_t rows,
                          const Run& run) {
  const Direction down{model.visible_bias, model.n_hidden, model.n_visible, model.n_visible, 1};
  return means(model.weights, down, hidden, rows, run);
}

void draw_states(PlainMatrix& means, int64_t rows, const DrawKey& draws, uint32_t first_chain,
                 const Run& run) {
  if (rows == 0) return;
  const int64_t n_units = static_cast<int64_t>(means.size()) / rows;
  parallel_for(run, rows, [&](int64_t r) {
    const uint32_t chain = first_chain + static_cast<uint32_t>(r);
    for (int64_t j = 0; j < n_units; ++j) {
      const auto u =
          static_cast<double>(uniform_from_bits(draw_bits(draws, chain, static_cast<uint32_t>(j))));
      means[r * n_units + j] = u < means[r * n_units + j];
    }
  });
}

}  // namespace udl
