#pragma once
// The second half of a half step to units that are activated in groups: tiles have written their
// inputs, and after a barrier blocks of rows make means or states of them.
#include <cstdint>
#include <vector>

#include "kernels/rbm.h"
#include "runtime/memory/buffer.h"
#include "runtime/rbm/model/layer.h"
#include "runtime/rbm/model/layer_states.h"

namespace udl {

/// Rows at several temperatures, of units in groups but words.
struct GroupTempering {
  const float* betas = nullptr;  ///< of each row, padded to sixteen; null: 1
  double* energies = nullptr;  ///< unless null: minus what each row's states have of its energy, of
                               ///< their biases and their pairs with hidden states
};

class GroupStep {
 public:
  /// Of a layer, whose groups must outlive this, for up to `max_rows` rows. Nothing where units are
  /// activated tile by tile.
  GroupStep(const Layer& layer, int64_t max_rows, int n_threads);

  bool is_on() const { return inputs_.size() > 0; }
  /// Whether the units of a tile are activated here.
  bool holds(int64_t tile) const { return groups_.holds(tile); }

  /// Keeps the inputs of a tile that it holds.
  void keep_inputs(int64_t tile, const UnitInput& input);

  /// Blocks of rows, to be activated in any order once all tiles have their inputs.
  static int64_t blocks(int64_t rows) { return divide_up(rows, kTileUnits); }
  /// Draws the states of the first `rows` rows, as far as they are in the block, by the work of
  /// this thread; those of other tiles stay as they are. Groups without a value in the same row of
  /// `data`, which may be null, get none.
  void draw(int64_t block, int64_t rows, const GroupDraws& draws, const StatesView* data,
            const StatesRoom& to, int thread, const GroupTempering& tempering = {});
  /// Their means likewise, times `lengths` where rows have them.
  void means(int64_t block, int64_t rows, const StatesView* data, const float* lengths,
             const MeanRows& to, int thread);

 private:
  struct Scratch {
    Buffer<float> columns;   ///< [unit][row of the block]
    Buffer<int32_t> chosen;  ///< [group][row of the block]
    // Of units that count words:
    std::vector<int32_t> words;  ///< of a row
    Buffer<double> counts;       ///< by unit, 0 between rows
    Buffer<uint64_t> counted;    ///< a bit for each unit, likewise
  };

  void draw_values(int64_t block, int64_t rows, const GroupDraws& draws, const StatesView* data,
                   const BitMatrixView& to, Scratch& scratch, const GroupTempering& tempering);
  void switch_off(const BitMatrixView& states, int64_t row) const;
  double sum_of_inputs(int64_t row, const int32_t* chosen) const;
  void count_words(int64_t row, const GroupDraws& of_block, const WordsRoom& to, Scratch& scratch);
  GroupInput input(int64_t block) const;

  const Layer& layer_;
  const JointGroups& groups_;
  const GroupKernels& kernels_;
  int64_t tile_stride_ = 0;
  Buffer<float> inputs_;          ///< [tile from that of the first group][row][16]
  std::vector<Scratch> scratch_;  ///< by thread
};

}  // namespace udl
