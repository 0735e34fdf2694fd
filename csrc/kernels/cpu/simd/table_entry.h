#pragma once
// One step of a table product: a few bits of a word choose an entry, which is added to a sum.
//
// A step needs three instructions, or four for two halves: rotate the bits to bit 3, mask them, add
// from memory with the index scaled to the size of an entry (64 bytes, or 32 of short integers).
// Left to itself a compiler computes the indices of all groups first and spills them: half the
// speed. So the step is assembly where there is an instruction set to gain from, and one line of
// C++ elsewhere. The tables are an operand of it: the compiler knows that they are read here, and
// moves no store of theirs across a step. `volatile` keeps the steps in the order of the source,
// rows in turn.
//
// A group says which bits choose and where: kFirstBit and kBits in the word, kFirstEntry of its
// table among all kEntries entries.
#include <cstdint>

#include "base/view.h"
#include "kernels/cpu/simd/simd.h"

namespace udl {
namespace {

#if defined(__GNUC__) && defined(__x86_64__) && !defined(UDL_NO_ASSEMBLY) && \
    (defined(UDL_TARGET_AVX512) || defined(UDL_TARGET_AVX2))

/// Constants of a step with entries of sixteen elements of kBytes bytes.
template <class Group, int kBytes>
struct Step {
  static constexpr int kRotate = (Group::kFirstBit + 61) % 64;  // to bit 3
  static constexpr int kMask = ((1 << Group::kBits) - 1) << 3;
  static constexpr int kOffset = Group::kFirstEntry * kTileUnits * kBytes;
};

template <class Group, class Element>
using Tables = const Element[Group::kEntries * kTileUnits];

template <class Group>
UDL_ALWAYS_INLINE void add_entry(const int16_t* tables, uint64_t word, i16x16& sum) {
  using S = Step<Group, 2>;
  uint64_t index;
  asm volatile(
      "rorx %[rotate], %[word], %[index]\n\t"
      "and %[mask], %k[index]\n\t"
      "vpaddw %c[offset](%[tables], %[index], 4), %[sum], %[sum]"
      : [index] "=&r"(index), [sum] "+x"(sum.v)
      : [word] "r"(word), [tables] "r"(tables), [rotate] "i"(S::kRotate), [mask] "i"(S::kMask),
        [offset] "i"(S::kOffset), "m"(*reinterpret_cast<Tables<Group, int16_t>*>(tables))
      : "cc");
}

#if defined(UDL_TARGET_AVX512)

template <class Group>
UDL_ALWAYS_INLINE void add_entry(const int32_t* tables, uint64_t word, i32x16& sum) {
  using S = Step<Group, 4>;
  uint64_t index;
  asm volatile(
      "rorx %[rotate], %[word], %[index]\n\t"
      "and %[mask], %k[index]\n\t"
      "vpaddd %c[offset](%[tables], %[index], 8), %[sum], %[sum]"
      : [index] "=&r"(index), [sum] "+v"(sum.v)
      : [word] "r"(word), [tables] "r"(tables), [rotate] "i"(S::kRotate), [mask] "i"(S::kMask),
        [offset] "i"(S::kOffset), "m"(*reinterpret_cast<Tables<Group, int32_t>*>(tables))
      : "cc");
}

#else

template <class Group>
UDL_ALWAYS_INLINE void add_entry(const int32_t* tables, uint64_t word, i32x16& sum) {
  using S = Step<Group, 4>;
  uint64_t index;
  asm volatile(
      "rorx %[rotate], %[word], %[index]\n\t"
      "and %[mask], %k[index]\n\t"
      "vpaddd %c[offset](%[tables], %[index], 8), %[low], %[low]\n\t"
      "vpaddd %c[offset]+32(%[tables], %[index], 8), %[high], %[high]"
      : [index] "=&r"(index), [low] "+x"(sum.low), [high] "+x"(sum.high)
      : [word] "r"(word), [tables] "r"(tables), [rotate] "i"(S::kRotate), [mask] "i"(S::kMask),
        [offset] "i"(S::kOffset), "m"(*reinterpret_cast<Tables<Group, int32_t>*>(tables))
      : "cc");
}

#endif
#else

template <class Group, class Element, class Lanes>
UDL_ALWAYS_INLINE void add_entry(const Element* tables, uint64_t word, Lanes& sum) {
  const int index = static_cast<int>(word >> Group::kFirstBit) & ((1 << Group::kBits) - 1);
  sum = sum + load(tables + (Group::kFirstEntry + index) * kTileUnits);
}

#endif

}  // namespace
}  // namespace udl
