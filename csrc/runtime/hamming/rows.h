#pragma once
// Codes as the rows of 64-bit words that kernels read. Codes of whole words are read where they
// lie; others, which are stored without padding, are widened piece by piece.
#include <cstdint>

#include "runtime/hamming/codes.h"
#include "runtime/memory/buffer.h"

namespace udl {

/// Rows of n_bytes bytes to rows of whole words; bytes beyond n_bytes become zero. `end`: of the
/// memory that may be read.
void widen_rows(const uint8_t* rows, int64_t n_rows, int64_t n_bytes, const uint8_t* end,
                uint64_t* words);

/// One thread's view of the codes.
class HammingRows {
 public:
  /// most_rows: of one call of `words`.
  HammingRows(const HammingCodes& codes, int64_t most_rows) : codes_(&codes) {
    if (!codes.in_words()) widened_.resize(most_rows * codes.n_words);
  }

  /// Rows first .. first + n - 1; they stay until the next call.
  const uint64_t* words(int64_t first, int64_t n) {
    const uint8_t* rows = codes_->bytes + first * codes_->n_bytes;
    if (codes_->in_words()) return reinterpret_cast<const uint64_t*>(rows);
    widen_rows(rows, n, codes_->n_bytes, codes_->bytes + codes_->n_codes * codes_->n_bytes,
               widened_.data());
    return widened_.data();
  }

 private:
  const HammingCodes* codes_;
  Buffer<uint64_t> widened_;
};

}  // namespace udl
