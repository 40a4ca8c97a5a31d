// Deciding whether two values agree, and measuring how far apart they are.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/tensor.h"

namespace sardonyx {

/// An element agrees if |actual - expected| <= atol + relative * |expected|, where atol is at least
/// `atol_relative` times the largest magnitude among the expected elements of that output.
struct Tolerance {
  double rtol = 1e-3;
  double atol = 1e-7;
  double atol_relative = 0;
};

struct Comparison {
  bool match = true;
  /// Where they do not match, what differs first: kind, type, shape, or an element.
  std::string reason;
  int64_t elements = 0;
  int64_t mismatches = 0;  // elements outside the tolerance
  int64_t first = -1;      // of tensors: the first of those, counted row by row; -1: none
  double max_abs = 0;      // greatest |actual - expected|; infinite where only one is finite
  double max_rel = 0;      // greatest |actual - expected| / |expected|, where that is not zero
  double normwise = 0;     // max_abs over the greatest |expected|
};

/// Compares kind, element type, shape and every element, inside sequences and maps as well (those
/// figures are the worst, or the sums, of their parts). NaN equals NaN, an infinity itself;
/// strings and booleans must be the same.
Comparison CompareValues(const Value& actual, const Value& expected, const Tolerance& tolerance);

}  // namespace sardonyx
