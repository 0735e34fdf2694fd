#pragma once
// Packed codes in the memory of a device.
#include <cstdint>

#include "kernels/cuda/hamming_filter.h"
#include "runtime/cuda/buffer.h"

namespace udl::cuda {

/// Rows of codes as kernels read them, in the order in which they came. Codes can only be added:
/// whoever removes some begins anew.
class HammingCodeStore {
 public:
  HammingCodeStore(Driver& driver, int32_t n_bits);

  /// Makes room for so many codes. It grows by half at least, so that adding costs O(1) a code, or
  /// by as much as is needed where memory is short. Unchanged if it throws.
  void reserve(int64_t n_codes);
  /// Adds n rows of n_bits / 8 bytes; makes room as `reserve` does.
  void append(const uint8_t* rows, int64_t n);

  int64_t n_codes() const { return n_codes_; }
  int32_t n_bits() const { return n_bits_; }
  int64_t n_bytes() const { return n_bits_ / 8; }  ///< of a row as callers know it
  int32_t row_words() const { return row_words_; }
  const uint32_t* row(int64_t position) const { return words_.data() + position * row_words_; }
  int64_t device_bytes() const { return words_.size() * 4 + half_ones_.size(); }

  /// Whether the filter of many queries serves these codes on this device.
  bool has_filter() const { return has_filter_; }
  /// For the filter: of each code, and zeros up to a whole tile.
  const uint8_t* half_ones() const { return half_ones_.data(); }

 private:
  void pad_for_filter(int64_t end);

  Driver& driver_;
  int32_t n_bits_;
  int32_t row_words_;
  bool has_filter_;
  int64_t n_codes_ = 0;
  DeviceBuffer<uint32_t> words_;
  DeviceBuffer<uint8_t> half_ones_;
};

/// Copies n rows of n_bytes bytes to the device as rows of row_words words, which end in zeros. Has
/// copied when it returns.
void upload_rows(Driver& driver, const uint8_t* rows, int64_t n, int64_t n_bytes, int32_t row_words,
                 uint32_t* to);

}  // namespace udl::cuda
