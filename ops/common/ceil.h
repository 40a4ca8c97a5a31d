// Whole blocks that hold a number of elements; both arguments are not negative, `b` not 0.
#pragma once

#include <cstdint>

namespace sardonyx {

constexpr int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
constexpr int64_t RoundUp(int64_t a, int64_t b) { return CeilDiv(a, b) * b; }

}  // namespace sardonyx
