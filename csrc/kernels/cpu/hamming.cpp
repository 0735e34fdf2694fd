// The Hamming kernel table of one CPU target. Compiled once per target with UDL_TARGET=<name>.
#include "kernels/hamming.h"

#include "base/bits.h"
#include "base/view.h"
#include "kernels/cpu/hamming/planes.h"
#include "kernels/cpu/simd/codes.h"
#include "kernels/cpu/target_name.h"

namespace udl {
namespace {

constexpr int64_t kWordsAhead = 256;  // a scan asks for codes 2 KB before it reads them
constexpr int64_t kLineWords = 8;

template <int kWords, bool kAsk>
void distances_of(const uint64_t* query, const uint64_t* codes, int64_t n_codes, int64_t n_words,
                  int32_t* out) {
  const int64_t n = kWords > 0 ? kWords : n_words;
  int64_t c = 0;
  for (; c + kRowGroup <= n_codes; c += kRowGroup) {
    const uint64_t* rows = codes + c * n;
    if (kAsk) {
      for (int64_t w = 0; w < kRowGroup * n; w += kLineWords) prefetch(rows + w + kWordsAhead);
    }
    eight_row_distances<kWords>(query, rows, n, out + c);
  }
  for (; c < n_codes; ++c) out[c] = row_distance<kWords>(query, codes + c * n, n);
}

/// Bits of the block of 64 codes that starts at `first` which may be hits: those that exist and are
/// allowed.
uint64_t block_mask(const HammingScan& scan, int64_t first) {
  const uint64_t existing = low_bits(scan.n_codes - first);
  return scan.allowed == nullptr ? existing : existing & scan.allowed[first / kHammingBlock];
}

int64_t append_hits(uint64_t mask, int64_t first, const int32_t* distances, HammingHits& hits,
                    int64_t n_hits) {
  for (; mask != 0; mask &= mask - 1) {
    const int k = lowest_bit(mask);
    hits.positions[n_hits] = static_cast<uint16_t>(first + k);
    hits.distances[n_hits] = distances[k];
    ++n_hits;
  }
  return n_hits;
}

template <int kWords>
int64_t scan_rows_of(const HammingScan& scan, HammingHits& hits) {
  const int64_t n = kWords > 0 ? kWords : scan.n_words;
  int32_t distances[kHammingBlock] = {};
  int64_t n_hits = 0;
  for (int64_t first = 0; first < scan.n_codes; first += kHammingBlock) {
    const int64_t left = scan.n_codes - first;
    distances_of<kWords, true>(scan.query, scan.codes + first * n,
                               left < kHammingBlock ? left : kHammingBlock, n, distances);
    const uint64_t near = at_most_64(distances, scan.threshold);
    if (near != 0)
      n_hits = append_hits(near & block_mask(scan, first), first, distances, hits, n_hits);
  }
  return n_hits;
}

template <int kWords>
int64_t measure_of(const HammingScan& scan, HammingHits& hits) {
  const int64_t n = kWords > 0 ? kWords : scan.n_words;
  int64_t n_hits = 0;
  for (int64_t first = 0; first < scan.n_codes; first += kHammingBlock) {
    for (uint64_t mask = block_mask(scan, first); mask != 0; mask &= mask - 1) {
      const int64_t c = first + lowest_bit(mask);
      hits.positions[n_hits] = static_cast<uint16_t>(c);
      hits.distances[n_hits] = row_distance<kWords>(scan.query, scan.codes + c * n, n);
      ++n_hits;
    }
  }
  return n_hits;
}

void distances(const uint64_t* query, const uint64_t* codes, int64_t n_codes, int64_t n_words,
               int32_t* out) {
  switch (n_words) {
    case 1:
      return distances_of<1, false>(query, codes, n_codes, n_words, out);
    case 2:
      return distances_of<2, false>(query, codes, n_codes, n_words, out);
    case 4:
      return distances_of<4, false>(query, codes, n_codes, n_words, out);
    case 8:
      return distances_of<8, false>(query, codes, n_codes, n_words, out);
    case 16:
      return distances_of<16, false>(query, codes, n_codes, n_words, out);
    default:
      return distances_of<0, false>(query, codes, n_codes, n_words, out);
  }
}

int64_t scan_rows(const HammingScan& scan, HammingHits& hits) {
  switch (scan.n_words) {
    case 1:
      return scan_rows_of<1>(scan, hits);
    case 2:
      return scan_rows_of<2>(scan, hits);
    case 4:
      return scan_rows_of<4>(scan, hits);
    case 8:
      return scan_rows_of<8>(scan, hits);
    case 16:
      return scan_rows_of<16>(scan, hits);
    default:
      return scan_rows_of<0>(scan, hits);
  }
}

int64_t measure(const HammingScan& scan, HammingHits& hits) {
  switch (scan.n_words) {
    case 1:
      return measure_of<1>(scan, hits);
    case 2:
      return measure_of<2>(scan, hits);
    case 4:
      return measure_of<4>(scan, hits);
    case 8:
      return measure_of<8>(scan, hits);
    case 16:
      return measure_of<16>(scan, hits);
    default:
      return measure_of<0>(scan, hits);
  }
}

constexpr HammingKernels all_kernels() {
  HammingKernels kernels{};
  kernels.target = UDL_TEXT(UDL_TARGET);
  kernels.tile_codes = kPlaneWords * kWordBits;
  kernels.distances = distances;
  kernels.scan_rows = scan_rows;
  kernels.measure = measure;
  kernels.slice_tile = slice_tile;
  kernels.scan_tile = scan_tile;
  return kernels;
}

}  // namespace

const HammingKernels UDL_JOIN(hamming_kernels_, UDL_TARGET) = all_kernels();

}  // namespace udl
