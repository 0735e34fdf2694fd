// What stages work with, and the rows that they begin with.
#include "runtime/dense/fast/stages/stages.h"

#include <algorithm>
#include <utility>

#include "runtime/dense/fast/stages/row_blocks.h"

namespace udl {
namespace {

/// What adds up to the gradient of each layer's own weights.
std::vector<std::vector<GradientTerm>> gradient_terms(const NetShape& shape, const NetRooms& rooms,
                                                      const InputRoom& input) {
  std::vector<std::vector<GradientTerm>> terms(shape.n_layers());
  for (int l = 0; l < shape.n_layers(); ++l) {
    const ConstUnitPanels seen = rooms.seen(input, l), errors = rooms.layers[l].errors.view();
    terms[shape.owner(l)].push_back(shape.is_tied(l) ? GradientTerm{errors, seen}
                                                     : GradientTerm{seen, errors});
  }
  return terms;
}

std::vector<std::vector<PairTerm>> gradient_pairs(const NetShape& shape, const NetRooms& rooms,
                                                  const InputRoom& input) {
  std::vector<std::vector<PairTerm>> terms(shape.n_layers());
  for (int l = 0; l < shape.n_layers(); ++l) {
    const PairPanels seen = rooms.seen_pairs(input, l), errors = rooms.layers[l].error_pairs.view();
    terms[shape.owner(l)].push_back(shape.is_tied(l) ? PairTerm{errors, seen}
                                                     : PairTerm{seen, errors});
  }
  return terms;
}

constexpr int64_t kFewestInputs = 2;  ///< what is learned from, and what is fetched meanwhile

/// Empty where whole products cost less.
ListedInputs listed_inputs(const FastState& net, const Examples& examples,
                           const Objective& objective, int64_t max_rows) {
  const int64_t n_inputs = net.shape.n_inputs();
  if (!lists_have_room(n_inputs, max_rows) || !lists_pay(examples, objective)) return {};
  return {n_inputs, max_rows, net.bfloat16};
}

}  // namespace

FastStages::FastStages(const FastState& net, const Examples& examples, const Objective& objective,
                       const NetDraws& draws, int64_t max_rows, int n_threads, int64_t n_kept)
    : net_(net),
      examples_(examples),
      objective_(objective),
      noise_(objective, draws, examples.order),
      kernels_(kernels_for(net)),
      n_kept_(n_kept),
      lists_(listed_inputs(net, examples, objective, max_rows)),
      rooms_(net.shape, objective, max_rows,
             lists_.are_used() ? std::max(n_kept, kFewestInputs) : kFewestInputs,
             examples.targets != nullptr || objective.corrupts(), net.bfloat16),
      scratch_(n_threads) {
  const NetShape& shape = net.shape;
  for (InputRoom& input : rooms_.inputs) {
    terms_.push_back(gradient_terms(shape, rooms_, input));
    if (!net.bfloat16) continue;
    if (!lists_serve_learning()) input.pairs = PairMatrix(max_rows, shape.n_inputs());
    pair_terms_.push_back(gradient_pairs(shape, rooms_, input));
  }
  for (Scratch& scratch : scratch_) {
    scratch.strip.resize(kStripScratch);
    scratch.rows.resize(kBlockRows * std::max(shape.n_inputs(), shape.n_outputs()));
  }
  losses_.resize(ProductTasks(shape.n_outputs(), max_rows).count());
  for (LayerRoom& room : rooms_.layers) {
    const ProductTasks tasks(room.errors.n_units(), max_rows);
    room.error_sums.resize(tasks.n_stretches() * room.errors.n_panels() * kTileUnits);
  }
}

void FastStages::fetch(Team& team, const NetPart& part) {
  if (lists_.is_kept(part)) return;
  team.for_each(n_blocks(part),
                [&](int64_t block) { fetch_block(part, block, scratch_[team.thread_index()]); });
}

/// Targets are taken before the inputs are corrupted.
void FastStages::fetch_block(const NetPart& part, int64_t block, Scratch& scratch) {
  const int64_t first = block * kBlockRows, n = std::min(kBlockRows, part.count - first);
  const int64_t n_in = net_.shape.n_inputs(), n_out = net_.shape.n_outputs();
  InputRoom& room = rooms_.input(part.index);
  float* rows = scratch.rows.data();
  if (examples_.targets != nullptr) {
    examples_.targets->gather_values<float>(examples_.order, part.first + first, n, rows, n_out);
    room.own_targets.set_rows(first, n, rows, n_out);
  }
  examples_.rows.gather_values<float>(examples_.order, part.first + first, n, rows, n_in);
  if (objective_.corrupts()) {
    if (examples_.targets == nullptr) room.own_targets.set_rows(first, n, rows, n_in);
    noise_.corrupt(part, first, n, rows, n_in);
  }
  room.inputs.set_rows(first, n, rows, n_in);
  const ConstUnitPanels inputs = std::as_const(room.inputs).view();
  room.pairs.pack(kernels_, inputs, all_panels(room.inputs, first, n));
  if (!lists_.are_used()) return;
  if (net_.bfloat16)
    lists_.by_row(part).list_rows(kernels_, {rows, n_in, n_in, nullptr}, n, block);
  else
    lists_.by_row(part).list_block(kernels_, inputs, part.count, block);
}

}  // namespace udl
