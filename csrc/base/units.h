#pragma once
// What a unit of a layer can be. A kind is one entry in the table of unit kernels.
#include <cstdint>

namespace udl {

enum class UnitKind : uint8_t { bernoulli };
constexpr int kUnitKinds = 1;

}  // namespace udl
