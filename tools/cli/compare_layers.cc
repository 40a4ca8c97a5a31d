#include "tools/cli/compare_layers.h"

#include <functional>
#include <set>

#include "tools/cli/layer_comparison.h"
#include "tools/cli/model_file.h"
#include "tools/cli/tensor_parts.h"
#include "tools/cli/tensor_stats.h"

namespace sardonyx {
namespace {

/// A value by its name in the model, in the model's layout; the layer that computed it, -1 for
/// none.
using Sink = std::function<Status(const std::string& name, int layer, const Value& value)>;

/// Runs the model and gives every value to `sink`, once.
Status RunInto(Runner& runner, const std::map<std::string, Value>& inputs,
               const CompareCommand& command, const Sink& sink) {
  std::set<std::string> seen;  // inputs too: one that moves to another layout is nothing new
  for (const auto& [name, value] : inputs) seen.insert(name);
  const auto watch = [&](const LayerOutput& output) -> Status {
    std::string name(output.name);
    if (!seen.insert(name).second) return absl::OkStatus();
    if (!output.value.is_tensor()) return sink(name, output.layer, output.value);
    SX_ASSIGN_OR_RETURN(const Tensor tensor, InModelLayout(output));
    return sink(name, output.layer, tensor);
  };
  const RunControl control(DeadlineAfter(command.session.time_limit));
  SX_ASSIGN_OR_RETURN(
      const std::vector<Value> outputs,
      runner.Run(inputs, {.control = &control, .seed = command.input.seed, .observer = watch}));
  for (size_t i = 0; i < outputs.size(); ++i) {  // constants, and outputs of another name
    const std::string& name = runner.outputs()[i].name;
    if (seen.insert(name).second) SX_RETURN_IF_ERROR(sink(name, -1, outputs[i]));
  }
  return absl::OkStatus();
}

/// Where two tensors differ first: the index and what either has there.
Json FirstElement(const Value& actual, const Value& expected, int64_t first) {
  Json item = Json::object();
  if (first < 0) return item;
  const auto number = [&](const Value& value) -> Json {
    const auto numbers = ToDoubles(Part(value.tensor(), first, 1));
    return numbers.ok() ? Json(numbers->front()) : Json();
  };
  const Ints index = IndexOf(expected.tensor().shape(), first);
  item["index"] = std::vector<int64_t>(index.begin(), index.end());
  item["actual"] = number(actual);
  item["expected"] = number(expected);
  return item;
}

Status CompareSide(const CompareCommand& command, const Expected& expected, Runner& runner,
                   const std::map<std::string, Value>& inputs, Comparing& comparing) {
  const auto compare = [&](const std::string& name, int layer, const Value& actual) -> Status {
    if (!expected.values.Has(name)) {
      ++comparing.only_here;
      return absl::OkStatus();
    }
    SX_ASSIGN_OR_RETURN(const Value other, expected.values.Read(name));
    Row row{.name = name, .type = other.ToString(), .layer = layer};
    row.difference.comparison =
        CompareValues(actual, other, ToleranceFor(other, command.tolerance));
    const bool match = row.difference.comparison.match;
    if (command.per_layer || !match) {
      row.difference = MeasureDifference(actual, other, command.tolerance, command.top);
    }
    if (!match && comparing.mismatch < 0) {
      comparing.mismatch = static_cast<int>(comparing.rows.size());
      comparing.found = FirstElement(actual, other, row.difference.comparison.first);
    }
    comparing.rows.push_back(std::move(row));
    const bool enough = !match && !command.per_layer;
    return enough ? absl::CancelledError("the first difference has been found") : absl::OkStatus();
  };
  const Status status = RunInto(runner, inputs, command, compare);
  return comparing.mismatch >= 0 && !command.per_layer ? absl::OkStatus() : status;
}

RunnerOptions Watched(const CompareCommand& command) {
  RunnerOptions options = RunnerOptionsOf(command);
  options.observe = true;
  return options;
}

/// The first side's run.
Status RunFirst(const CompareCommand& command, const Side& side, SideLoader& loader,
                Expected& expected, Report& report) {
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Runner> runner, loader.Load(side, Watched(command)));
  SX_ASSIGN_OR_RETURN(const auto inputs, loader.InputsFor(*runner));
  const auto keep = [&](const std::string& name, int layer, const Value& value) {
    expected.layers[name] = layer;
    return expected.values.Add(name, value);
  };
  SX_RETURN_IF_ERROR(OfSide(side, RunInto(*runner, inputs, command, keep)));
  SX_ASSIGN_OR_RETURN(PlanReport plan, runner->Describe(ShapesOf(inputs)));
  ReportGraph(*runner, plan, report);
  expected.plan = std::move(plan.layers);
  return absl::OkStatus();
}

/// Another side's; what it could not do is the error.
Status RunOther(const CompareCommand& command, SideLoader& loader, const Expected& expected,
                Comparing& comparing) {
  const Side& side = comparing.side;
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Runner> runner, loader.Load(side, Watched(command)));
  SX_ASSIGN_OR_RETURN(const auto inputs, loader.InputsFor(*runner));
  const auto plan = runner->Describe(ShapesOf(inputs));
  if (plan.ok()) comparing.plan = plan->layers;  // otherwise the run says what is wrong
  return OfSide(side, CompareSide(command, expected, *runner, inputs, comparing));
}

}  // namespace

StatusOr<bool> CompareLayers(const CompareCommand& command, const std::vector<Side>& sides,
                             Report& report) {
  SideLoader loader(command);
  SX_ASSIGN_OR_RETURN(ValueSpool spool, ValueSpool::Create());
  Expected expected{.values = std::move(spool)};
  Progress progress(static_cast<int64_t>(sides.size()));
  progress.Show(0, sides[0].label);
  SX_RETURN_IF_ERROR(RunFirst(command, sides[0], loader, expected, report));
  report.json()["sides"] = Json::array();
  bool match = true, saved = command.save_repro.empty();
  for (size_t i = 1; i < sides.size(); ++i) {
    progress.Show(static_cast<int64_t>(i), sides[i].label);
    Comparing comparing{.side = sides[i]};
    const Status status = RunOther(command, loader, expected, comparing);
    progress.Clear();
    if (IsUsageError(status)) return status;
    if (comparing.rows.empty() && status.ok()) {
      return InvalidArgument("there is nothing to compare: no tensor has a name that ",
                             sides[0].label, " and ", sides[i].label, " share");
    }
    PrintComparing(command, sides[0], expected, comparing, report);
    if (!status.ok()) ReportFailure(sides[i], status, report);
    if (comparing.mismatch >= 0 && !saved) {
      SX_RETURN_IF_ERROR(SaveFirst(command, expected, loader.inputs(), comparing, report));
      saved = true;
    }
    match = match && status.ok() && comparing.mismatch < 0;
  }
  return match;
}

}  // namespace sardonyx
