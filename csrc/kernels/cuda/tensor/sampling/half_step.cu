// Half steps of learning, of three shapes of tiles.
#include "kernels/cuda/tensor/sampling/half_step.h"

#include "kernels/cuda/tensor/sampling/sampler.h"
#include "kernels/cuda/tensor/sampling/tile_shapes.h"

namespace udl::cuda {
namespace {

template <class Shape, int kSlices>
UDL_DEVICE void half_step(const HalfStepArguments& s) {
  extern __shared__ __align__(128) uint8_t shared[];
  const RunState& run = *s.run;
  const int n_rows = rows_of(run, s.rows);
  const int first_row = blockIdx.x * Shape::kRows, first_tile = blockIdx.y * Shape::kUnitWarps;
  if (is_over(run) || first_row >= n_rows) return;
  const WarpPlace<Shape> place;
  const int n_tiles = (s.n_units + kTileUnits - 1) / kTileUnits;
  BitProduct<Shape, kSlices> product(
      {s.states, static_cast<int>(state_stride(s.n_summed)), s.images,
       (s.n_summed + kStateBits - 1) / kStateBits, n_rows, n_tiles},
      first_row, first_tile, shared);
  typename BitProduct<Shape, kSlices>::Sums sums;
  product.run(place, sums);
  const int tile = first_tile + place.of_units, row = first_row + place.of_rows * Shape::kWarpRows;
  if (place.of_sum > 0 || tile >= n_tiles || row >= n_rows) return;
  Sampler<Shape::kRowTiles>(s, run, n_rows, row, tile, place.g, place.t).run(sums);
}

}  // namespace

#define UDL_HALF_STEP(name, Shape, slices)                                      \
  extern "C" __global__ void __launch_bounds__(Shape::kThreads, Shape::kBlocks) \
      name(const __grid_constant__ HalfStepArguments arguments) {               \
    half_step<Shape, slices>(arguments);                                        \
  }
UDL_HALF_STEP(udl_half_step_large_3, LargeTiles, 3)
UDL_HALF_STEP(udl_half_step_large_2, LargeTiles, 2)
UDL_HALF_STEP(udl_half_step_medium_3, MediumTiles, 3)
UDL_HALF_STEP(udl_half_step_medium_2, MediumTiles, 2)
UDL_HALF_STEP(udl_half_step_small_3, SmallTiles, 3)
UDL_HALF_STEP(udl_half_step_small_2, SmallTiles, 2)
#undef UDL_HALF_STEP

#define UDL_NAMED(name) {#name, reinterpret_cast<const void*>(name)}
const Kernel kHalfSteps[kHalfStepShapeCount][2] = {
    {UDL_NAMED(udl_half_step_large_3), UDL_NAMED(udl_half_step_large_2)},
    {UDL_NAMED(udl_half_step_medium_3), UDL_NAMED(udl_half_step_medium_2)},
    {UDL_NAMED(udl_half_step_small_3), UDL_NAMED(udl_half_step_small_2)}};
#undef UDL_NAMED

}  // namespace udl::cuda
