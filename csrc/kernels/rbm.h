#pragma once
// Contract of the RBM kernels of one CPU target. Runtime code calls them through a table; no kernel
// knows threads, allocates, or looks at Python. Every function works on one tile: 16 units of the
// side being computed, over all rows (chains) of a minibatch.
//
// Weights lie in panels of 16 hidden units: panel t holds W[hidden 16 t + k][visible i] at
// panels[t * panel_stride + 16 i + k], float32; panel_stride = 16 * round_up(n_visible, 16).
// Lanes of missing hidden units and rows of missing visible units are zero.
//
// Tiles of sums, probabilities and gradients are row-major with 16 columns: element [row][lane].
// Their rows are padded to a multiple of 4; scratch must have room for the padding.
//
// "exact": the same bits on every target and for any algorithm, since all sums are sums of integers
// that cannot overflow (base/fixed.h). "agreeing": equal within float32 rounding of the stated sum.
#include <cstdint>

#include "base/sampling.h"
#include "base/view.h"

namespace udl {

struct WeightPanelsView {
  const float* panels;
  int64_t n_visible;
  int64_t n_hidden;
  float inverse_scale;  ///< 2^-e of base/fixed.h
  bool narrow;  ///< 2^-e bounds partial sums of 64 units to 16 bits, and tables have entries of 16
                ///< bits

  int64_t panel_stride() const { return kTileUnits * round_up(n_visible, kTileUnits); }
  const float* panel(int64_t tile) const { return panels + tile * panel_stride(); }
};

/// Integers of scratch a product needs: tables of both cuts of a 64-bit word, of entries of 32 and
/// of 16 bits, and 64 staged rows (kernels/cpu/rbm/table_product.h). Callers hand over scratch that
/// was zeroed once and written by nothing but these kernels.
constexpr int64_t kTableScratch = ((256 + 400) + (256 + 400) / 2 + 64) * kTileUnits;

/// Rows of bits as lists of the columns that are on, in chunks of kListColumns columns. The lists
/// of kListRows neighbouring rows, a group, have one length and follow each other: those of group g
/// in chunk c are columns_on[starts[n]] .. columns_on[starts[n + 1] - 1] with n = c * groups() + g.
/// A list is in ascending order, counted from the chunk's first column, and filled up with
/// kListColumns, which stands for a row of zeros.
struct ActiveListsView {
  const uint16_t* columns_on;
  const uint32_t* starts;  ///< chunks() * groups() + 1
  int64_t rows;
  int64_t columns;

  int64_t chunks() const;
  int64_t groups() const;
};
constexpr int64_t kListRows = 4;
/// Columns whose integer rows, 24 KB, stay in the L1 cache while all lists pass over them.
constexpr int64_t kListColumns = 384;
inline int64_t ActiveListsView::chunks() const { return divide_up(columns, kListColumns); }
inline int64_t ActiveListsView::groups() const { return divide_up(rows, kListRows); }

/// Integers of a chunk, which is the scratch a product of lists needs: kListColumns integer rows,
/// and the row of zeros. The integer rows of a whole panel are divide_up(n_visible, kListColumns)
/// chunks, one after the other.
constexpr int64_t kListScratch = (kListColumns + 1) * kTileUnits;
/// Where the integer row of visible unit i starts.
inline int64_t integer_row(int64_t i) { return (i + i / kListColumns) * kTileUnits; }

/// What a product does with the sums it is handed.
enum class Combine { overwrite, subtract };

/// Units a gradient of narrow tables counts probabilities in: 64 of them, at most 1023 each, fit 16
/// bits.
constexpr int kNarrowProbabilityShift = 6;  ///< 2^16 >> 6 = 2^10

/// What turns sums into activations for one tile of 16 units.
struct ActivationInput {
  const int32_t* sums;      ///< exact sums [rows][16], or null
  const float* float_sums;  ///< float sums [rows][16], used when `sums` is null
  float scale;  ///< x = scale * float(sum) + bias: one multiply, one add (scale 1 for float sums)
  const float* bias;  ///< 16 values; -1e30 for missing units, which then never fire and have p = 0
  int64_t rows;
};

/// Results of an activation; each pointer may be null. Outputs do not alias inputs.
struct ActivationOutput {
  uint64_t* sample_words;  ///< word column (row stride 1): 16 bits at position 16 * (tile % 4)
  int32_t*
      probabilities_fixed;  ///< [rows padded to 4][16]: min(65535, round(65536 p)); padding rows 0
  float* probabilities;     ///< [rows padded to 4][16]: p; padding rows 0
  DrawKey draw_key;         ///< used with sample_words
  uint32_t first_chain;     ///< chain of row 0
  int64_t tile;             ///< units 16 * tile .. 16 * tile + 15
};

/// A rank-one term of a weight gradient: visible[i] * hidden[lane].
struct OuterTerm {
  const float* visible;  ///< n_visible values
  float hidden[kTileUnits];
};

/// Both phases of a minibatch whose rows fit one word, as gradient_sums takes them.
struct ShortBatch {
  BitMatrixView units;  ///< at most 64 columns
  const int32_t* probabilities_fixed;
  int64_t first_negative;
  bool narrow;
  int32_t* scratch;  ///< kTableScratch integers
};

/// In: gradient and rates. Out: new weights, their integers, and the norms that fix the next scale.
struct PanelUpdate {
  float* weights;                 ///< one panel [n_visible][16]
  float* velocity;                ///< like weights; null when momentum is 0
  const int32_t* sums;            ///< integer gradient [n_visible][16], or null
  const ShortBatch* short_batch;  ///< where not null, the integer gradient is the sums of this
                                  ///< batch, and `sums` is null
  const float* float_sums;        ///< float gradient, added to the integer one where not null
  float sums_factor;              ///< turns the integer gradient into a mean
  int64_t n_visible;
  float learning_rate, momentum, weight_decay, l1;
  const OuterTerm* terms;  ///< n_terms terms, added in order
  int n_terms;

  float inverse_scale;  ///< of the scale in use; what follows is of z = round(W * inverse_scale)
  int32_t* integers;    ///< null, or z of the panel, as integer rows, written
  int32_t*
      column_norms;  ///< null: no norms but largest_bits. Else
                     ///< [2][16], written: sums of |z| >> kNormShift of positive, then negative z
  int32_t*
      row_norms;  ///< null, as always where column_norms is null, or
                  ///< [n_visible][16], written or added to: partial sums of |z| >> kNormShift over
                  ///< this panel; lanes 0, 1 of each four hold positive z, lanes 2, 3 negative z
  bool add_row_norms;     ///< whether row_norms are added to
  int32_t* largest_bits;  ///< [16], written: float bits of max |W| of each lane; NaN is the largest
};
/// Norms are tracked in units of 2^9: 2^23 >> 9 fits the 16-bit lanes of the pair sums, and 2^17
/// units on a side fit an int32 lane. Larger |z| show in `largest_bits` and make the norms
/// irrelevant.
constexpr int kNormShift = 9;

struct RbmKernels {
  const char* target;

  /// sums[r][k] = sum over visible bits i of row r of round(W[16 tile + k][i] * inverse_scale).
  /// Exact.
  void (*hidden_sums)(const WeightPanelsView& weights, int64_t tile, const BitMatrixView& visible,
                      int32_t* scratch, int32_t* sums);

  /// sums[r][k] = sum over hidden bits j of row r of round(W[j][16 tile + k] * inverse_scale).
  /// Exact.
  void (*visible_sums)(const WeightPanelsView& weights, int64_t tile, const BitMatrixView& hidden,
                       int32_t* scratch, int32_t* sums);

  /// The sums of hidden_sums and visible_sums from lists; scratch has kListScratch integers. Exact.
  void (*hidden_list_sums)(const WeightPanelsView& weights, int64_t tile,
                           const ActiveListsView& visible, int32_t* scratch, int32_t* sums);
  void (*visible_list_sums)(const WeightPanelsView& weights, int64_t tile,
                            const ActiveListsView& hidden, int32_t* scratch, int32_t* sums);

  /// The integer rows of a whole panel, round(W[16 tile + k][i] * inverse_scale), and the rows of
  /// zeros.
  void (*integer_panel)(const WeightPanelsView& weights, int64_t tile, int32_t* integers);
  /// The sums of hidden_list_sums from integer rows that are there.
  void (*integer_list_sums)(const int32_t* integers, const ActiveListsView& visible, int32_t* sums);

  /// Entries of the lists of `bits`: the ones, and what fills lists up.
  int64_t (*count_list_entries)(const BitMatrixView& bits);

  /// out[k] = number of columns in which unit 16 tile + k is on; `units` has units as rows, and
  /// bits beyond its columns do not count.
  void (*unit_counts)(const BitMatrixView& units, int64_t tile, int32_t* out);

  /// Lists of the ones of `bits`. Written: starts[0 .. chunks * groups], and columns_on, which has
  /// room for count_list_entries(bits) + 64, of which those beyond the last list mean nothing.
  void (*list_active)(const BitMatrixView& bits, uint16_t* columns_on, uint32_t* starts);

  /// Bias, sigmoid, Bernoulli test and packing for one tile. Exact, given its input.
  void (*activate)(const ActivationInput& input, const ActivationOutput& output);

  /// out[k] = sum over rows of probabilities_fixed[r][k], at most kMaxRowsPerSum rows. Exact.
  void (*column_sums)(const int32_t* probabilities_fixed, int64_t rows, int32_t* out);

  /// Bit [r] of unit 16 tile + k = (u < values[r * row_stride + 16 tile + k]), u the uniform draw
  /// of that unit and chain first_chain + r. Rows of values are padded to whole tiles with zeros.
  /// Output as in activate. Exact.
  void (*sample_values)(const float* values, int64_t rows, int64_t row_stride,
                        const DrawKey& draw_key, uint32_t first_chain, int64_t tile,
                        uint64_t* sample_words);

  /// out bit [unit][row] = in bit [row][unit] for units 16 tile .. 16 tile + 15; `out` has units as
  /// rows. Writes whole 16-bit pieces: every word of those units that covers input rows. Exact.
  void (*transpose_tile)(const BitMatrixView& in, int64_t tile, const BitMatrixView& out);

  /// sums[i][k] = sum over rows b of +- bit[i][b] * probabilities_fixed[b][k], minus from row
  /// `first_negative` on: both phases of a gradient are one product. `units` has the visible units
  /// as rows and the batch, or that of the positive phase followed by that of the negative one, as
  /// columns; at most kMaxRowsPerSum rows a phase. Exact. `narrow` sums dithered_probability of
  /// each row instead (kernels/cpu/rbm/products.h), in units of 2^-10.
  void (*gradient_sums)(const BitMatrixView& units, const int32_t* probabilities_fixed,
                        int64_t first_negative, bool narrow, int32_t* scratch, int32_t* sums);

  /// Units 16 tile .. 16 tile + 15 of two phases side by side: the columns of `positive`, then
  /// those of `negative`. Bits beyond the columns of the inputs do not count. Writes 16 rows of
  /// `out`. Exact.
  void (*join_units)(const BitMatrixView& positive, const BitMatrixView& negative, int64_t tile,
                     const BitMatrixView& out);

  /// sums[i][k] = or -= the number of rows of the batch in which visible unit i and hidden unit 16
  /// tile + k are both on. Both matrices have units as rows and the batch as columns. Exact.
  void (*pair_counts)(const BitMatrixView& visible_units, const BitMatrixView& hidden_units,
                      int64_t tile, Combine combine, int32_t* sums);

  /// sums[r][k] = sum over i, in order, of values[r * row_stride + i] * W[16 tile + k][i].
  /// Agreeing.
  void (*dense_hidden_sums)(const WeightPanelsView& weights, int64_t tile, const float* values,
                            int64_t rows, int64_t row_stride, float* sums);

  /// sums[r][k] = sum over hidden j, in order, of values[r * row_stride + j] * W[j][16 tile + k].
  /// Agreeing.
  void (*dense_visible_sums)(const WeightPanelsView& weights, int64_t tile, const float* values,
                             int64_t rows, int64_t row_stride, float* sums);

  /// sums[i][k] (+)= factor * sum over rows b, in order, of values[b * row_stride + i] *
  /// probabilities[b][k]. Agreeing.
  void (*dense_gradient_sums)(const float* values, int64_t rows, int64_t row_stride,
                              int64_t n_visible, const float* probabilities, float factor,
                              bool accumulate, float* sums);

  /// gradient = sums_factor * integers + float_sums + terms, as far as they are given;
  /// velocity = momentum * velocity + learning_rate * (gradient - weight_decay * W - l1 * sign(W));
  /// W += velocity; multiplies and adds rounded one by one in that order. Exact, given its input.
  void (*update_panel)(const PanelUpdate& update);

  /// Half-norms that fix the scale of narrow tables, of integers z = round(W * inverse_scale) of
  /// one panel. Written: row_norms[16 * ceil(n_visible / 16)][2], sums over the 16 lanes of
  /// positive and of negative z of each visible unit, in an order that is the same for every panel;
  /// sums that leave 15 bits saturate there or above. Returns the largest half-norm of a hidden
  /// unit over 64 visible units 64 b .. 64 b + 63. Exact.
  int32_t (*narrow_norms)(const float* panel, int64_t n_visible, float inverse_scale,
                          int32_t* row_norms);

  /// Largest element of the sum of n_arrays arrays of `length` (a multiple of 16) integers. Exact.
  int32_t (*largest_of_sums)(const int32_t* const* arrays, int n_arrays, int64_t length);

  /// Largest sum over row_norms[p][i], p = 0 .. n_partials - 1, of the positive or of the negative
  /// lanes of a visible unit i (PanelUpdate::row_norms; one partial array a thread). Exact.
  int64_t (*largest_row_norm)(const int32_t* const* row_norms, int n_partials, int64_t n_visible);
};

extern const RbmKernels rbm_kernels_baseline;
extern const RbmKernels rbm_kernels_avx2;
extern const RbmKernels rbm_kernels_avx512;

}  // namespace udl
