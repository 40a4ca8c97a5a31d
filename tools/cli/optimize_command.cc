// `sardonyx optimize`: a smaller model that is still ONNX.
#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "exporter/exporter.h"
#include "runtime/base/nearest.h"
#include "runtime/graph/extract.h"
#include "runtime/passes/resolve.h"
#include "runtime/passes/standard.h"
#include "runtime/passes/steps.h"
#include "runtime/passes/symbols.h"
#include "tools/cli/commands.h"
#include "tools/cli/model_file.h"
#include "tools/cli/output.h"

namespace sardonyx {
namespace {

constexpr int64_t kFoldBytes = 4096;  // a folded result, unless its inputs are half as large
constexpr int64_t kExternalBytes = 1024;

/// "out.onnx" after the third pass, fold: "out.03-fold.onnx".
std::string DumpPath(const std::string& output, int number, const std::string& pass) {
  const std::filesystem::path path(output);
  const std::string name =
      absl::StrFormat("%s.%02d-%s%s", path.stem().string(), number,
                      absl::StrReplaceAll(pass, {{" ", "-"}}), path.extension().string());
  return (path.parent_path() / name).string();
}

/// Prints each pass, notes it in the JSON, and writes the model after those that were asked for.
class Steps {
 public:
  Steps(const OptimizeCommand& command, const Model& header, Report& report)
      : command_(command), header_(header), report_(report) {
    report_.json()["passes"] = Json::array();
  }

  Status operator()(const PassReport& pass, const Graph& graph) {
    ++count_;
    Json item;
    item["pass"] = pass.pass;
    item["changed"] = pass.changed;
    item["has_no_onnx"] = pass.has_no_onnx;
    item["nodes_before"] = pass.nodes_before;
    item["nodes_after"] = pass.nodes_after;
    report_.json()["passes"].push_back(std::move(item));
    if (pass.changed) {
      report_.Print(absl::StrFormat("%-24s %d -> %d nodes\n", pass.pass, pass.nodes_before,
                                    pass.nodes_after));
    }
    if (pass.has_no_onnx &&
        std::find(left_out_.begin(), left_out_.end(), pass.pass) == left_out_.end()) {
      left_out_.push_back(pass.pass);
    }
    const bool dump = command_.dump_after == pass.pass || command_.dump_after == "all";
    if (!dump || !pass.changed) return absl::OkStatus();
    Model model = header_;
    model.graph = graph;
    const std::string path = DumpPath(command_.output, count_, pass.pass);
    report_.Print(absl::StrCat("  written to ", path, "\n"));
    return ExportFile(model, path);
  }

  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  const OptimizeCommand& command_;
  const Model& header_;
  Report& report_;
  int count_ = 0;
  std::vector<std::string> left_out_;
};

Status CutOut(const OptimizeCommand& command, const EvaluateOptions& evaluate, Graph& graph) {
  Knowledge known;
  SX_RETURN_IF_ERROR(Infer(graph, evaluate, known));
  KeepTypes(graph, known);
  return Prepend(Extract(SplitList(command.extract[0]), SplitList(command.extract[1]), graph),
                 "--extract: ");
}

StatusOr<std::vector<std::string>> WantedPasses(const OptimizeCommand& command,
                                                const Graph& graph) {
  const std::vector<std::string> known = StandardPasses(graph);
  if (command.passes == "none") return std::vector<std::string>();
  return command.passes == "all" ? known : SplitList(command.passes);
}

/// Whether --dump-after names one of the passes that will run.
Status CheckDump(const std::string& pass, const std::vector<std::string>& passes) {
  const bool known = std::find(passes.begin(), passes.end(), pass) != passes.end();
  if (known || pass.empty() || pass == "all") return absl::OkStatus();
  return InvalidArgument("--dump-after: no pass '", pass, "' is to run", DidYouMean(pass, passes));
}

Json Size(const Graph& graph) {
  int64_t bytes = 0;
  for (const ValueInfo& value : graph.values) {
    if (value.constant) bytes += value.constant->bytes();
  }
  Json size;
  size["nodes"] = graph.nodes.size();
  size["weight_bytes"] = bytes;
  return size;
}

std::string SizeText(const Json& size) {
  return absl::StrCat(size["nodes"].get<int64_t>(), " nodes, weights ",
                      FormatBytes(size["weight_bytes"].get<int64_t>()));
}

}  // namespace

StatusOr<int> Run(const OptimizeCommand& command) {
  if (command.output.empty()) return UsageError("-o OUT.onnx is missing");
  SX_ASSIGN_OR_RETURN(const SessionOptions options, ToSessionOptions(command.session));
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<Model> read, LoadModel(command.model, command.session));
  Report report("optimize", command.json);
  Model model = *read;
  model.graph = read->graph.Clone();
  SX_RETURN_IF_ERROR(SetSymbols(options.symbols, model.graph));
  const std::vector<std::string> problems = ResolveOperators(model.graph, options.custom_ops);
  if (!problems.empty()) return InvalidArgument(absl::StrJoin(problems, "\n"));
  ThreadPool pool(1);
  const RunControl control(DeadlineAfter(command.session.time_limit));
  const RunEnvironment environment{.pool = &pool,
                                   .control = &control,
                                   .budget = std::make_shared<MemoryBudget>(options.memory_limit)};
  const EvaluateOptions evaluate{.environment = &environment, .max_bytes = kFoldBytes};
  if (!command.extract.empty()) SX_RETURN_IF_ERROR(CutOut(command, evaluate, model.graph));

  report.json()["model"] = command.model;
  report.json()["before"] = Size(model.graph);
  SX_ASSIGN_OR_RETURN(const std::vector<std::string> passes, WantedPasses(command, model.graph));
  SX_RETURN_IF_ERROR(CheckDump(command.dump_after, passes));
  Steps steps(command, *read, report);
  const Status optimized = OptimizeStandard(
      model.graph, model.opsets,
      {.evaluate = evaluate,
       .passes = passes,
       .after = [&](const PassReport& pass, const Graph& graph) { return steps(pass, graph); }});
  if (!optimized.ok()) return Failed(optimized, report);
  if (!steps.left_out().empty()) {
    report.Print(absl::StrCat("left out, as ONNX has no words for the result: ",
                              absl::StrJoin(steps.left_out(), ", "), "\n"));
  }
  model.producer_name = "sardonyx";
  model.producer_version.clear();
  const Status written = ExportFile(
      model, command.output, {.external_bytes = command.external_data ? kExternalBytes : -1});
  if (!written.ok()) return Failed(written, report);
  report.json()["after"] = Size(model.graph);
  report.json()["output"] = command.output;
  report.Print(absl::StrCat(command.model, ": ", SizeText(report.json()["before"]), "\n",
                            command.output, ": ", SizeText(report.json()["after"]), "\n"));
  SX_RETURN_IF_ERROR(report.Write());
  return 0;
}

}  // namespace sardonyx
