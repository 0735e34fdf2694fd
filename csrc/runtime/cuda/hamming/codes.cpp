#include "runtime/cuda/hamming/codes.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/view.h"
#include "kernels/cuda/hamming/arrays.h"
#include "kernels/cuda/hamming/codes.h"
#include "kernels/cuda/hamming/filter.h"

namespace udl::cuda {
namespace {

constexpr int64_t kStagedBytes = 1 << 23;  // rows that are widened before they are copied

/// Of the host.
void upload_rows(Driver& driver, const uint8_t* rows, int64_t n, int64_t n_bytes, int32_t row_words,
                 uint32_t* to) {
  if (n_bytes == 4 * int64_t{row_words}) {
    if (n > 0) driver.copy_to_device(to, rows, static_cast<std::size_t>(n * n_bytes));
    return;
  }
  const int64_t step = std::max<int64_t>(1, kStagedBytes / (4 * int64_t{row_words}));
  std::vector<uint32_t> staged(static_cast<std::size_t>(std::min(n, step) * row_words));
  for (int64_t first = 0; first < n; first += step) {
    const int64_t count = std::min(step, n - first);
    for (int64_t r = 0; r < count; ++r)
      std::memcpy(staged.data() + r * row_words, rows + (first + r) * n_bytes,
                  static_cast<std::size_t>(n_bytes));
    driver.copy_to_device(to + first * row_words, staged.data(),
                          static_cast<std::size_t>(count * row_words * 4));
  }
}

}  // namespace

void take_rows(Driver& driver, const HammingRows& rows, int64_t n, int64_t n_bytes,
               int32_t row_words, uint32_t* to, const int64_t* numbers) {
  if (!rows.on_device) return upload_rows(driver, rows.rows, n, n_bytes, row_words, to);
  if (n > 0)
    driver.launch(kHammingTakeRows, threads_for(n * row_words),
                  HammingTakeRows{to, rows.rows, rows.row_stride, rows.byte_stride, numbers, n,
                                  static_cast<int32_t>(n_bytes), row_words});
}

HammingCodeStore::HammingCodeStore(Driver& driver, int32_t n_bits)
    : driver_(driver),
      n_bits_(n_bits),
      row_words_(hamming_device_words(n_bits / 8)),
      has_filter_(hamming_filter_serves(row_words_, driver.facts().capability)),
      words_(driver),
      half_ones_(driver) {}

void HammingCodeStore::reserve(int64_t n_codes) {
  if (n_codes > kHammingMostCodes)
    throw_invalid("a device holds at most " + std::to_string(kHammingMostCodes) + " codes, got " +
                  std::to_string(n_codes));
  const int64_t room = words_.size() / row_words_;
  if (n_codes <= room) return;
  const auto grow = [&](int64_t n) {
    if (has_filter_) n = round_up(n, kHammingTile);
    DeviceBuffer<uint32_t> words(driver_, n * row_words_);
    DeviceBuffer<uint8_t> half_ones(driver_, has_filter_ ? n : 0);
    const int64_t held = has_filter_ ? round_up(n_codes_, kHammingTile) : n_codes_;
    driver_.copy_on_device(words.data(), words_.data(),
                           static_cast<std::size_t>(held * row_words_ * 4));
    if (has_filter_)
      driver_.copy_on_device(half_ones.data(), half_ones_.data(), static_cast<std::size_t>(held));
    words_ = std::move(words);
    half_ones_ = std::move(half_ones);
  };
  const int64_t half_as_much_again = room + room / 2;
  try {
    grow(std::max(n_codes, half_as_much_again));
  } catch (const std::bad_alloc&) {
    if (n_codes >= half_as_much_again) throw;
    grow(n_codes);
  }
}

void HammingCodeStore::append(const HammingRows& rows, int64_t n) {
  reserve(n_codes_ + n);
  take_rows(driver_, rows, n, n_bytes(), row_words_, words_.data() + n_codes_ * row_words_);
  if (has_filter_ && n > 0) pad_for_filter(n_codes_ + n);
  n_codes_ += n;
}

/// Codes up to `end` are there; the last tile is filled up with zeros.
void HammingCodeStore::pad_for_filter(int64_t end) {
  const int64_t padded = round_up(end, kHammingTile);
  driver_.fill(words_.data() + end * row_words_, 0,
               static_cast<std::size_t>((padded - end) * row_words_ * 4));
  const int64_t n_blocks = divide_up(padded - n_codes_, kHammingThreads);
  driver_.launch(kHammingHalfOnes,
                 {{static_cast<uint32_t>(n_blocks)}, {static_cast<uint32_t>(kHammingThreads)}},
                 HammingHalfOnes{words_.data(), half_ones_.data(), static_cast<int32_t>(n_codes_),
                                 static_cast<int32_t>(padded)});
}

}  // namespace udl::cuda
