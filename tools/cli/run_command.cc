// `sardonyx run`: one run of a model, its outputs printed and written.
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "exporter/exporter.h"
#include "runtime/base/nearest.h"
#include "tools/cli/activations.h"
#include "tools/cli/classify.h"
#include "tools/cli/commands.h"
#include "tools/cli/input_spec.h"
#include "tools/cli/model_file.h"
#include "tools/cli/npy.h"
#include "tools/cli/output.h"

namespace sardonyx {
namespace {

constexpr int64_t kElementsShown = 100;  // of each output, unless -o NAME=- asks for all

/// Where outputs go, by name: "-" or a path.
using Targets = std::map<std::string, std::string>;

StatusOr<Targets> ParseTargets(const std::vector<std::string>& flags,
                               const std::vector<Port>& ports) {
  std::vector<std::string> names;
  for (const Port& port : ports) names.push_back(port.name);
  Targets targets;
  for (const std::string& flag : flags) {
    size_t equals = flag.rfind("=@");
    if (equals == std::string::npos && absl::EndsWith(flag, "=-")) equals = flag.size() - 2;
    const bool lone = absl::StartsWith(flag, "@") && !names.empty();
    if (!lone && (equals == std::string::npos || equals == 0)) {
      return UsageError(absl::StrCat("-o ", flag, ": expected NAME=@FILE or NAME=-"));
    }
    const std::string name = lone ? names[0] : flag.substr(0, equals);
    const std::string target = lone ? flag : flag.substr(equals + 1);
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return InvalidArgument("nothing named '", name, "' is fetched", DidYouMean(name, names),
                             "; --outputs fetches values of any layer");
    }
    if (target != "-" && !absl::EndsWith(target, ".npy") && !absl::EndsWith(target, ".pb")) {
      return UsageError(absl::StrCat("-o ", flag, ": expected a .npy or .pb file"));
    }
    targets[name] = target == "-" ? target : target.substr(1);
  }
  return targets;
}

Status WriteOutput(const std::string& path, const std::string& name, const Value& value) {
  if (!value.is_tensor()) {
    return Unimplemented("output '", name, "' is a ", value.ToString(), ", files hold tensors");
  }
  if (absl::EndsWith(path, ".npy")) return WriteNpy(path, value.tensor());
  SX_ASSIGN_OR_RETURN(const std::string bytes, SerializeTensor(value.tensor(), name));
  return WriteFile(path, bytes);
}

/// Positions of the outputs to show: those that --outputs names, or all.
std::vector<size_t> Shown(const std::vector<Port>& ports, const std::string& fetch) {
  const std::vector<std::string> list =
      fetch == "all" ? std::vector<std::string>{} : SplitList(fetch);
  const std::set<std::string> wanted(list.begin(), list.end());
  std::vector<size_t> shown;
  for (size_t i = 0; i < ports.size(); ++i) {
    if (wanted.empty() || wanted.count(ports[i].name) > 0) shown.push_back(i);
  }
  return shown;
}

/// The first output with at least two numbers for each element of the batch.
StatusOr<const Tensor*> FindScores(const std::vector<Value>& values,
                                   const std::vector<size_t>& shown) {
  for (const size_t i : shown) {
    if (!values[i].is_tensor() || values[i].tensor().type() == DataType::kString) continue;
    const Tensor& tensor = values[i].tensor();
    if (tensor.size() >= 2 * (tensor.rank() > 1 ? tensor.dim(0) : 1) && tensor.size() > 0) {
      return &tensor;
    }
  }
  return InvalidArgument("--labels: no output holds scores of classes");
}

Status PrintClasses(const Tensor& scores, const RunCommand& command, Report& report) {
  SX_ASSIGN_OR_RETURN(const std::vector<std::string> labels, ReadLabels(command.labels));
  SX_ASSIGN_OR_RETURN(const auto ranked, Classify(scores, labels, command.top));
  report.json()["classes"] = Json::array();
  for (size_t i = 0; i < ranked.size(); ++i) {
    if (ranked.size() > 1) report.Print(absl::StrCat("element ", i, " of the batch\n"));
    Table table({}, "lr");
    Json list = Json::array();
    for (const RankedClass& entry : ranked[i]) {
      table.AddRow({entry.label, absl::StrFormat("%.2f %%", 100 * entry.probability)});
      Json item;
      item["index"] = entry.index;
      item["label"] = entry.label;
      item["probability"] = entry.probability;
      list.push_back(std::move(item));
    }
    report.Print(table.ToString());
    report.json()["classes"].push_back(std::move(list));
  }
  return absl::OkStatus();
}

std::string DescribeOutput(const Port& port, const Value& value, bool whole) {
  const int64_t limit = whole ? std::numeric_limits<int64_t>::max() : kElementsShown;
  std::string text =
      absl::StrCat(port.name, ": ", value.ToString(), "\n", FormatValue(value, limit), "\n");
  if (!whole && value.is_tensor() && value.tensor().size() > limit) {
    absl::StrAppend(&text, "(", limit, " of ", value.tensor().size(), " elements; -o ", port.name,
                    "=- prints all)\n");
  }
  return text;
}

/// A NaN that no result shows, as a comparison or a lookup passes it by.
Status CheckWeights(const std::vector<NotFiniteWeight>& weights) {
  for (const NotFiniteWeight& weight : weights) {
    if (!weight.is_nan) continue;
    return InvalidArgument(weight.reader, weight.reader.empty() ? "" : ": ", "the model's weight ",
                           weight.text, ", though no result is");
  }
  return absl::OkStatus();
}

/// A run, with whatever --stats, --validate and those options that keep or show values ask for.
/// What they found is reported also where the run fails. `weights` are those that are not finite.
StatusOr<std::vector<Value>> RunWatched(const RunCommand& command, Session& session,
                                        const std::map<std::string, Value>& inputs,
                                        const std::vector<NotFiniteWeight>& weights,
                                        Report& report) {
  const RunControl control(DeadlineAfter(command.session.time_limit));
  RunOptions options{.control = &control, .seed = command.input.seed};
  const bool pictures = !command.show_activations.empty();
  const Activations::Options watch{.stats = command.stats || pictures || !command.html.empty(),
                                   .table = command.stats,
                                   .pictures = pictures,
                                   .validate = command.validate,
                                   .save = command.save_activations};
  if (!watch.any()) return session.Run(inputs, options);
  PlanReport plan;
  if (watch.stats) {
    SX_ASSIGN_OR_RETURN(plan, session.Describe(ShapesOf(inputs)));
  }
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Activations> activations,
                      Activations::Open(watch, std::move(plan)));
  for (const auto& [name, value] : inputs) {
    SX_RETURN_IF_ERROR(activations->SeeInput(name, value));
  }
  options.observer = activations->observer();
  StatusOr<std::vector<Value>> values = session.Run(inputs, options);
  SX_RETURN_IF_ERROR(activations->Finish(report));
  if (values.ok()) {
    SX_RETURN_IF_ERROR(CheckWeights(weights));
    return values;
  }
  if (!activations->found_not_finite()) return values;
  std::string message(values.status().message());
  for (const NotFiniteWeight& weight : weights) {
    absl::StrAppend(&message, "\nthe model's weight ", weight.text);
  }
  return Status(values.status().code(), message);
}

}  // namespace

StatusOr<int> Run(const RunCommand& command) {
  SX_ASSIGN_OR_RETURN(SessionOptions options, ToSessionOptions(command.session));
  if (!command.labels.empty()) SX_RETURN_IF_ERROR(CheckFileExists(command.labels));
  options.fetch_all = command.fetch == "all";
  if (!options.fetch_all) options.extra_outputs = SplitList(command.fetch);
  SX_ASSIGN_OR_RETURN(std::shared_ptr<Model> model, LoadModel(command.model, command.session));
  // The session does not keep the weights as the model has them.
  const std::vector<NotFiniteWeight> weights =
      command.validate ? NotFiniteWeights(model->graph) : std::vector<NotFiniteWeight>();
  Progress progress(0);
  progress.Show(0, "compiling");
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session,
                      OpenSession(std::move(model), options, command.session));
  progress.Clear();
  SX_ASSIGN_OR_RETURN(const auto inputs,
                      MakeInputs(session->inputs(), command.input, options.symbols));
  SX_ASSIGN_OR_RETURN(const Targets targets, ParseTargets(command.outputs, session->outputs()));

  Report report("run", command.json,
                command.html.empty() ? command.show_activations : command.html);
  report.json()["model"] = command.model;
  report.json()["backend"] = command.session.backend;
  report.json()["threads"] = session->pool().threads();
  report.json()["inputs"] = Json::array();
  for (const auto& [name, value] : inputs) {
    report.json()["inputs"].push_back({{"name", name}, {"value", value.ToString()}});
  }
  progress.Show(0, "running");
  const auto begin = RunControl::Clock::now();
  StatusOr<std::vector<Value>> run = RunWatched(command, *session, inputs, weights, report);
  const double ms =
      std::chrono::duration<double, std::milli>(RunControl::Clock::now() - begin).count();
  progress.Clear();
  if (!run.ok()) return Failed(run.status(), report);
  const std::vector<Value> values = *std::move(run);
  report.json()["run_ms"] = ms;
  const std::vector<Port>& ports = session->outputs();
  const std::vector<size_t> shown = Shown(ports, command.fetch);
  report.json()["outputs"] = Json::array();
  Status written;  // an output that cannot be written leaves the others
  for (size_t i = 0; i < ports.size(); ++i) {
    const auto target = targets.find(ports[i].name);
    if (target != targets.end() && target->second != "-") {
      written.Update(WriteOutput(target->second, ports[i].name, values[i]));
    } else if (target != targets.end() ||
               (command.labels.empty() &&
                std::find(shown.begin(), shown.end(), i) != shown.end())) {
      report.Print(DescribeOutput(ports[i], values[i], target != targets.end()));
    }
  }
  if (report.wants_json()) {
    for (const size_t i : shown) {
      Json item;
      item["name"] = ports[i].name;
      if (!values[i].is_none()) item.update(ValueToJson(values[i]));
      report.json()["outputs"].push_back(std::move(item));
    }
  }
  if (!command.labels.empty()) {
    SX_ASSIGN_OR_RETURN(const Tensor* scores, FindScores(values, shown));
    SX_RETURN_IF_ERROR(PrintClasses(*scores, command, report));
  }
  if (!written.ok()) return Failed(written, report);
  SX_RETURN_IF_ERROR(report.Write());
  return 0;
}

}  // namespace sardonyx
