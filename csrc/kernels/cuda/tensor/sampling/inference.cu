// The half steps of half_step.cu with other ends: their numbers come from the call alone, and means
// are float32.
#include "kernels/cuda/tensor/sampling/inference.h"

#include "kernels/cuda/tensor/sampling/inference_sampler.h"
#include "kernels/cuda/tensor/sampling/tile_shapes.h"

namespace udl::cuda {
namespace {

template <class Shape, int kSlices>
UDL_DEVICE void infer(const InferenceArguments& s) {
  extern __shared__ __align__(128) uint8_t shared[];
  const int first_row = blockIdx.x * Shape::kRows, first_tile = blockIdx.y * Shape::kUnitWarps;
  const WarpPlace<Shape> place;
  const int n_tiles = (s.n_units + kTileUnits - 1) / kTileUnits;
  BitProduct<Shape, kSlices> product(
      {s.states, static_cast<int>(state_stride(s.n_summed)), s.images,
       (s.n_summed + kStateBits - 1) / kStateBits, s.n_rows, n_tiles},
      first_row, first_tile, shared);
  typename BitProduct<Shape, kSlices>::Sums sums;
  product.run(place, sums);
  const int tile = first_tile + place.of_units, row = first_row + place.of_rows * Shape::kWarpRows;
  if (place.of_sum > 0 || tile >= n_tiles || row >= s.n_rows) return;
  InferenceSampler<Shape::kRowTiles>(s, row, tile, place.g, place.t).run(sums);
}

}  // namespace

#define UDL_INFER(name, Shape, slices)                                          \
  extern "C" __global__ void __launch_bounds__(Shape::kThreads, Shape::kBlocks) \
      name(const __grid_constant__ InferenceArguments arguments) {              \
    infer<Shape, slices>(arguments);                                            \
  }
UDL_INFER(udl_infer_large_3, LargeTiles, 3)
UDL_INFER(udl_infer_large_2, LargeTiles, 2)
UDL_INFER(udl_infer_medium_3, MediumTiles, 3)
UDL_INFER(udl_infer_medium_2, MediumTiles, 2)
UDL_INFER(udl_infer_small_3, SmallTiles, 3)
UDL_INFER(udl_infer_small_2, SmallTiles, 2)
#undef UDL_INFER

extern "C" __global__ void udl_advance(const __grid_constant__ AdvanceArguments a) {
  *a.steps_done += a.n_steps;
}

#define UDL_NAMED(name) {#name, reinterpret_cast<const void*>(name)}
const Kernel kInfer[kHalfStepShapeCount][2] = {
    {UDL_NAMED(udl_infer_large_3), UDL_NAMED(udl_infer_large_2)},
    {UDL_NAMED(udl_infer_medium_3), UDL_NAMED(udl_infer_medium_2)},
    {UDL_NAMED(udl_infer_small_3), UDL_NAMED(udl_infer_small_2)}};
const Kernel kAdvance UDL_NAMED(udl_advance);
#undef UDL_NAMED

}  // namespace udl::cuda
