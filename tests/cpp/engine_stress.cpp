// Engines of RBMs and searches among codes at work on threads, meant to run under ThreadSanitizer
// (.ci/run compiles it): training, chains, scores, scans, tables, callers beside each other,
// readers beside training, and memory that runs out at every allocation. Exits with 1 and a line
// that names the check when one fails. No Python.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "runtime/hamming/codes.h"
#include "runtime/hamming/hash/search.h"
#include "runtime/hamming/rows.h"
#include "runtime/rbm/engine.h"

namespace {

std::atomic<int64_t> allocations_left{-1};  // -1: memory does not run out

/// What operator new does here.
void* allocated(std::size_t size, std::size_t alignment) {
  if (allocations_left >= 0 && allocations_left.fetch_sub(1) <= 0) {
    allocations_left = 0;
    throw std::bad_alloc();
  }
  void* memory = std::aligned_alloc(alignment, (size + alignment) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocated(size, 16); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocated(size, static_cast<std::size_t>(alignment));
}
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // that operator new is this file's
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace {

using namespace udl;

void require(bool condition, const std::string& what) {
  if (condition) return;
  std::fprintf(stderr, "engine_stress: FAILED: %s\n", what.c_str());
  std::_Exit(1);
}

// ---- models ----

constexpr int64_t kVisible = 70, kHidden = 150, kRows = 90;
constexpr uint64_t kSeed = 11;

/// A number in [0, 1) for each n.
double drawn(int64_t n) {
  return uniform_from_bits(draw_bits(make_draw_key(kSeed, Stream::init, 0, 0),
                                     static_cast<uint32_t>(n / 1000),
                                     static_cast<uint32_t>(n % 1000)));
}

Rows binary_rows(int64_t n_rows, int64_t n_columns) {
  std::vector<uint8_t> values(n_rows * n_columns);
  for (std::size_t n = 0; n < values.size(); ++n) values[n] = drawn(static_cast<int64_t>(n)) < 0.3;
  const StridedView<uint8_t> view{values.data(), n_rows, n_columns, n_columns, 1};
  return std::move(*Rows::pack_binary(view, Run{2}));
}

Rows grey_rows(int64_t n_rows, int64_t n_columns) {
  auto values = std::make_shared<std::vector<float>>(n_rows * n_columns);
  for (std::size_t n = 0; n < values->size(); ++n)
    (*values)[n] = static_cast<float>(drawn(static_cast<int64_t>(n)));
  return Rows::dense(values->data(), n_rows, n_columns, values);
}

std::vector<double> weights_of(const RbmEngine& engine) {
  std::vector<double> out(kHidden * kVisible);
  if (engine.precision() == Precision::float64) {
    engine.get_parameters({RealSpan(out.data()), {}, {}});
  } else {
    std::vector<float> weights(out.size());
    engine.get_parameters({RealSpan(weights.data()), {}, {}});
    out.assign(weights.begin(), weights.end());
  }
  return out;
}

template <class Real>
void set_weights(RbmEngine& engine) {
  std::vector<Real> weights(kHidden * kVisible), hidden(kHidden), visible(kVisible);
  for (std::size_t n = 0; n < weights.size(); ++n)
    weights[n] = static_cast<Real>(0.2 * (drawn(static_cast<int64_t>(n)) - 0.5));
  engine.set_parameters(
      {RealView(weights.data()), RealView(hidden.data()), RealView(visible.data())});
}

std::unique_ptr<RbmEngine> new_engine(Precision precision, UnitKind hidden = UnitKind::bernoulli) {
  auto engine = make_rbm_engine(kVisible, kHidden, precision, {UnitKind::bernoulli, hidden, {}});
  if (precision == Precision::float64)
    set_weights<double>(*engine);
  else
    set_weights<float>(*engine);
  engine->set_chains(binary_rows(12, kHidden));
  return engine;
}

struct Learning {
  const char* name;
  TrainSettings settings;
  bool grey;
  UnitKind hidden = UnitKind::bernoulli;
};

std::vector<Learning> kinds_of_learning() {
  TrainSettings plain;
  plain.batch_size = 20;
  std::vector<Learning> kinds{{"cd", plain, false}, {"cd on grey rows", plain, true}};
  kinds.push_back({"pcd-2 with momentum and sparsity", plain, false});
  TrainSettings& pcd = kinds.back().settings;
  pcd.persistent = pcd.has_sparsity = true;
  pcd.k = 2;
  pcd.momentum = 0.5;
  pcd.sparsity_cost = pcd.sparsity_target = 0.1;
  const TrainSettings pcd_of_two = pcd;
  kinds.push_back({"cd-2, sampled statistics", plain, false});
  kinds.back().settings.k = 2;
  kinds.back().settings.sampled_statistics = true;
  kinds.push_back({"cd, means of visible units, binarised", plain, true});
  kinds.back().settings.sample_visibles = false;
  kinds.back().settings.binarize_sample = true;
  kinds.push_back({"minibatches of a few rows", plain, false});
  kinds.back().settings.batch_size = 3;
  kinds.push_back({"cd-2 of real hidden units", plain, false, UnitKind::relu});
  kinds.back().settings.k = 2;
  kinds.push_back({"pcd of real hidden units", pcd_of_two, true, UnitKind::gaussian});
  return kinds;
}

std::vector<double> learned(Precision precision, const Learning& learning, const Rows& rows,
                            int n_threads) {
  const auto engine = new_engine(precision, learning.hidden);
  engine->train({rows, nullptr, learning.settings, kSeed, 0, {}}, Run{n_threads});
  return weights_of(*engine);
}

void threads_learn_the_same(Precision precision) {
  for (const Learning& learning : kinds_of_learning()) {
    if (precision == Precision::fast && !has_bits(learning.hidden)) continue;
    const Rows rows = learning.grey ? grey_rows(kRows, kVisible) : binary_rows(kRows, kVisible);
    const std::vector<double> expected = learned(precision, learning, rows, 1);
    for (int n_threads : {2, 3})
      require(learned(precision, learning, rows, n_threads) == expected,
              std::string(learning.name) + " does not depend on threads");
  }
}

/// The log weights of a few annealed runs, added up.
template <class Real>
double annealed(const RbmEngine& engine, const Run& run) {
  const std::vector<float> betas{0, 0.25f, 0.5f, 1};
  const std::vector<Real> base(kVisible);
  std::vector<double> log_weights(5);
  engine.anneal({betas.data(),
                 static_cast<int64_t>(betas.size()),
                 RealView(base.data()),
                 nullptr,
                 static_cast<int64_t>(log_weights.size()),
                 {kSeed, Stream::ais, 0, 0},
                 nullptr},
                log_weights.data(), run);
  double sum = 0;
  for (double weight : log_weights) sum += weight;
  return sum;
}

/// One number out of everything that an engine computes from rows.
double everything_inferred(const RbmEngine& engine, const Rows& visible, int n_threads) {
  const Run run{n_threads};
  const DrawSource source{kSeed, Stream::gibbs, 0, 0};
  std::vector<double> energies(visible.rows()), scores(visible.rows());
  engine.free_energy(visible, energies.data(), run);
  engine.pseudo_likelihood(visible, scores.data(), run);
  double sum = 0;
  for (int64_t r = 0; r < visible.rows(); ++r) sum += energies[r] + scores[r];
  const Rows mask = binary_rows(1, kVisible), values = binary_rows(visible.rows(), kVisible);
  const Clamp clamp{mask, values};
  for (const Clamp* held : {static_cast<const Clamp*>(nullptr), &clamp}) {
    const auto [last_visible, last_hidden] = engine.gibbs({visible, 3, source, held}, run);
    for (int64_t r = 0; r < visible.rows(); ++r)
      sum += popcount(last_visible.bits_row(r)[0]) + popcount(last_hidden.bits_row(r)[1]);
  }
  if (engine.precision() == Precision::float64) return sum + annealed<double>(engine, run);
  sum += annealed<float>(engine, run);
  std::vector<float> means(visible.rows() * kHidden);
  engine.mean_hidden(visible, RealSpan(means.data()), run);
  for (float mean : means) sum += mean;
  return sum;
}

void threads_infer_the_same(Precision precision) {
  const auto engine = new_engine(precision);
  for (const Rows& rows : {binary_rows(kRows, kVisible), grey_rows(kRows, kVisible)}) {
    const double expected = everything_inferred(*engine, rows, 1);
    for (int n_threads : {2, 3})
      require(everything_inferred(*engine, rows, n_threads) == expected,
              "inference does not depend on threads");
  }
}

void callers_share_a_model(Precision precision) {
  const auto engine = new_engine(precision);
  const Rows rows = binary_rows(kRows, kVisible);
  const double expected = everything_inferred(*engine, rows, 1);
  std::vector<std::thread> callers;
  for (int n_threads : {1, 2, 3})
    callers.emplace_back([&, n_threads] {
      require(everything_inferred(*engine, rows, n_threads) == expected,
              "callers beside each other infer the same");
    });
  for (std::thread& caller : callers) caller.join();
}

/// As the bindings do it: the one that trains lets others look between minibatches.
void readers_look_beside_training(Precision precision) {
  const auto engine = new_engine(precision);
  const Rows rows = binary_rows(kRows, kVisible);
  Access& access = engine->access();
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int n = 0; n < 2; ++n)
    readers.emplace_back([&] {
      while (!done) {
        Access::Look look;
        {
          const Access::Waiting waiting(access);
          while (!access.try_look(look)) Access::nap();
        }
        weights_of(*engine);
        everything_inferred(*engine, rows, 1);
        access.end_look(look);
      }
    });
  const Learning learning = kinds_of_learning()[2];
  for (int round = 0; round < 5; ++round) {
    require(access.try_own() && !access.try_own(), "one thread owns the right to change");
    while (!access.try_close()) Access::nap();
    const Poll poll = [&](int64_t) {
      access.open();
      access.let_look();
      while (!access.try_close()) Access::nap();
      return false;
    };
    engine->train({rows, nullptr, learning.settings, kSeed, 0, poll}, Run{2});
    access.open();
    access.disown();
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
}

// ---- codes ----

struct Codes {
  Codes(int64_t n_codes, int64_t n_bytes) : bytes(n_codes * n_bytes) {
    for (std::size_t n = 0; n < bytes.size(); ++n)
      bytes[n] = static_cast<uint8_t>(256 * drawn(static_cast<int64_t>(n) / 3));
    const int64_t n_words = hamming_row_words(n_bytes);
    words.resize(n_codes * n_words);
    widen_rows(bytes.data(), n_codes, n_bytes, bytes.data() + bytes.size(), words.data());
    view = {bytes.data(), n_codes, n_bytes, n_words, static_cast<int32_t>(8 * n_bytes),
            nullptr,      true,    nullptr};
  }
  HammingQueries queries(int64_t n) const { return {words.data(), n}; }

  std::vector<uint8_t> bytes;
  std::vector<uint64_t> words;
  HammingCodes view;
};

/// One number out of every search.
double everything_found(const Codes& codes, int n_threads) {
  constexpr int64_t kNearest = 7, kQueries = 40;
  const Run run{n_threads};
  const HammingQueries queries = codes.queries(kQueries);
  std::vector<int32_t> distances(kQueries * kNearest);
  std::vector<int64_t> ids(kQueries * kNearest), histogram(kQueries * (codes.view.n_bits + 1));
  double sum = 0;
  const auto add = [&sum](const auto& values) {
    for (std::size_t n = 0; n < values.size(); ++n)
      sum += static_cast<double>(values[n]) * static_cast<double>(n % 5 + 1);
  };
  hamming_search(codes.view, queries, kNearest, run, distances.data(), ids.data());
  add(distances), add(ids);
  add(hamming_range(codes.view, queries, 9, run).ids);
  Progress share;
  add(hamming_pairs(codes.view, 5, run, share).first);
  hamming_histogram(codes.view, queries, run, histogram.data());
  add(histogram);
  const HammingTables tables(codes.view, HammingTables::default_count(500, codes.view.n_bits), run);
  HashReport report;
  for (HashPolicy policy : {HashPolicy::cheaper, HashPolicy::always}) {
    hamming_hash_search(tables, codes.view, queries, kNearest, policy, run, distances.data(),
                        ids.data());
    add(distances), add(ids);
    add(hamming_hash_range(tables, codes.view, queries, 9, policy, run, report).ids);
    add(hamming_hash_pairs(tables, codes.view, 5, policy, run, report, share).first);
  }
  return sum;
}

void searches_find_the_same() {
  for (int64_t n_bytes : {8, 5, 32}) {
    const Codes codes(500, n_bytes);
    const double expected = everything_found(codes, 1);
    std::vector<std::thread> callers;
    for (int n_threads : {2, 3, 2})
      callers.emplace_back([&, n_threads] {
        require(everything_found(codes, n_threads) == expected,
                "searches depend neither on threads nor on other callers");
      });
    for (std::thread& caller : callers) caller.join();
  }
}

// ---- memory that runs out ----

/// Runs work with ever more allocations, each of the first and then some, until it has enough. It
/// throws bad_alloc or ends; the process must go on.
template <class Work>
void survives_lack_of_memory(const char* what, Work&& work) {
  for (int64_t n = 0;; n += 1 + n / 10) {
    allocations_left = n;
    bool failed = false;
    try {
      work();
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    allocations_left = -1;
    if (!failed) return;
    require(n < 1000000, std::string(what) + " ends with enough memory");
  }
}

void lack_of_memory_is_thrown(Precision precision) {
  const auto engine = new_engine(precision);
  const Rows rows = binary_rows(kRows, kVisible);
  const Learning learning = kinds_of_learning()[2];
  survives_lack_of_memory(
      "training", [&] { engine->train({rows, nullptr, learning.settings, kSeed, 0, {}}, Run{2}); });
  survives_lack_of_memory("inference", [&] { everything_inferred(*engine, rows, 2); });
  survives_lack_of_memory("a snapshot", [&] { engine->snapshot(); });
  const auto small = make_rbm_engine(11, 12, precision, Units{});
  survives_lack_of_memory("log Z", [&] { small->log_partition({1}, Run{2}); });
}

}  // namespace

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  for (Precision precision : {Precision::fixed, Precision::fast, Precision::float64}) {
    std::puts(precision_name(precision));
    threads_learn_the_same(precision);
    threads_infer_the_same(precision);
    callers_share_a_model(precision);
    readers_look_beside_training(precision);
    lack_of_memory_is_thrown(precision);
  }
  std::puts("codes");
  searches_find_the_same();
  const Codes codes(500, 8);
  survives_lack_of_memory("a search", [&] { everything_found(codes, 2); });
  std::puts("engine_stress: passed");
  return 0;
}
