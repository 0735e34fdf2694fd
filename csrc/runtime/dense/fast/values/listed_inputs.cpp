#include "runtime/dense/fast/values/listed_inputs.h"

#include <algorithm>
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

}  // namespace udl
