#pragma once
// The RBM kernels of one CPU target: a table of tables, one a subject. Runtime code calls kernels
// through it; no kernel knows threads, allocates, or looks at Python. Every function works on one
// tile: 16 units of the side being computed, over all rows (chains) of a minibatch.
//
// Weights lie in panels of 16 hidden units (kernels/rbm/products.h). Tiles of sums, means and
// gradients are row-major with 16 columns: element [row][lane]. Their rows are padded to a multiple
// of 4; scratch must have room for the padding.
//
// "exact": the same bits on every target and for any algorithm, since all sums are sums of integers
// that cannot overflow (base/fixed.h), or sums of floats in one order, in which every product is
// added with one rounding.
#include "base/units.h"
#include "kernels/rbm/bfloat16.h"
#include "kernels/rbm/centring.h"
#include "kernels/rbm/flips.h"
#include "kernels/rbm/gradient.h"
#include "kernels/rbm/groups.h"
#include "kernels/rbm/lists.h"
#include "kernels/rbm/norms.h"
#include "kernels/rbm/products.h"
#include "kernels/rbm/sparse.h"
#include "kernels/rbm/units.h"
#include "kernels/rbm/update.h"

namespace udl {

/// Four files make the tables (kernels/cpu/rbm_*.cpp), so that a change compiles a part.
struct RbmProductsKernels {
  ProductKernels products;
  ListKernels lists;
  SparseKernels sparse;
  GradientKernels gradient;
};

struct RbmUnitsKernels {
  UnitKernels units[kUnitKinds];  ///< by UnitKind
  GroupKernels groups;
  FlipKernels flips;
};

struct RbmLearningKernels {
  UpdateKernels update;
  CentringKernels centring;
  NormKernels norms;
};

struct RbmKernels {
  const char* target;
  const ProductKernels& products;
  const ListKernels& lists;
  const SparseKernels& sparse;
  const GradientKernels& gradient;
  const RbmBfloat16Kernels& bfloat16;
  const UnitKernels (&units)[kUnitKinds];
  const GroupKernels& groups;
  const FlipKernels& flips;
  const UpdateKernels& update;
  const CentringKernels& centring;
  const NormKernels& norms;

  const UnitKernels& unit(UnitKind kind) const { return units[static_cast<int>(kind)]; }
};

#define UDL_RBM_TABLES(target)                                   \
  extern const RbmProductsKernels rbm_products_kernels_##target; \
  extern const RbmUnitsKernels rbm_units_kernels_##target;       \
  extern const RbmLearningKernels rbm_learning_kernels_##target; \
  extern const RbmBfloat16Kernels rbm_bfloat16_kernels_##target; \
  extern const RbmKernels rbm_kernels_##target;

UDL_RBM_TABLES(baseline)
UDL_RBM_TABLES(avx2)
UDL_RBM_TABLES(avx512)
#undef UDL_RBM_TABLES

}  // namespace udl
