#pragma once
// Which devices there are.
#include <string>

namespace udl::cuda {

/// 0 where there is no driver, none that is new enough, or no device.
int device_count() noexcept;

/// What was found, or why there is no device. Never throws for lack of one.
std::string device_status();

}  // namespace udl::cuda
