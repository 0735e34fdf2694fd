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
    entries_.clear();
    bool in_order = true;
    for (int64_t at = x_.row_starts[row]; at < x_.row_starts[row + 1]; ++at) {
      const int32_t column = checked_column(row, x_.columns[at]);
      in_order = in_order && (entries_.empty() || entries_.back().column < column);
      entries_.push_back({column, static_cast<double>(x_.values[at])});
    }
    if (!in_order) put_in_order(entries_);
    if (threshold_)
      for (Entry& entry : entries_) entry.value = entry.value > *threshold_ ? 1.0 : 0.0;
    entries_.erase(std::remove_if(entries_.begin(), entries_.end(),
                                  [](const Entry& entry) { return entry.value == 0; }),
                   entries_.end());
    return entries_;
  }

 private:
  int32_t checked_column(int64_t row, int64_t column) const {
    if (column < 0 || column >= n_columns_)
      throw_invalid("Rows.from_csr: row " + std::to_string(row) + " has column index " +
                    std::to_string(column) + ", expected 0 to " + std::to_string(n_columns_ - 1));
    return static_cast<int32_t>(column);
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

/// Calls use(row, entries) for all rows in order.
template <class Reader, class Function>
void for_each_row(Reader& reader, int64_t rows, const Run& run, Function&& use) {
  parallel_for(run.with_threads(1), rows, [&](int64_t r) { use(r, reader.read(r)); });
}

/// Throws where the caller's arrays were changed since their contents were counted.
template <class Reader>
CsrRows copy_of(Reader& reader, int64_t rows, const Contents& contents, const Run& run) {
  CsrRows out;
  out.row_starts.resize(rows + 1);
  out.columns.resize(contents.n_entries);
  out.values.resize(contents.binary ? 0 : contents.n_entries);
  int64_t end = 0;
  for_each_row(reader, rows, run, [&](int64_t r, const std::vector<Entry>& row) {
    if (end + static_cast<int64_t>(row.size()) > contents.n_entries)
      throw_invalid("Rows.from_csr: the arrays were changed while they were read");
    for (const Entry& entry : row) {
      out.columns[end] = entry.column;
      if (!contents.binary) out.values[end] = entry.value;
      ++end;
    }
    out.row_starts[r + 1] = end;
  });
  return out;
}

}  // namespace

template <class Index, class Value>
Rows Rows::csr(const CsrView<Index, Value>& x, int64_t rows, int64_t columns,
               std::optional<double> threshold, const Run& run) {
  CsrReader<Index, Value> reader(x, columns, threshold);
  Contents contents;
  for_each_row(reader, rows, run,
               [&](int64_t, const std::vector<Entry>& row) { contents.add(row); });
  if (contents.binary && bytes_as_bits(rows, columns) <= bytes_as_lists(rows, contents.n_entries)) {
    Rows out = zero_bits(rows, columns);
    for_each_row(reader, rows, run, [&](int64_t r, const std::vector<Entry>& row) {
      for (const Entry& entry : row) set_bit(out.bits_row(r), entry.column);
    });
    return out;
  }
  Rows out;
  out.kind_ = contents.binary ? Kind::listed_bits : Kind::csr;
  out.rows_ = rows;
  out.columns_ = columns;
  out.csr_ = copy_of(reader, rows, contents, run);
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
