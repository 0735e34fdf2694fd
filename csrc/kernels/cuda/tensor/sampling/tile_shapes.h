#pragma once
// Tiles of half steps on the device: large ones for throughput, small ones so that a small layer
// still fills a device, with the sum shared by the warps of a block. In the order of
// kHalfStepShapes.
#include "kernels/cuda/tensor/sampling/bit_product.h"

namespace udl::cuda {

using LargeTiles = ProductShape<4, 2, 4, 1, 2>;
using MediumTiles = ProductShape<4, 1, 4, 2, 2>;
using SmallTiles = ProductShape<2, 1, 1, 4, 4>;

}  // namespace udl::cuda
