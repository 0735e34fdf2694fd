// The half steps of half_step.cu with other ends: their numbers come from the call alone, and means
// are float32.
#include "kernels/cuda/tensor/sampling/inference.h"

#include "kernels/cuda/tensor/sampling/inference_sampler.h"
#include "kernels/cuda/tensor/sampling/tile_shapes.h"

namespace udl::cuda {
namespace {

template <class Shape, int kSlices>
UDL_DEVICE void infer(const InferenceArguments& s) {
  typename BitProduct<Shape, kSlices>::Sums sums;
  WarpTile tile;
  if (multiply_tile<Shape, kSlices>(s, s.n_rows, sums, tile))
    InferenceSampler<Shape::kRowTiles>(s, tile).run(sums);
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

const Kernel kInfer[kHalfStepShapeCount][2] = {
    {UDL_KERNEL(udl_infer_large_3), UDL_KERNEL(udl_infer_large_2)},
    {UDL_KERNEL(udl_infer_medium_3), UDL_KERNEL(udl_infer_medium_2)},
    {UDL_KERNEL(udl_infer_small_3), UDL_KERNEL(udl_infer_small_2)}};
const Kernel kAdvance = UDL_KERNEL(udl_advance);

}  // namespace udl::cuda
