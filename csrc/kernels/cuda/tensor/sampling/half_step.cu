// Half steps of learning, of three shapes of tiles.
#include "kernels/cuda/tensor/sampling/half_step.h"

#include "kernels/cuda/tensor/sampling/sampler.h"
#include "kernels/cuda/tensor/sampling/tile_shapes.h"

namespace udl::cuda {
namespace {

template <class Shape, int kSlices>
UDL_DEVICE void half_step(const HalfStepArguments& s) {
  const RunState& run = *s.run;
  const int n_rows = rows_of(run, s.rows);
  if (is_over(run) || static_cast<int>(blockIdx.x) * Shape::kRows >= n_rows) return;
  typename BitProduct<Shape, kSlices>::Sums sums;
  WarpTile tile;
  if (multiply_tile<Shape, kSlices>(s, n_rows, sums, tile))
    Sampler<Shape::kRowTiles>(s, run, n_rows, tile).run(sums);
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

const Kernel kHalfSteps[kHalfStepShapeCount][2] = {
    {UDL_KERNEL(udl_half_step_large_3), UDL_KERNEL(udl_half_step_large_2)},
    {UDL_KERNEL(udl_half_step_medium_3), UDL_KERNEL(udl_half_step_medium_2)},
    {UDL_KERNEL(udl_half_step_small_3), UDL_KERNEL(udl_half_step_small_2)}};

}  // namespace udl::cuda
