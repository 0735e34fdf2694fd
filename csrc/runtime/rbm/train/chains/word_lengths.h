#pragma once
// How many words the rows of a training have, minibatch after minibatch, and where those that
// chains draw instead may go.
#include <cstdint>
#include <vector>

#include "runtime/data/minibatches.h"
#include "runtime/rbm/engine.h"
#include "runtime/rbm/model/layer.h"

namespace udl {

class WordLengths {
 public:
  /// Of a layer that counts words; of others nothing.
  WordLengths(const TrainCall& call, const Minibatches& minibatches, const Layer& layer);

  bool is_on() const { return !lengths_.empty(); }
  /// Null where rows have no lengths.
  const float* of(const Minibatch& batch) const {
    return is_on() ? lengths_.data() + batch.first : nullptr;
  }
  /// Where the words of each row begin among those of its minibatch (WordsRoom).
  const int64_t* places(const Minibatch& batch) const { return places_.data() + batch.first; }
  /// Room for a minibatch.
  int64_t most_entries() const { return most_entries_; }

 private:
  std::vector<float> lengths_;
  std::vector<int64_t> places_;
  int64_t most_entries_ = 0;
};

}  // namespace udl
