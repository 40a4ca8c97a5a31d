// `sardonyx debug reduce`: a small part of a model with which a command still fails.
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "exporter/exporter.h"
#include "runtime/graph/extract.h"
#include "tools/cli/commands.h"
#include "tools/cli/model_file.h"
#include "tools/cli/output.h"
#include "tools/cli/problems.h"

namespace sardonyx {
namespace {

constexpr const char* kPlace = "{}";        // of the model's path in the command
constexpr size_t kOneByOne = 64;            // so many nodes are left out one after the other too
constexpr int kInterrupted = 128 + SIGINT;  // a shell's exit status

/// Exit status as a shell has it: 128 and the signal's number where one ended the command.
StatusOr<int> RunCommand(const std::string& command) {
  const int result =
      std::system(absl::StrCat("(", command, ") >/dev/null 2>&1 </dev/null").c_str());
  if (result == -1) return InvalidArgument("the command cannot be run");
  const int status = WIFSIGNALED(result) ? 128 + WTERMSIG(result) : WEXITSTATUS(result);
  if (status == kInterrupted) return absl::CancelledError("interrupted");
  return status;
}

/// Tries the command on parts of a model. The smallest that has failed is always in the output.
class Reducer {
 public:
  Reducer(const ReduceCommand& command, const Model& header)
      : command_(command), header_(header), trial_(command.output + ".trial.onnx") {}
  ~Reducer() { (void)std::remove(trial_.c_str()); }

  /// Runs the command on the whole model. Errors: it does not fail, or nothing can be written.
  Status Begin(const Graph& whole) {
    SX_RETURN_IF_ERROR(Write(whole, trial_));
    SX_ASSIGN_OR_RETURN(failure_, Try());
    if (failure_ == 0)
      return InvalidArgument("the command does not fail on '", command_.model, "'");
    return Keep(whole);
  }

  /// Whether the command fails on a part as it does on the whole; then that is kept. What cannot be
  /// cut out or written counts as well.
  StatusOr<bool> Fails(const StatusOr<Graph>& part) {
    if (!part.ok() || !Write(*part, trial_).ok()) return false;
    SX_ASSIGN_OR_RETURN(const int status, Try());
    if (status != failure_) return false;
    SX_RETURN_IF_ERROR(Keep(*part));
    return true;
  }

  const Graph& smallest() const { return smallest_; }
  int tries() const { return tries_; }
  int failure() const { return failure_; }

 private:
  Status Write(const Graph& graph, const std::string& path) const {
    Model part = header_;
    part.graph = graph;
    return ExportFile(part, path);
  }

  Status Keep(const Graph& graph) {
    smallest_ = graph;
    return Write(graph, command_.output);
  }

  StatusOr<int> Try() {
    progress_.Show(0, absl::StrCat("try ", ++tries_, ", ", smallest_.nodes.size(), " nodes"));
    const std::string quoted =
        absl::StrCat("'", absl::StrReplaceAll(trial_, {{"'", "'\\''"}}), "'");
    return RunCommand(absl::StrReplaceAll(command_.command, {{kPlace, quoted}}));
  }

  const ReduceCommand& command_;
  const Model& header_;
  const std::string trial_;
  Progress progress_{0};
  Graph smallest_;
  int failure_ = 0;
  int tries_ = 0;
};

/// What computes the first output of the graph's k-th node.
StatusOr<Graph> UpTo(const Graph& graph, size_t k) {
  Graph part = graph.Clone();
  for (const ValueId id : graph.nodes[k].outputs) {
    if (id == kNoValue) continue;
    SX_RETURN_IF_ERROR(Extract({}, {graph.value(id).name}, part));
    return part;
  }
  return InvalidArgument(graph.nodes[k].Describe(), " computes nothing");
}

/// Those of the nodes `kept` on which the outputs depend; what they read of others become inputs.
StatusOr<Graph> Only(const Graph& graph, const std::vector<bool>& kept) {
  std::vector<bool> needed(graph.values.size(), false);
  std::vector<bool> made = needed;
  std::vector<std::string> inputs, outputs;
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    needed[graph.outputs[i]] = true;
    outputs.push_back(graph.OutputName(i));
  }
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    const Node& node = graph.nodes[i];
    const auto is_needed = [&](ValueId id) { return id != kNoValue && needed[id]; };
    if (!kept[i] || std::none_of(node.outputs.begin(), node.outputs.end(), is_needed)) continue;
    for (const ValueId id : graph.Reads(node)) needed[id] = true;
    for (const ValueId id : node.outputs) {
      if (id != kNoValue) made[id] = true;
    }
  }
  for (size_t id = 0; id < needed.size(); ++id) {
    if (needed[id] && !made[id] && !graph.values[id].constant) {
      inputs.push_back(graph.values[id].name);
    }
  }
  Graph part = graph.Clone();
  SX_RETURN_IF_ERROR(Extract(inputs, outputs, part));
  return part;
}

/// Looks for the least k below `end` whose part fails, as if all parts beyond it did.
template <typename Part>
Status Bisect(size_t end, Reducer& reducer, const Part& part) {
  for (size_t begin = 0; begin < end;) {
    const size_t middle = begin + (end - begin) / 2;
    SX_ASSIGN_OR_RETURN(const bool fails, reducer.Fails(part(middle)));
    (fails ? end : begin) = fails ? middle : middle + 1;
  }
  return absl::OkStatus();
}

/// Cuts off the end, then the beginning, then single nodes.
Status Reduce(Reducer& reducer) {
  const Graph whole = reducer.smallest();
  SX_RETURN_IF_ERROR(Bisect(whole.nodes.size(), reducer, [&](size_t k) { return UpTo(whole, k); }));
  const Graph front = reducer.smallest();
  SX_RETURN_IF_ERROR(Bisect(front.nodes.size(), reducer, [&](size_t dropped) {
    // With fewer nodes dropped the command fails sooner: count from the end.
    std::vector<bool> kept(front.nodes.size(), false);
    std::fill(kept.end() - static_cast<std::ptrdiff_t>(dropped) - 1, kept.end(), true);
    return Only(front, kept);
  }));
  for (size_t i = 0;
       i < reducer.smallest().nodes.size() && reducer.smallest().nodes.size() <= kOneByOne;) {
    std::vector<bool> kept(reducer.smallest().nodes.size(), true);
    kept[i] = false;
    SX_ASSIGN_OR_RETURN(const bool fails, reducer.Fails(Only(reducer.smallest(), kept)));
    if (!fails) ++i;
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<int> Run(const ReduceCommand& command) {
  if (!absl::StrContains(command.command, kPlace)) {
    return UsageError("--command: expected {} where the model's path belongs");
  }
  SX_ASSIGN_OR_RETURN(const SessionOptions options, ToSessionOptions(command.session));
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<Model> model,
                      LoadModel(command.model, command.session));
  InferWhatCanBe(options.custom_ops, model->graph);
  Reducer reducer(command, *model);
  SX_RETURN_IF_ERROR(reducer.Begin(model->graph));
  const Status status = Reduce(reducer);

  Report report("debug.reduce", command.json);
  const Graph& smallest = reducer.smallest();
  report.json()["model"] = command.model;
  report.json()["output"] = command.output;
  report.json()["exit_status"] = reducer.failure();
  report.json()["tries"] = reducer.tries();
  report.json()["nodes_before"] = model->graph.nodes.size();
  report.json()["nodes_after"] = smallest.nodes.size();
  report.Print(absl::StrCat(command.output, ": ", smallest.nodes.size(), " of ",
                            model->graph.nodes.size(), " nodes, on which the command still ends ",
                            "with status ", reducer.failure(), " (", reducer.tries(), " tries)\n"));
  for (const Node& node : smallest.nodes) report.Print(absl::StrCat("  ", node.Describe(), "\n"));
  if (!status.ok()) return Failed(status, report);
  SX_RETURN_IF_ERROR(report.Write());
  return 0;
}

}  // namespace sardonyx
