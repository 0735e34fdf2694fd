#include "runtime/dense/fast/gradient.h"

#include <algorithm>

#include "runtime/dense/fast/optimiser.h"
#include "runtime/dense/fast/parts.h"

namespace udl {
namespace {

/// Values of inputs, or of all hidden layers, that are kept at most: 256 MiB.
constexpr int64_t kMostKept = int64_t{1} << 26;

std::vector<uint32_t> order_of(const Examples& examples) {
  const uint32_t* order = examples.order;
  if (order == nullptr) return {};
  return {order, order + examples.rows.rows()};
}

/// The same with an order that lasts.
Examples with_order(const Examples& examples, const std::vector<uint32_t>& order) {
  return {examples.rows, examples.targets, order.empty() ? nullptr : order.data()};
}

/// All parts, or none. They come twice in a call that needs means first, and in every call with a
/// workspace.
int64_t n_kept(const NetShape& shape, const GradientCall& call) {
  if (call.workspace == nullptr && !call.objective.has_sparsity()) return 0;
  int64_t n_hidden = 0;
  for (int l = 0; l < shape.last_layer(); ++l) n_hidden += shape.n_outputs(l);
  const int64_t n = n_parts(call.examples.rows.rows());
  return n * kPartRows <= kMostKept / std::max(shape.n_inputs(), n_hidden) ? n : 0;
}

}  // namespace

FastGradient::FastGradient(const FastState& net, const GradientCall& call, int n_threads)
    : net_(net),
      objective_(call.objective),
      seed_(call.seed),
      step_(call.step),
      draws_(call.seed, call.step),
      order_(order_of(call.examples)),
      examples_(with_order(call.examples, order_)),
      n_rows_(call.examples.rows.rows()),
      n_threads_(n_threads),
      stages_(net, examples_, objective_, draws_, std::min(kPartRows, n_rows_), n_threads,
              n_kept(net.shape, call)),
      sum_(zero_fast_layers(net.shape)) {}

bool FastGradient::serves(const FastState& net, const GradientCall& call, int n_threads) const {
  const Examples& examples = call.examples;
  return &net == &net_ && &examples.rows == &examples_.rows &&
         examples.targets == examples_.targets && order_of(examples) == order_ &&
         examples.rows.rows() == n_rows_ && call.objective == objective_ && call.seed == seed_ &&
         call.step == step_ && n_threads == n_threads_;
}

void FastGradient::forward(Team& team, const NetPart& part) {
  stages_.fetch(team, part);
  stages_.forward(team, part);
  stages_.keep_inputs(team, part);
}

/// Means over all rows have to be known before the gradient of the first.
void FastGradient::find_sparsity(Team& team) {
  if (team.thread_index() == 0) stages_.clear_means();
  team.barrier();
  for (int64_t i = 0; i < n_parts(n_rows_) && !team.stopped(); ++i) {
    const NetPart part = part_of(n_rows_, i);
    forward(team, part);
    if (n_parts(n_rows_) > 1) stages_.keep_outputs(team, part);
    stages_.add_means(team, part);
  }
  stages_.find_terms(team, n_rows_, 1.0f / static_cast<float>(n_rows_));
}

double FastGradient::evaluate(double* flat, const Run& run) {
  for (FastLayer& layer : sum_) layer.zero();
  const GradientUse use{accumulating_step(), nullptr, &sum_, nullptr};
  const bool is_sparse = objective_.has_sparsity();
  double loss = 0;
  parallel_region(run, [&](Team& team) {
    if (is_sparse) find_sparsity(team);
    for (int64_t i = 0; i < n_parts(n_rows_) && !team.stopped(); ++i) {
      const NetPart part = part_of(n_rows_, i);
      const bool is_there =
          is_sparse && (n_parts(n_rows_) == 1 || stages_.recall_outputs(team, part));
      if (!is_there) forward(team, part);
      const double of_part = stages_.loss(team, part, 1.0f / static_cast<float>(n_rows_));
      if (team.thread_index() == 0) loss += of_part;
      stages_.backward(team, part, use, NetPart{});
    }
  });
  if (run.stopped()) return 0;
  copy_gradient(net_, sum_, objective_, flat);
  return loss / static_cast<double>(n_rows_) + weight_penalties(net_, objective_) +
         stages_.divergence();
}

}  // namespace udl
