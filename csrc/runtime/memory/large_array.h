#pragma once
// Uninitialised arrays for random access. Large ones consist of large pages (large_pages.h).
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "runtime/memory/large_pages.h"

namespace udl {

template <class T>
class LargeArray {
  static_assert(std::is_trivial_v<T>);

 public:
  LargeArray() = default;
  explicit LargeArray(int64_t size) : size_(checked(size)), alignment_(alignment_for(size)) {
    data_ = static_cast<T*>(::operator new(n_bytes(), alignment_));
    advise_large_pages(data_, n_bytes());
  }
  LargeArray(LargeArray&& other) noexcept { *this = std::move(other); }
  LargeArray& operator=(LargeArray&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(alignment_, other.alignment_);
    return *this;
  }
  ~LargeArray() {
    if (data_ != nullptr) ::operator delete(data_, alignment_);
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  int64_t size() const { return size_; }
  std::size_t n_bytes() const { return sizeof(T) * static_cast<std::size_t>(size_); }
  T& operator[](int64_t i) { return data_[i]; }
  const T& operator[](int64_t i) const { return data_[i]; }

 private:
  static int64_t checked(int64_t size) {
    if (size < 0 || size > INT64_MAX / static_cast<int64_t>(sizeof(T)))
      throw std::bad_array_new_length();
    return size;
  }
  static std::align_val_t alignment_for(int64_t size) {
    return std::align_val_t{sizeof(T) * static_cast<std::size_t>(size) >= kLargePage ? kLargePage
                                                                                     : 64};
  }

  T* data_ = nullptr;
  int64_t size_ = 0;
  std::align_val_t alignment_{64};
};

}  // namespace udl
