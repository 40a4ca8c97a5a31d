// `sardonyx ops`: operators, their opset versions and kernels.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/base/nearest.h"
#include "runtime/op.h"
#include "tools/cli/commands.h"
#include "tools/cli/output.h"

namespace sardonyx {
namespace {

std::string DomainName(const OpDef& op) {
  return op.domain.empty() ? "ai.onnx" : std::string(op.domain);
}

/// "1-28", "1-9" for what ended, "13" for a single one.
std::string OpsetRange(const OpDef& op) {
  const int first = op.versions.front();
  const int newest = op.domain.empty() ? kNewestOpset : op.versions.back();
  const int last = op.last_version > 0 ? op.last_version : std::max(newest, first);
  return first == last ? absl::StrCat(first) : absl::StrCat(first, "-", last);
}

bool Wanted(const OpDef& op, const std::vector<std::string>& names) {
  if (names.empty()) return true;
  const std::string full = absl::AsciiStrToLower(absl::StrCat(DomainName(op), ".", op.name));
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return absl::StrContains(full, absl::AsciiStrToLower(name));
  });
}

Json ToJson(const OpDef& op) {
  Json item;
  item["domain"] = DomainName(op);
  item["name"] = std::string(op.name);
  item["first_opset"] = op.versions.front();
  item["last_opset"] = op.last_version > 0 ? Json(op.last_version) : Json(nullptr);
  item["versions"] = op.versions;
  item["kernels"] = Json::array();
  for (const KernelDef& kernel : op.kernels) {
    Json entry;
    entry["name"] = std::string(kernel.name);
    entry["backend"] = std::string(Name(kernel.backend));
    item["kernels"].push_back(std::move(entry));
  }
  return item;
}

}  // namespace

StatusOr<int> Run(const OpsCommand& command) {
  Report report("ops", command.json);
  Table table({"operator", "domain", "opsets", "changed at", "kernels"}, "lllll");
  Json list = Json::array();
  for (const OpDef* op : AllOps()) {
    if (op->versions.empty() || !Wanted(*op, command.names)) continue;
    list.push_back(ToJson(*op));
    std::vector<absl::string_view> kernels;
    for (const KernelDef& kernel : op->kernels) kernels.push_back(kernel.name);
    table.AddRow({std::string(op->name), DomainName(*op), OpsetRange(*op),
                  absl::StrJoin(op->versions, " "), absl::StrJoin(kernels, ", ")});
  }
  if (list.empty()) {
    std::vector<std::string> names;
    for (const OpDef* op : AllOps()) names.emplace_back(op->name);
    return absl::NotFoundError(
        absl::StrCat("no operator's name holds '", absl::StrJoin(command.names, "' or '"), "'",
                     command.names.size() == 1 ? DidYouMean(command.names[0], names) : ""));
  }
  report.Print(table.ToString());
  report.Print(absl::StrCat(list.size(), list.size() == 1 ? " operator\n" : " operators\n"));
  report.json()["count"] = list.size();
  report.json()["operators"] = std::move(list);
  SX_RETURN_IF_ERROR(report.Write());
  return 0;
}

}  // namespace sardonyx
