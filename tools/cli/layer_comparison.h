// What compare --per-layer has found, and its report.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tools/cli/compare_sides.h"
#include "tools/cli/difference.h"
#include "tools/cli/value_spool.h"

namespace sardonyx {

/// The first side's run.
struct Expected {
  ValueSpool values;
  std::map<std::string, int> layers;  // by value
  std::vector<LayerReport> plan;
};

/// A value on both sides.
struct Row {
  std::string name, type;
  int layer = -1;  // of the side
  Difference difference;
};

/// Another side's run.
struct Comparing {
  Side side;
  std::vector<LayerReport> plan;
  std::vector<Row> rows;  // as they were computed
  int64_t only_here = 0;  // values that the first side has not got
  int mismatch = -1;      // the first row that differs
  Json found;             // where it does, with the values there
};

/// Prints one side's part of the report, as far as it has come.
void PrintComparing(const CompareCommand& command, const Side& base, const Expected& expected,
                    const Comparing& comparing, Report& report);

/// Writes the layer of the first difference as a test case, and tries whether it differs there too.
/// `inputs` are the models'. Errors: a file cannot be written.
Status SaveFirst(const CompareCommand& command, const Expected& expected,
                 const std::map<std::string, Value>& inputs, const Comparing& comparing,
                 Report& report);

}  // namespace sardonyx
