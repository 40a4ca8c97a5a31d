// Where elements may lie.
#pragma once

#include <algorithm>
#include <cstddef>

#include "runtime/base/data_type.h"

namespace sardonyx {

/// What the address of an element of that type is a multiple of.
inline size_t ElementAlignment(DataType type) {
  return std::clamp<size_t>(ElementSize(type), 1, alignof(double));
}

}  // namespace sardonyx
