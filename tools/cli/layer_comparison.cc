#include "tools/cli/layer_comparison.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/cli/model_file.h"
#include "tools/cli/repro.h"
#include "tools/cli/test_case.h"

namespace sardonyx {
namespace {

const LayerReport& LayerAt(const std::vector<LayerReport>& plan, int layer) {
  static const LayerReport* const none = new LayerReport();
  return layer < 0 || layer >= static_cast<int>(plan.size()) ? *none : plan[layer];
}

std::string KernelOf(const LayerReport& layer) {
  return layer.kernel.empty() ? "none" : layer.kernel;
}

Json LayerToJson(const std::vector<LayerReport>& plan, int index) {
  const LayerReport& layer = LayerAt(plan, index);
  Json item;
  item["index"] = index;
  item["name"] = layer.name;
  item["op"] = layer.op;
  item["kernel"] = layer.kernel;
  return item;
}

class Printer {
 public:
  Printer(const CompareCommand& command, const Side& base, const Expected& expected, Report& report)
      : command_(command), base_(base), expected_(expected), report_(report) {}

  /// One side's part of the report, as far as it has come.
  void Print(const Comparing& comparing) {
    Json item;
    item["backend"] = comparing.side.label;
    item["compared"] = comparing.rows.size();
    item["only_here"] = comparing.only_here;
    item["only_in_reference"] =
        expected_.layers.size() - std::min(expected_.layers.size(), comparing.rows.size());
    if (command_.per_layer) item["tensors"] = PrintTable(comparing);
    report_.Print(absl::StrFormat(
        "%s: %d tensors compared with %s, %s\n", comparing.side.label, comparing.rows.size(),
        base_.label, comparing.mismatch < 0 ? "all agree" : "the first difference is at"));
    if (comparing.mismatch >= 0) {
      item["first_difference"] = PrintFirst(comparing);
    } else if (comparing.side.backend == base_.backend) {
      PrintFirstInexact(comparing);
    }
    report_.json()["sides"].push_back(std::move(item));
  }

 private:
  const LayerReport& BaseLayer(const Row& row) const {
    return LayerAt(expected_.plan, expected_.layers.at(row.name));
  }
  Json BaseLayerToJson(const Row& row) const {
    return LayerToJson(expected_.plan, expected_.layers.at(row.name));
  }

  Json PrintTable(const Comparing& comparing) {
    Table table({"operator", "tensor", "type", "kernel", "reference's", "max abs error", "normwise",
                 "mean abs", ""},
                "lllllrrrl");
    Json list = Json::array();
    for (const Row& row : comparing.rows) {
      const Comparison& comparison = row.difference.comparison;
      const LayerReport& layer = LayerAt(comparing.plan, row.layer);
      table.AddRow({layer.op, ShortName(row.name), row.type, KernelOf(layer),
                    KernelOf(BaseLayer(row)), FormatError(comparison.max_abs),
                    FormatError(comparison.normwise),
                    row.difference.errors ? FormatError(row.difference.errors->mean_abs) : "",
                    comparison.match ? "agrees" : "DIFFERS"});
      Json item;
      item["name"] = row.name;
      item["type"] = row.type;
      item["layer"] = LayerToJson(comparing.plan, row.layer);
      item["reference_layer"] = BaseLayerToJson(row);
      item.update(ToJson(row.difference));
      list.push_back(std::move(item));
    }
    report_.Print(absl::StrCat(table.ToString(), "\n"));
    return list;
  }

  /// What is within the tolerance may still be where two models part.
  void PrintFirstInexact(const Comparing& comparing) {
    for (const Row& row : comparing.rows) {
      const Comparison& comparison = row.difference.comparison;
      if (comparison.max_abs == 0) continue;
      const LayerReport& layer = LayerAt(comparing.plan, row.layer);
      report_.Print(absl::StrFormat(
          "the first that is not the same: '%s' of node '%s' (%s), normwise error %s\n", row.name,
          layer.name, layer.op, FormatError(comparison.normwise)));
      return;
    }
  }

  Json PrintFirst(const Comparing& comparing) {
    const Row& row = comparing.rows[comparing.mismatch];
    const LayerReport& layer = LayerAt(comparing.plan, row.layer);
    Table table({}, "ll");
    table.AddRow({"  tensor", absl::StrCat("'", row.name, "', ", row.type)});
    if (row.layer >= 0) {
      table.AddRow({"  node", absl::StrCat("'", layer.name, "' (", layer.op, ")")});
      table.AddRow({"  kernel", absl::StrCat(KernelOf(layer), "; ", base_.label, ": ",
                                             KernelOf(BaseLayer(row)))});
    }
    table.AddRow({"  where", row.difference.comparison.reason});
    Json item;
    item["tensor"] = row.name;
    item["type"] = row.type;
    item["layer"] = LayerToJson(comparing.plan, row.layer);
    item["reference_layer"] = BaseLayerToJson(row);
    item.update(comparing.found);
    item.update(ToJson(row.difference));
    item["inputs"] = Json::array();
    for (const std::string& name : layer.input_names) {
      for (const Row& input : comparing.rows) {
        if (input.name != name) continue;
        table.AddRow({"  input", absl::StrCat("'", name, "', normwise error ",
                                              FormatError(input.difference.comparison.normwise))});
        item["inputs"].push_back(
            {{"name", name}, {"normwise_error", input.difference.comparison.normwise}});
        break;
      }
    }
    report_.Print(absl::StrCat(table.ToString(), Describe(row.difference)));
    return item;
  }

  const CompareCommand& command_;
  const Side& base_;
  const Expected& expected_;
  Report& report_;
};

}  // namespace

void PrintComparing(const CompareCommand& command, const Side& base, const Expected& expected,
                    const Comparing& comparing, Report& report) {
  Printer(command, base, expected, report).Print(comparing);
}

Status SaveFirst(const CompareCommand& command, const Expected& expected,
                 const std::map<std::string, Value>& inputs, const Comparing& comparing,
                 Report& report) {
  std::set<std::string> computed;  // before the two parted
  for (int i = 0; i < comparing.mismatch; ++i) computed.insert(comparing.rows[i].name);
  const auto known = [&](const std::string& name) -> StatusOr<std::optional<Value>> {
    if (const auto input = inputs.find(name); input != inputs.end()) return input->second;
    if (computed.count(name) == 0) return std::nullopt;
    SX_ASSIGN_OR_RETURN(Value value, expected.values.Read(name));
    return value;
  };
  const std::string& tensor = comparing.rows[comparing.mismatch].name;
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<Model> model,
                      LoadModel(comparing.side.model, command.session));
  SX_ASSIGN_OR_RETURN(const Value value, expected.values.Read(tensor));
  SX_ASSIGN_OR_RETURN(const int nodes, SaveRepro(*model, tensor, value, known, command.save_repro));

  SessionFlags flags = command.session;
  flags.backend = comparing.side.backend;
  Json& json = report.json()["repro"];
  json = {{"directory", command.save_repro}, {"nodes", nodes}};
  std::string text =
      absl::StrFormat("written to %s: %d node%s", command.save_repro, nodes, nodes == 1 ? "" : "s");
  if (const auto options = ToSessionOptions(flags); options.ok()) {  // not of another runtime
    TestOptions test{.session = *options, .tolerance = command.tolerance};
    test.session.symbols.clear();  // sizes are fixed by now
    const CaseResult result = RunTestDirectory(command.save_repro, test);
    const bool differs = result.outcome == Outcome::kFailed;
    json["differs"] = differs;
    absl::StrAppend(
        &text,
        differs ? absl::StrCat("; it differs there too: ", result.reason)
                : "; alone it agrees, so the difference comes with its inputs",
        absl::StrFormat("\n  sardonyx test %s --backend %s --rtol %g --atol %g --atol-relative %g",
                        command.save_repro, flags.backend, command.tolerance.rtol,
                        command.tolerance.atol, command.tolerance.atol_relative));
  }
  report.Print(absl::StrCat(text, "\n"));
  return absl::OkStatus();
}

}  // namespace sardonyx
