#pragma once
#include <atomic>
#include <memory>

namespace udl {

/// What an engine makes to compute gradients of one function.
class GradientRoom {
 public:
  virtual ~GradientRoom() = default;
};

/// Keeps it from call to call, for one that asks for the same function of the same engine: the same
/// rows, which nobody has changed or replaced by others at their place in memory, order, targets,
/// objective and draws. Threads that come meanwhile find it empty.
class GradientWorkspace {
 public:
  GradientWorkspace() = default;
  ~GradientWorkspace() { delete room_.load(); }
  GradientWorkspace(const GradientWorkspace&) = delete;
  GradientWorkspace& operator=(const GradientWorkspace&) = delete;

  std::unique_ptr<GradientRoom> take() {
    return std::unique_ptr<GradientRoom>(room_.exchange(nullptr));
  }
  void give(std::unique_ptr<GradientRoom> room) { delete room_.exchange(room.release()); }

 private:
  std::atomic<GradientRoom*> room_{nullptr};
};

}  // namespace udl
