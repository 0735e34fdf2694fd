#pragma once
// What long work tells its caller, and asks him, between two steps.
#include <cstdint>
#include <functional>

namespace udl {

/// Called on the calling thread with the rows done so far, about every 50 ms; true asks to stop.
/// May be empty.
using Poll = std::function<bool(int64_t)>;

constexpr double kPollSeconds = 0.05;

}  // namespace udl
