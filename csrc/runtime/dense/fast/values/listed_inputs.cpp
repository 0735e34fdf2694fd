#include "runtime/dense/fast/values/listed_inputs.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace udl {
namespace {

constexpr int64_t kLookedAtRows = 64;
constexpr double kMostListed = 0.3;  ///< share of inputs that are not 0 from which lists cost more

}  // namespace

bool lists_have_room(int64_t n_units, int64_t max_rows) {
  return (n_units + kTileUnits) * (max_rows + RowLists::kBlockRows) < INT32_MAX;
}

bool lists_pay(const Examples& examples, const Objective& objective) {
  if (objective.corrupts() && objective.corruption == Corruption::gaussian) return false;
  const Rows& rows = examples.rows;
  const int64_t n = std::min(kLookedAtRows, rows.rows());
  std::vector<float> values(n * rows.columns());
  rows.gather_values<float>(examples.order, 0, n, values.data(), rows.columns());
  const auto n_zeros = std::count(values.begin(), values.end(), 0.0f);
  return static_cast<double>(n_zeros) >= (1 - kMostListed) * static_cast<double>(values.size());
}

ListRoom ListRoom::compact(int64_t n_starts, int64_t piece) const {
  const auto for_pieces = [&](auto&& work) {
    for (int64_t first = 0; first < n_starts; first += piece)
      work(first, std::min(first + piece, n_starts));
  };
  int64_t n_entries = 0;
  for_pieces([&](int64_t first, int64_t end) { n_entries += starts[end - 1] - starts[first]; });
  const int64_t n_values = values.size() / at.size();  // of an entry
  ListRoom to(n_entries, n_starts, n_values);
  int64_t entry = 0;
  for_pieces([&](int64_t first, int64_t end) {
    const int64_t from = starts[first], n = starts[end - 1] - from;
    std::copy_n(at.data() + from, n, to.at.data() + entry);
    std::copy_n(values.data() + n_values * from, n_values * n, to.values.data() + n_values * entry);
    for (int64_t i = first; i < end; ++i)
      to.starts[i] = static_cast<int32_t>(starts[i] - from + entry);
    entry += n;
  });
  return to;
}

RowLists RowLists::compact(int64_t n_rows) const {
  RowLists to;
  to.rounds_ = rounds_;
  to.n_listed_ = n_listed_;
  to.n_chunks_ = n_chunks_;
  to.room_ = room_.compact(n_starts(n_rows), n_starts(kBlockRows));
  return to;
}

void ListedInputs::keep(const NetPart& part, bool has_pairs) {
  const int64_t n_panels = divide_up(n_units_, kTileUnits);
  KeptLists kept;
  kept.by_row = by_row(part).compact(part.count);
  if (has_pairs)
    kept.by_pair = by_pair_.compact(PixelLists::pair_starts(n_panels, n_chunks(part.count)),
                                    PixelLists::pair_starts(1, n_chunks(part.count)));
  kept.is_there = true;
  if (part.index >= static_cast<int64_t>(kept_.size())) kept_.resize(part.index + 1);
  kept_[part.index] = std::move(kept);
}

}  // namespace udl
