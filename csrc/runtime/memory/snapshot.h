#pragma once
// The state that an engine goes back to.
#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"

namespace udl {

template <class State>
class Snapshot {
 public:
  /// Over the last one: a third copy in memory would be for nothing. Its number, each time another.
  /// Throws bad_alloc, and there is none then.
  int64_t take(const State& state) {
    is_there_ = false;
    if (state_)
      *state_ = state;
    else
      state_ = std::make_unique<State>(state);
    is_there_ = true;
    return ++number_;
  }

  /// Null if there is none.
  const State* last() const { return is_there_ ? state_.get() : nullptr; }
  /// Null if there is none of this number, or a later one.
  const State* numbered(int64_t number) const { return number == number_ ? last() : nullptr; }
  /// Throws without one; `function` is who asks.
  const State& get(const std::string& function) const {
    if (!is_there_) throw_invalid(function + ": there is no snapshot");
    return *state_;
  }

 private:
  std::unique_ptr<State> state_;
  bool is_there_ = false;
  int64_t number_ = 0;
};

}  // namespace udl
