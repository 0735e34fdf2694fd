// Sparse rows: checked, put in order, and held in the form that takes the fewest bytes.
#include <algorithm>
#include <vector>

#include "base/error.h"
#include "runtime/data/rows.h"
#include "runtime/threads/parallel.h"

namespace udl {
namespace {

struct Entry {
  int32_t column;
  double value;
};

/// Columns ascend and none comes twice. Values of one column are added in the order they came in.
void put_in_order(std::vector<Entry>& row) {
  std::stable_sort(row.begin(), row.end(),
                   [](const Entry& a, const Entry& b) { return a.column < b.column; });
  std::size_t n = 0;
  for (std::size_t i = 1; i < row.size(); ++i) {
    if (row[i].column == row[n].column)
      row[n].value += row[i].value;
    else
      row[++n] = row[i];
  }
  row.resize(n + 1);
}

/// Reads one row at a time as its entries are kept.
template <class Index, class Value>
class CsrReader {
 public:
  CsrReader(const CsrView<Index, Value>& x, int64_t columns, std::optional<double> threshold)
      : x_(x), n_columns_(columns), threshold_(threshold) {}

  /// Entries of a row until the next is read. Throws if an index is out of range.
  const std::vector<Entry>& read(int64_t row) {
    const int64_t first = x_.row_starts[row], count = x_.row_starts[row + 1] - first;
    entries_.resize(count);
    bool in_order = true, has_zeros = false;
    int32_t last = -1;
    for (int64_t at = 0; at < count; ++at) {
      const int32_t column = checked_column(row, x_.columns[first + at]);
      const double value = kept(static_cast<double>(x_.values[first + at]));
      in_order = in_order && last < column;
      has_zeros = has_zeros || value == 0;
      entries_[at] = {column, value};
      last = column;
    }
    if (in_order && !has_zeros) return entries_;
    tidy(in_order, first);
    return entries_;
  }

 private:
  int32_t checked_column(int64_t row, int64_t column) const {
    if (column < 0 || column >= n_columns_)
      throw_invalid("Rows.from_csr: row " + std::to_string(row) + " has column index " +
                    std::to_string(column) + ", expected 0 to " + std::to_string(n_columns_ - 1));
    return static_cast<int32_t>(column);
  }

  double kept(double value) const {
    if (!threshold_) return value;
    return value > *threshold_ ? 1.0 : 0.0;
  }

  /// The row that lies from `first` on, in order and without zeros. Values of one column are added
  /// before the threshold.
  void tidy(bool in_order, int64_t first) {
    if (!in_order) {
      for (std::size_t at = 0; at < entries_.size(); ++at)
        entries_[at].value = static_cast<double>(x_.values[first + static_cast<int64_t>(at)]);
      put_in_order(entries_);
      for (Entry& entry : entries_) entry.value = kept(entry.value);
    }
    entries_.erase(std::remove_if(entries_.begin(), entries_.end(),
                                  [](const Entry& entry) { return entry.value == 0; }),
                   entries_.end());
  }

  const CsrView<Index, Value>& x_;
  int64_t n_columns_;
  std::optional<double> threshold_;
  std::vector<Entry> entries_;
};

struct Contents {
  int64_t n_entries = 0;
  bool binary = true;

  void add(const std::vector<Entry>& row) {
    n_entries += static_cast<int64_t>(row.size());
    for (const Entry& entry : row) binary = binary && entry.value == 1;
  }
};

int64_t bytes_as_bits(int64_t rows, int64_t columns) {
  return rows * divide_up(columns, kWordBits) * static_cast<int64_t>(sizeof(uint64_t));
}

int64_t bytes_as_lists(int64_t rows, int64_t ones) {
  return (rows + 1) * static_cast<int64_t>(sizeof(int64_t)) +
         ones * static_cast<int64_t>(sizeof(int32_t));
}

/// Rows that one thread reads one after the other.
constexpr int64_t kBlockRows = 512;

/// Calls use(block, row, entries) for all rows; those of a block come in order.
template <class Reader, class Function>
void for_each_row(const Reader& reader, int64_t rows, const Run& run, Function&& use) {
  parallel_region(run, [&](Team& team) {
    Reader own(reader);
    team.for_each(divide_up(rows, kBlockRows), [&](int64_t block) {
      const int64_t end = std::min(rows, (block + 1) * kBlockRows);
      for (int64_t r = block * kBlockRows; r < end && !team.check_stop(); ++r)
        use(block, r, own.read(r));
    });
  });
}

/// What each block of rows holds.
template <class Reader>
std::vector<Contents> contents_of(const Reader& reader, int64_t rows, const Run& run) {
  std::vector<Contents> blocks(divide_up(rows, kBlockRows));
  for_each_row(reader, rows, run, [&](int64_t block, int64_t, const std::vector<Entry>& row) {
    blocks[block].add(row);
  });
  return blocks;
}

Contents sum_of(const std::vector<Contents>& blocks) {
  Contents sum;
  for (const Contents& block : blocks) {
    sum.n_entries += block.n_entries;
    sum.binary = sum.binary && block.binary;
  }
  return sum;
}

/// Where the entries of each block begin, and the end of the last.
std::vector<int64_t> starts_of(const std::vector<Contents>& blocks) {
  std::vector<int64_t> starts{0};
  for (const Contents& block : blocks) starts.push_back(starts.back() + block.n_entries);
  return starts;
}

/// Throws where the caller's arrays were changed since their contents were counted.
template <class Reader>
CsrRows copy_of(const Reader& reader, int64_t rows, const std::vector<Contents>& blocks,
                const Run& run) {
  const Contents all = sum_of(blocks);
  const std::vector<int64_t> starts = starts_of(blocks);
  std::vector<int64_t> ends(starts);
  CsrRows out;
  out.row_starts.resize(rows + 1);
  out.columns.resize(all.n_entries);
  out.values.resize(all.binary ? 0 : all.n_entries);
  const auto copy = [&](int64_t block, int64_t r, const std::vector<Entry>& row) {
    int64_t end = ends[block];
    const int64_t row_end = end + static_cast<int64_t>(row.size());
    const bool is_last = r + 1 == std::min(rows, (block + 1) * kBlockRows);
    if (row_end > starts[block + 1] || (is_last && row_end < starts[block + 1]))
      throw_invalid("Rows.from_csr: the arrays were changed while they were read");
    for (const Entry& entry : row) {
      out.columns[end] = entry.column;
      if (!all.binary) out.values[end] = entry.value;
      ++end;
    }
    ends[block] = end;
    out.row_starts[r + 1] = end;
  };
  for_each_row(reader, rows, run, copy);
  return out;
}

}  // namespace

template <class Index, class Value>
Rows Rows::csr(const CsrView<Index, Value>& x, int64_t rows, int64_t columns,
               std::optional<double> threshold, const Run& run) {
  const CsrReader<Index, Value> reader(x, columns, threshold);
  const std::vector<Contents> blocks = contents_of(reader, rows, run);
  const Contents all = sum_of(blocks);
  if (all.binary && bytes_as_bits(rows, columns) <= bytes_as_lists(rows, all.n_entries)) {
    Rows out = zero_bits(rows, columns);
    for_each_row(reader, rows, run, [&](int64_t, int64_t r, const std::vector<Entry>& row) {
      for (const Entry& entry : row) set_bit(out.bits_row(r), entry.column);
    });
    return out;
  }
  Rows out;
  out.kind_ = all.binary ? Kind::listed_bits : Kind::csr;
  out.rows_ = rows;
  out.columns_ = columns;
  out.csr_ = copy_of(reader, rows, blocks, run);
  return out;
}

#define UDL_INSTANTIATE_CSR(Value)                                                          \
  template Rows Rows::csr<int32_t, Value>(const CsrView<int32_t, Value>&, int64_t, int64_t, \
                                          std::optional<double>, const Run&);               \
  template Rows Rows::csr<int64_t, Value>(const CsrView<int64_t, Value>&, int64_t, int64_t, \
                                          std::optional<double>, const Run&);
UDL_INSTANTIATE_CSR(float)
UDL_INSTANTIATE_CSR(double)
UDL_INSTANTIATE_CSR(uint8_t)
UDL_INSTANTIATE_CSR(TruthByte)
#undef UDL_INSTANTIATE_CSR

}  // namespace udl
