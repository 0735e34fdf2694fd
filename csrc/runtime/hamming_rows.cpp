#include "runtime/hamming_rows.h"

#include <algorithm>
#include <cstring>

#include "base/view.h"

namespace udl {
namespace {

constexpr int64_t kWordBytes = 8;

/// kWords > 0 fixes the number of words at compile time; 0 takes it from `n_words`. Reads up to 7 bytes behind a row.
template <int kWords>
void widen_inner_rows(const uint8_t* rows, int64_t n_rows, int64_t n_bytes, int64_t n_words, uint64_t* words) {
  const int64_t n = kWords > 0 ? kWords : n_words;
  const uint64_t used = ~uint64_t{0} >> (8 * (kWordBytes * n - n_bytes));
  for (int64_t r = 0; r < n_rows; ++r, rows += n_bytes, words += n) {
    std::memcpy(words, rows, static_cast<std::size_t>(kWordBytes * n));
    words[n - 1] &= used;
  }
}

}  // namespace

void widen_rows(const uint8_t* rows, int64_t n_rows, int64_t n_bytes, const uint8_t* end, uint64_t* words) {
  const int64_t n_words = divide_up(n_bytes, kWordBytes);
  // Rows whose words all lie before `end`.
  const int64_t room = end - rows - kWordBytes * n_words;
  const int64_t n_inner = room < 0 ? 0 : std::min(n_rows, room / n_bytes + 1);
  switch (n_words) {
    case 1: widen_inner_rows<1>(rows, n_inner, n_bytes, n_words, words); break;
    case 2: widen_inner_rows<2>(rows, n_inner, n_bytes, n_words, words); break;
    case 3: widen_inner_rows<3>(rows, n_inner, n_bytes, n_words, words); break;
    case 4: widen_inner_rows<4>(rows, n_inner, n_bytes, n_words, words); break;
    default: widen_inner_rows<0>(rows, n_inner, n_bytes, n_words, words);
  }
  for (int64_t r = n_inner; r < n_rows; ++r) {
    words[(r + 1) * n_words - 1] = 0;
    std::memcpy(words + r * n_words, rows + r * n_bytes, static_cast<std::size_t>(n_bytes));
  }
}

}  // namespace udl
