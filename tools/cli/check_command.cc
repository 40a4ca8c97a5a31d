// `sardonyx check`: everything that keeps models from running, at once.
#include "absl/strings/str_cat.h"
#include "importer/importer.h"
#include "tools/cli/advice.h"
#include "tools/cli/commands.h"
#include "tools/cli/model_file.h"
#include "tools/cli/output.h"
#include "tools/cli/problems.h"

namespace sardonyx {
namespace {

/// "opset 17, com.microsoft 1"
std::string DescribeOpsets(const Model& model) {
  std::string text;
  for (const auto& [domain, version] : model.opsets) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", domain.empty() ? "opset" : domain, " ",
                    version);
  }
  return text;
}

}  // namespace

StatusOr<int> Run(const CheckCommand& command) {
  SX_ASSIGN_OR_RETURN(const SessionOptions options, ToSessionOptions(command.session));
  for (const std::string& path : command.models) SX_RETURN_IF_ERROR(CheckFileExists(path));
  Report report("check", command.json);
  Json list = Json::array();
  int bad = 0;
  Progress progress(static_cast<int64_t>(command.models.size()));
  for (const std::string& path : command.models) {
    progress.Show(static_cast<int64_t>(list.size()), path);
    Json item;
    item["path"] = path;
    std::vector<Problem> problems;
    std::string summary;
    const auto model = ImportFile(path);
    if (model.ok()) {
      problems = FindProblems(*model, options);
      summary = absl::StrCat("ok (", DescribeOpsets(**model), ", ", (*model)->graph.nodes.size(),
                             (*model)->graph.nodes.size() == 1 ? " node)" : " nodes)");
      item["ir_version"] = (*model)->ir_version;
      item["opsets"] = Json::object();
      for (const auto& [domain, version] : (*model)->opsets) {
        item["opsets"][domain.empty() ? "ai.onnx" : domain] = version;
      }
      item["nodes"] = (*model)->graph.nodes.size();
    } else {
      problems = ProblemsOf(Problem::Kind::kFile, model.status().message());
    }
    item["ok"] = problems.empty();
    item["problems"] = Json::array();
    item["advice"] = Json::array();
    for (const Problem& problem : problems) {
      item["problems"].push_back(problem.text);
      item["advice"].push_back(AdviceFor(problem));
    }
    list.push_back(std::move(item));
    progress.Clear();
    if (problems.empty()) {
      report.Print(absl::StrCat(path, ": ", summary, "\n"));
      continue;
    }
    ++bad;
    report.Print(absl::StrCat(path, ": ", problems.size(),
                              problems.size() == 1 ? " problem" : " problems", "\n"));
    for (const Problem& problem : problems) {
      report.Print(absl::StrCat("  ", problem.text, "\n"));
      const std::string advice = AdviceFor(problem);
      if (!advice.empty()) report.Print(absl::StrCat("    -> ", advice, "\n"));
    }
  }
  report.json()["ok"] = bad == 0;
  report.json()["models"] = std::move(list);
  SX_RETURN_IF_ERROR(report.Write());
  return bad == 0 ? 0 : 1;
}

}  // namespace sardonyx
