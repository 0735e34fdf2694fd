#pragma once
#include <cmath>
#include <cstdint>
#include <sstream>

#include "base/error.h"
#include "runtime/data/rows.h"

namespace udl {

/// Words of a row: lengths are floats, which hold every integer up to it.
constexpr double kMostWords = 1 << 24;

/// Words of a row of counts: their sum, in order of columns. Throws where a value is no count, or
/// there are more than kMostWords.
inline double row_length(const Rows& rows, int64_t row) {
  double sum = 0;
  rows.visit_row(row, [&](int64_t column, double value) {
    if (!(value >= 0) || value != std::floor(value)) {
      std::ostringstream text;
      text << "RbmEngine: visible='replicated_softmax' takes counts, integers of at least 0, got "
           << value << " in column " << column;
      throw_invalid(text.str());
    }
    sum += value;
  });
  if (!(sum <= kMostWords)) {
    std::ostringstream text;
    text << "RbmEngine: visible='replicated_softmax' takes rows of at most 16777216 words, got "
         << sum << " in row " << row;
    throw_invalid(text.str());
  }
  return sum;
}

}  // namespace udl
