#pragma once
// Packed codes in the memory of a device.
#include <cstdint>

#include "runtime/cuda/buffer.h"

namespace udl::cuda {

/// Rows of n_bits / 8 bytes of a caller: of the host, one behind the other, or on the device.
struct HammingRows {
  const uint8_t* rows;
  bool on_device = false;
  int64_t row_stride = 0, byte_stride = 0;  ///< on the device, in bytes

  HammingRows from(int64_t first, int64_t n_bytes) const {
    return {rows + first * (on_device ? row_stride : n_bytes), on_device, row_stride, byte_stride};
  }
};

/// Rows of codes as kernels read them, in the order in which they came. Codes can only be added:
/// whoever removes some begins anew.
class HammingCodeStore {
 public:
  HammingCodeStore(Driver& driver, int32_t n_bits);

  /// Makes room for so many codes. It grows by half at least, so that adding costs O(1) a code, or
  /// by as much as is needed where memory is short. Unchanged if it throws.
  void reserve(int64_t n_codes);
  /// Adds n rows; makes room as `reserve` does.
  void append(const HammingRows& rows, int64_t n);

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

/// Copies n rows of n_bytes bytes to `to` as rows of row_words words, which end in zeros. Has
/// copied those of the host when it returns. `numbers`, if any, are the device's: of rows that are
/// there.
void take_rows(Driver& driver, const HammingRows& rows, int64_t n, int64_t n_bytes,
               int32_t row_words, uint32_t* to, const int64_t* numbers = nullptr);

}  // namespace udl::cuda
