#pragma once
// An object that several threads of callers may have at hand: an engine.
#include "runtime/threads/access.h"

namespace udl {

/// Whoever calls its other methods takes care to look, or to own and close, first.
class Shared {
 public:
  Shared() = default;
  virtual ~Shared() = default;
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  Access& access() const { return access_; }
  /// Back to a state that is whole, if there is one: a thread that is gone was changing the object.
  virtual void recover() = 0;

 private:
  mutable Access access_;
};

}  // namespace udl
