#include "runtime/cuda/rbm/model/states.h"

#include <utility>
#include <vector>

#include "kernels/cuda/layout.h"
#include "kernels/cuda/plain/rows.h"

namespace udl::cuda {
namespace {

/// The words of a caller's rows are those of states: 64 bits are two words, the lower one first.
static_assert(kWordBits == 2 * plain::kStateBits);

std::vector<uint64_t> packed(const Rows& rows) {
  const int64_t words = rows.words_per_row();
  std::vector<uint64_t> bits(static_cast<std::size_t>(rows.rows() * words));
  for (int64_t r = 0; r < rows.rows(); ++r)
    rows.visit_row(r, [&](int64_t column, double) { set_bit(bits.data() + r * words, column); });
  return bits;
}

const uint32_t* as_states(const uint64_t* words) {
  return reinterpret_cast<const uint32_t*>(words);
}

}  // namespace

DeviceBuffer<uint32_t> upload_bits(Driver& driver, const Rows& rows) {
  DeviceBuffer<uint32_t> to = room_for_bits(driver, rows.rows(), rows.columns());
  if (to.size() == 0) return to;
  if (rows.kind() == Rows::Kind::bits)
    to.copy_from(as_states(rows.bits_row(0)));
  else
    to.copy_from(as_states(packed(rows).data()));
  return to;
}

DeviceBuffer<float> upload_values(Driver& driver, const Rows& rows) {
  const int64_t columns = rows.columns();
  std::vector<float> values(static_cast<std::size_t>(rows.rows() * columns));
  rows.gather_values<float>(nullptr, 0, rows.rows(), values.data(), columns);
  DeviceBuffer<float> to(driver, rows.rows() * columns);
  to.copy_from(values.data());
  return to;
}

Rows download_bits(const uint32_t* states, int64_t n_rows, int64_t n_units, Driver& driver) {
  Rows rows = Rows::zero_bits(n_rows, n_units);
  const int64_t n_words = n_rows * plain::state_words(n_units);
  if (n_words > 0)
    driver.copy_to_host(rows.bits_row(0), states,
                        static_cast<std::size_t>(n_words) * sizeof(uint32_t));
  return rows;
}

DeviceBuffer<uint32_t> tensor_states(Driver& driver, const uint32_t* states, int64_t n_rows,
                                     int64_t n_units) {
  const int64_t words = state_stride(n_units);
  DeviceBuffer<uint32_t> to(driver, n_rows * words);
  driver.launch(
      plain::kRespace, threads_for(to.size()),
      plain::RespaceArguments{to.data(), states, n_rows, words, plain::state_words(n_units)});
  return to;
}

void plain_states(Driver& driver, const DeviceBuffer<uint32_t>& from, int64_t n_rows,
                  int64_t n_units, uint32_t* to) {
  const int64_t words = plain::state_words(n_units);
  driver.launch(plain::kRespace, threads_for(n_rows * words),
                plain::RespaceArguments{to, from.data(), n_rows, words, state_stride(n_units)});
}

Rows download(const DeviceRows& rows, Driver& driver) {
  const plain::States states = rows.states();
  if (rows.are_bits()) return download_bits(states.bits, rows.rows(), rows.columns(), driver);
  std::vector<float> values(static_cast<std::size_t>(rows.rows() * rows.columns()));
  driver.copy_to_host(values.data(), states.values, values.size() * sizeof(float));
  return Rows::of_values(std::move(values), rows.rows(), rows.columns());
}

DeviceRows::DeviceRows(Driver& driver, const Rows& rows)
    : n_rows_(rows.rows()),
      n_columns_(rows.columns()),
      are_bits_(rows.is_bits()),
      bits_(are_bits_ ? upload_bits(driver, rows) : DeviceBuffer<uint32_t>(driver)),
      values_(are_bits_ ? DeviceBuffer<float>(driver) : upload_values(driver, rows)) {}

}  // namespace udl::cuda
