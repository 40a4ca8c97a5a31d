// One value on two sides: everything that compare says about it.
#pragma once

#include <optional>
#include <string>

#include "tools/cli/compare_values.h"
#include "tools/cli/error_statistics.h"
#include "tools/cli/output.h"

namespace sardonyx {

struct Difference {
  Comparison comparison;
  std::optional<ErrorStatistics> errors;  // of tensors of numbers that have the same type and shape
  std::optional<TopAgreement> top;        // of scores
};

/// The tolerance for a value of that type: floats narrower than float carry so few digits that any
/// relative tolerance above zero is at least some units of their precision.
Tolerance ToleranceFor(const Value& expected, Tolerance tolerance);

/// `classes`: the most classes by which scores are compared.
Difference MeasureDifference(const Value& actual, const Value& expected, const Tolerance& tolerance,
                             int64_t classes);

Json ToJson(const Difference& difference);

/// Lines that tell what a table has no room for, each ending in a newline.
std::string Describe(const Difference& difference);

}  // namespace sardonyx
