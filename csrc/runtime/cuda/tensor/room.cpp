#include "runtime/cuda/tensor/room.h"

#include <algorithm>
#include <tuple>

#include "base/view.h"
#include "kernels/cuda/layout.h"

namespace udl::cuda {
namespace {

constexpr int64_t kAlignment = 256;

/// Parts of an allocation one after the other: first their size is found, then where they lie.
class Parts {
 public:
  explicit Parts(uint8_t* base) : base_(base) {}

  template <class T>
  void take(T*& part, int64_t n) {
    part = base_ != nullptr && n > 0 ? reinterpret_cast<T*>(base_ + at_) : nullptr;
    at_ += round_up(n * static_cast<int64_t>(sizeof(T)), kAlignment);
  }
  int64_t bytes() const { return at_; }

 private:
  uint8_t* const base_;
  int64_t at_ = 0;
};

/// Weights of whole tiles, of the shape that has most of them.
int64_t weights_of_tiles(const RoomSize& size) {
  int64_t most = 0;
  for (const LearnShape& shape : kLearnShapes)
    most = std::max(
        most, round_up(size.n_visible, shape.visible) * round_up(size.n_hidden, shape.hidden));
  return most;
}

int64_t place(const RoomSize& size, uint8_t* base, RoomArrays& to) {
  Parts parts(base);
  const int64_t visible_stride = state_stride(size.n_visible),
                hidden_stride = state_stride(size.n_hidden), row_words = size.row_words();
  parts.take(to.run, 1);
  parts.take(to.order, size.n_rows);
  parts.take(to.to_hidden, images_bytes(size.n_slices, size.n_hidden, size.n_visible));
  parts.take(to.to_visible, images_bytes(size.n_slices, size.n_visible, size.n_hidden));
  parts.take(to.hidden_norms, 2 * size.n_hidden);
  parts.take(to.visible_norms, 2 * size.n_visible);
  parts.take(to.data_rows, size.data_rows * visible_stride);
  parts.take(to.data_units, size.n_visible * row_words);
  parts.take(to.chain_rows, size.chain_rows * visible_stride);
  parts.take(to.chain_units, size.n_visible * row_words);
  parts.take(to.hidden_rows, size.data_rows * hidden_stride);
  for (int phase = 0; phase < 2; ++phase) {
    parts.take(to.probabilities[phase],
               size.samples ? 0 : probabilities_size(row_words, size.n_hidden));
    parts.take(to.hidden_units[phase], size.samples ? size.n_hidden * row_words : 0);
  }
  parts.take(to.mean_visible, size.sparsity ? size.n_visible : 0);
  parts.take(to.force, size.sparsity ? size.n_hidden : 0);
  parts.take(to.chain_means, size.unlike ? weights_of_tiles(size) : 0);
  return parts.bytes();
}

int64_t bytes_of(const RoomSize& size) {
  RoomArrays nowhere{};
  return place(size, nullptr, nowhere);
}

}  // namespace

bool RoomSize::operator==(const RoomSize& other) const {
  const auto all = [](const RoomSize& s) {
    return std::tie(s.n_visible, s.n_hidden, s.data_rows, s.chain_rows, s.n_rows, s.n_slices,
                    s.samples, s.sparsity, s.unlike);
  };
  return all(*this) == all(other);
}

int64_t RoomSize::row_words() const { return state_stride(std::max(data_rows, chain_rows)); }

Room::Room(Driver& driver, const RoomSize& size) : size_(size), memory_(driver, bytes_of(size)) {
  memory_.zero();
  place(size_, memory_.data(), arrays_);
}

}  // namespace udl::cuda
