#pragma once
// Owning arrays for the runtime: cache-line aligned, zeroed, resized without keeping contents.
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

#include "runtime/memory/large_pages.h"

namespace udl {

/// Zero-initialised array aligned to 64 bytes. `resize` discards the contents and zeroes.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(int64_t size) { resize(size); }
  Buffer(const Buffer& other) { *this = other; }
  Buffer(Buffer&&) noexcept = default;
  Buffer& operator=(Buffer&&) noexcept = default;
  Buffer& operator=(const Buffer& other) {
    if (this == &other) return *this;
    if (size_ != other.size_) resize(other.size_);
    if (size_ > 0) std::memcpy(data(), other.data(), sizeof(T) * size_);
    return *this;
  }

  void resize(int64_t size) {
    storage_.reset();
    size_ = 0;  // until there is memory
    if (size == 0) return;
    if (size < 0 || size > kMaxSize) throw std::bad_array_new_length();
    const std::size_t n_bytes = sizeof(T) * static_cast<std::size_t>(size);
    storage_.reset(static_cast<T*>(::operator new(n_bytes, std::align_val_t{kAlignment})));
    advise_large_pages(storage_.get(), n_bytes);
    size_ = size;
    zero();
  }
  /// Grows (discarding contents) if needed.
  void reserve(int64_t size) {
    if (size > size_) resize(size);
  }
  void zero() {
    if (size_ > 0) std::memset(static_cast<void*>(data()), 0, sizeof(T) * size_);
  }

  T* data() { return storage_.get(); }
  const T* data() const { return storage_.get(); }
  int64_t size() const { return size_; }
  T& operator[](int64_t i) { return storage_.get()[i]; }
  const T& operator[](int64_t i) const { return storage_.get()[i]; }

 private:
  static constexpr std::size_t kAlignment = 64;
  static constexpr int64_t kMaxSize = INT64_MAX / static_cast<int64_t>(sizeof(T));
  struct Free {
    void operator()(T* p) const { ::operator delete(p, std::align_val_t{kAlignment}); }
  };
  std::unique_ptr<T, Free> storage_;
  int64_t size_ = 0;
};

}  // namespace udl
