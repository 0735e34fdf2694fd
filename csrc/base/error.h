#pragma once
// Exceptions of the runtime layer; the bindings turn them into Python's ValueError, MemoryError,
// ...
#include <stdexcept>
#include <string>

namespace udl {

/// Text starts with the function and names the argument, what came and what was expected.
[[noreturn]] inline void throw_invalid(const std::string& text) {
  throw std::invalid_argument(text);
}

/// Something that is to come: Python's NotImplementedError.
class NotAvailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace udl
