#pragma once
// Which kernels work. They give the same bits.
#include <cstdint>

namespace udl::cuda {

enum class KernelChoice : uint8_t {
  automatic,  ///< tensor cores where they serve, plain ones elsewhere
  plain,
  tensor,  ///< an error where they do not serve
};

}  // namespace udl::cuda
