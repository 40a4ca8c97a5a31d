// The sides of a comparison: one model on several backends, or two models on one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/cli/output.h"
#include "tools/cli/runner.h"

namespace sardonyx {

struct Side {
  std::string label;  // what tells it from the others: its backend, or its model
  std::string model;  // path
  std::string backend;
};

/// The first side is what the others are measured against. Errors: UsageErrors.
StatusOr<std::vector<Side>> SidesOf(const CompareCommand& command);

/// Makes runners for sides, one after another; all get the same inputs.
class SideLoader {
 public:
  explicit SideLoader(const CompareCommand& command) : command_(command) {}

  /// Each side reads its model anew, so that only one is ever in memory. Errors name the side.
  StatusOr<std::unique_ptr<Runner>> Load(const Side& side, const RunnerOptions& options) const;

  /// Made by the first call, from what its runner takes.
  StatusOr<std::map<std::string, Value>> InputsFor(const Runner& runner);
  /// The same, after that.
  const std::map<std::string, Value>& inputs() const { return *inputs_; }

 private:
  const CompareCommand& command_;
  std::optional<std::map<std::string, Value>> inputs_;
};

/// What the command's flags say of every runner.
RunnerOptions RunnerOptionsOf(const CompareCommand& command);

/// Puts the layers of a side, as `plan` has them, into the JSON's "graph". The other parts of the
/// report name layers by their place in it.
void ReportGraph(const Runner& runner, const PlanReport& plan, Report& report);

/// An error of one side, with its name before it.
Status OfSide(const Side& side, const Status& status);

/// Says that a side has failed, on stderr and in the JSON's "failed"; the others go on.
void ReportFailure(const Side& side, const Status& status, Report& report);

}  // namespace sardonyx
