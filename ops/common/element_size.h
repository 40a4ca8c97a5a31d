// Dispatch for operators that only move elements: by size, whatever the type.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/data_type.h"
#include "runtime/base/status.h"

namespace sardonyx {

/// An element of 16 bytes.
struct Bytes16 {
  uint64_t words[2];
};

/// Calls `function.operator()<T>()` with a trivially copyable T of the element's size, or
/// std::string. Errors: kUndefined.
template <typename Function>
Status DispatchSize(DataType type, Function&& function) {
  if (type == DataType::kString) return function.template operator()<std::string>();
  switch (ElementSize(type)) {
    case 1:
      return function.template operator()<uint8_t>();
    case 2:
      return function.template operator()<uint16_t>();
    case 4:
      return function.template operator()<uint32_t>();
    case 8:
      return function.template operator()<uint64_t>();
    case 16:
      return function.template operator()<Bytes16>();
  }
  return InvalidArgument("element type ", Name(type), " cannot be copied");
}

}  // namespace sardonyx
