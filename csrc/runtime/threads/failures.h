#pragma once
// Exceptions of work inside a parallel region, where none may be thrown: kept, and thrown after it.
#include <exception>
#include <vector>

namespace udl {

class Failures {
 public:
  explicit Failures(int n_threads) : failures_(n_threads) {}

  /// False if the body threw.
  template <class Body>
  bool guard(int thread_index, Body&& body) noexcept {
    try {
      body();
      return true;
    } catch (...) {
      failures_[thread_index] = std::current_exception();
      return false;
    }
  }

  void rethrow() const {
    for (const std::exception_ptr& failure : failures_) {
      if (failure) std::rethrow_exception(failure);
    }
  }

 private:
  std::vector<std::exception_ptr> failures_;
};

}  // namespace udl
