#include "runtime/hamming/rows.h"

#include <algorithm>
#include <cstring>

namespace udl {
namespace {

constexpr int64_t kWordBytes = 8;

/// Reads whole words: bytes behind the rows too.
template <int kWords>
void widen_inner_rows(const uint8_t* rows, int64_t n_rows, int64_t n_bytes, uint64_t* words) {
  uint64_t used[kWords] = {};
  std::memset(used, 0xFF, static_cast<std::size_t>(n_bytes));
  for (int64_t r = 0; r < n_rows; ++r, rows += n_bytes, words += kWords) {
    for (int64_t w = 0; w < kWords; ++w) {
      uint64_t word;
      std::memcpy(&word, rows + kWordBytes * w, sizeof word);
      words[w] = word & used[w];
    }
  }
}

/// Reads the rows alone.
void widen_outer_rows(const uint8_t* rows, int64_t n_rows, int64_t n_bytes, int64_t n_words,
                      uint64_t* words) {
  for (int64_t r = 0; r < n_rows; ++r) {
    std::memset(words + r * n_words, 0, static_cast<std::size_t>(kWordBytes * n_words));
    std::memcpy(words + r * n_words, rows + r * n_bytes, static_cast<std::size_t>(n_bytes));
  }
}

}  // namespace

void widen_rows(const uint8_t* rows, int64_t n_rows, int64_t n_bytes, const uint8_t* end,
                uint64_t* words) {
  const int64_t n_words = hamming_row_words(n_bytes);
  // Rows whose words all lie before `end`.
  const int64_t room = end - rows - kWordBytes * n_words;
  int64_t n_inner = room < 0 ? 0 : std::min(n_rows, room / n_bytes + 1);
  switch (n_words) {
    case 1:
      widen_inner_rows<1>(rows, n_inner, n_bytes, words);
      break;
    case 2:
      widen_inner_rows<2>(rows, n_inner, n_bytes, words);
      break;
    case 4:
      widen_inner_rows<4>(rows, n_inner, n_bytes, words);
      break;
    default:
      n_inner = 0;
  }
  widen_outer_rows(rows + n_inner * n_bytes, n_rows - n_inner, n_bytes, n_words,
                   words + n_inner * n_words);
}

}  // namespace udl
