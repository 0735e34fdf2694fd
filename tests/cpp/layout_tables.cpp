// What csrc/kernels/cuda/layout.h says of every index, as integers of 64 bits on standard output:
// byte_of_bit and its inverse of 0 .. 31, then probability_offset of all units and rows, then
// slice_offset of all units, units that are summed over, and slices, then the sizes.
//
//   layout_tables N_UNITS N_SUMMED N_SLICES N_ROWS
#include "kernels/cuda/layout.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/sampling.h"

int main(int count, char** arguments) {
  using namespace udl;
  using namespace udl::cuda;
  if (count != 5) return 2;
  const int64_t n_units = std::atoll(arguments[1]), n_summed = std::atoll(arguments[2]),
                n_slices = std::atoll(arguments[3]), n_rows = std::atoll(arguments[4]);
  std::vector<int64_t> out;
  for (int b = 0; b < kStateBits; ++b) out.push_back(byte_of_bit(b));
  for (int b = 0; b < kStateBits; ++b) out.push_back(bit_of_byte(b));
  const int64_t n_words = state_stride(n_rows);
  for (int64_t unit = 0; unit < n_units; ++unit)
    for (int64_t row = 0; row < n_rows; ++row)
      out.push_back(probability_offset(n_words, unit, row));
  for (int64_t unit = 0; unit < n_units; ++unit)
    for (int64_t summed = 0; summed < n_summed; ++summed)
      for (int slice = 0; slice < n_slices; ++slice)
        out.push_back(slice_offset(static_cast<int>(n_slices), n_summed, unit, summed, slice));
  for (uint32_t t = 0; t < 4; ++t)
    for (uint32_t k = 0; k < 4; ++k) {
      const DrawPosition at = draw_position(static_cast<uint32_t>(accumulator_unit(t, k)));
      out.push_back(accumulator_unit(t, k));
      out.push_back(at.block == t && at.lane == k);
    }
  out.push_back(n_words);
  out.push_back(probabilities_size(n_words, n_units));
  out.push_back(images_bytes(static_cast<int>(n_slices), n_units, n_summed));
  return std::fwrite(out.data(), sizeof(int64_t), out.size(), stdout) == out.size() ? 0 : 1;
}
