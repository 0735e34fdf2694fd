#include "runtime/rbm/steps/products/bit_product.h"

#include <algorithm>
#include <new>

#include "runtime/dispatch/target.h"

namespace udl {
namespace {

// Clocks for 16 lanes, measured with AVX2 (docs/kernels.md); only their proportions matter, and
// AVX-512 keeps them.
constexpr double kTableStep = 1.2;  ///< one look-up: a row and a group of four columns
constexpr double kTableBuild = 32;  ///< the table of a group
constexpr double kKeptBuild = 20;   ///< the same of integers that are kept
constexpr double kListRow = 2.5;    ///< an integer row written
constexpr double kListStep = 1.2;   ///< one addition
constexpr double kListEnd = 18;  ///< a loop over the lists of a group, whose end was not foreseen
constexpr double kListMake = 2;  ///< one entry of a list, once for all tiles
constexpr double kListMakeWord = 12;  ///< one word turned into entries
constexpr int64_t kMaxListEntries =
    int64_t{1} << 28;  ///< half a gigabyte a thread; starts of lists have 32 bits

double table_clocks(const BitMatrixView& bits, bool kept) {
  const auto groups = static_cast<double>(divide_up(bits.columns, 4)),
             rows = static_cast<double>(round_up(bits.rows, 4));
  return groups * ((kept ? kKeptBuild : kTableBuild) + rows * kTableStep);
}

double list_clocks(const BitMatrixView& bits, double entries, int64_t n_tiles, bool kept) {
  const auto columns = static_cast<double>(bits.columns), rows = static_cast<double>(bits.rows);
  const double make =
      entries * kListMake + rows * static_cast<double>(bits.word_columns()) * kListMakeWord;
  const auto ends =
      static_cast<double>(divide_up(bits.rows, kListRows) * divide_up(bits.columns, kListColumns));
  return columns * (kept ? 0 : kListRow) + ends * kListEnd + entries * kListStep +
         make / static_cast<double>(std::max<int64_t>(n_tiles, 1));
}

}  // namespace

BitProduct::BitProduct(int32_t* tables) : kernels_(rbm_kernels()), tables_(tables) {}

int64_t BitProduct::entries_of_faster_lists(const BitMatrixView& bits, int64_t n_tiles,
                                            bool kept) const {
  const double tables = table_clocks(bits, kept);
  // Where not even empty lists would be faster there is nothing to count.
  if (list_clocks(bits, 0, n_tiles, kept) > tables) return -1;
  const int64_t entries = kernels_.lists.count_entries(bits);
  return entries <= kMaxListEntries &&
                 list_clocks(bits, static_cast<double>(entries), n_tiles, kept) < tables
             ? entries
             : -1;
}

void BitProduct::prepare(const BitMatrixView& bits, int64_t n_tiles, bool kept) noexcept {
  prepare_tables(bits);
  const int64_t entries = entries_of_faster_lists(bits, n_tiles, kept);
  if (entries < 0) return;
  try {
    make_lists(bits, entries);
  } catch (const std::bad_alloc&) {
    prepare_tables(bits);
  }
}

void BitProduct::prepare_tables(const BitMatrixView& bits) noexcept {
  bits_ = bits;
  by_lists_ = false;
}

void BitProduct::prepare_lists(const BitMatrixView& bits) {
  make_lists(bits, kernels_.lists.count_entries(bits));
}

void BitProduct::make_lists(const BitMatrixView& bits, int64_t entries) {
  // Grown by half as much again, since the next minibatch has a few more or less.
  const auto needed = static_cast<std::size_t>(entries + kWordBits);
  if (columns_on_.size() < needed) columns_on_.resize(needed + needed / 2);
  starts_.resize(divide_up(bits.columns, kListColumns) * divide_up(bits.rows, kListRows) + 1);
  integer_rows_.reserve(kListScratch);
  kernels_.lists.list_active(bits, columns_on_.data(), starts_.data());
  bits_ = bits;
  by_lists_ = true;
}

void BitProduct::hidden_sums(const WeightPanelsView& weights, int64_t tile, int32_t* sums,
                             const int32_t* integers) {
  if (by_lists_ && integers != nullptr)
    return kernels_.lists.integer_sums({integers, nullptr}, lists(), sums);
  if (by_lists_)
    return kernels_.lists.hidden_sums(weights, tile, lists(), integer_rows_.data(), sums);
  kernels_.products.hidden_sums(weights, tile, bits_, tables_, sums);
}

void BitProduct::visible_sums(const WeightPanelsView& weights, int64_t tile, int32_t* sums) {
  if (by_lists_)
    return kernels_.lists.visible_sums(weights, tile, lists(), integer_rows_.data(), sums);
  kernels_.products.visible_sums(weights, tile, bits_, tables_, sums);
}

void BitProduct::integer_sums(const IntegerPanelView& integers, int32_t* sums) {
  if (by_lists_) return kernels_.lists.integer_sums(integers, lists(), sums);
  kernels_.products.integer_sums(integers, bits_, tables_, sums);
}

}  // namespace udl
