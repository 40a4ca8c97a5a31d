#include "tools/cli/activations.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/cli/feature_maps.h"
#include "tools/cli/layer_json.h"
#include "tools/cli/npy.h"
#include "tools/cli/output.h"

namespace sardonyx {
namespace {

constexpr size_t kWeightsNamed = 5;
constexpr size_t kPictureBytes = size_t{32} << 20;  // of all pictures, which a page has to hold

/// An error that says where `tensor` stops being finite; OK where it does not.
/// The element as a double.
double NumberAt(const Tensor& tensor, int64_t at) {
  double number = 0;
  (void)Dispatch(tensor.type(), Floats{}, [&]<typename T>() {
    number = static_cast<double>(static_cast<ComputeType<T>>(tensor.data<T>()[at]));
    return absl::OkStatus();
  });
  return number;
}

Status CheckFinite(const std::string& name, const Tensor& tensor) {
  const std::optional<int64_t> at = FirstNotFinite(tensor);
  if (!at) return absl::OkStatus();
  const double number = NumberAt(tensor, *at);
  return InvalidArgument("'", name, "' (", tensor.ToString(), ") is ",
                         std::isinf(number) ? (number > 0 ? "Inf" : "-Inf") : "NaN", " at ",
                         PositionText(tensor.shape(), *at));
}

/// A name for a file: what might steer a shell or a file system is replaced.
std::string FileName(int layer, absl::string_view name) {
  std::string safe(name.substr(0, 100));
  for (char& c : safe) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-') c = '_';
  }
  return absl::StrFormat("%04d-%s.npy", layer, safe);
}

/// "float[1,64,56,56]", in the model's layout.
std::string TypeInModel(const LayerOutput& output) {
  const Tensor& tensor = output.value.tensor();
  Ints dims(tensor.shape().begin(), tensor.shape().end());
  if (output.channels_last && dims.size() > 2) {
    std::rotate(dims.begin() + 1, dims.end() - 1, dims.end());
  }
  return absl::StrCat(Name(tensor.type()), Shape(dims).ToString());
}

std::string Column(const TensorStats& stats, double number) {
  return stats.finite() > 0 ? absl::StrFormat("%.4g", number) : "";
}

}  // namespace

StatusOr<std::unique_ptr<Activations>> Activations::Open(const Options& options, PlanReport plan) {
  std::unique_ptr<Activations> result(new Activations(options, std::move(plan)));
  if (absl::EndsWith(options.save, ".npz")) {
    result->archive_ = std::make_unique<NpzWriter>(options.save);
  } else if (!options.save.empty()) {
    std::error_code error;
    std::filesystem::create_directories(options.save, error);
    if (error) return InvalidArgument("cannot make '", options.save, "': ", error.message());
  }
  return result;
}

Status Activations::SeeInput(const std::string& name, const Value& value) {
  if (!value.is_tensor()) return absl::OkStatus();
  if (options_.pictures) {
    seen_.insert(name);  // its copy in another layout is nothing new
    SX_RETURN_IF_ERROR(SumUp({.layer = -1, .name = name, .value = value}));
  }
  if (!options_.validate) return absl::OkStatus();
  return Prepend(CheckFinite(name, value.tensor()), "input ");
}

Observer Activations::observer() {
  return [this](const LayerOutput& output) { return See(output); };
}

Status Activations::See(const LayerOutput& output) {
  if (!output.value.is_tensor()) return absl::OkStatus();
  const Tensor& tensor = output.value.tensor();
  if (options_.validate && FirstNotFinite(tensor)) {
    found_not_finite_ = true;
    SX_ASSIGN_OR_RETURN(const Tensor in_order, InModelLayout(output));
    return CheckFinite(std::string(output.name), in_order);
  }
  // A value in both layouts is seen twice.
  if (!seen_.emplace(output.name).second) return absl::OkStatus();
  if (!options_.save.empty()) SX_RETURN_IF_ERROR(Save(output));
  return options_.stats ? SumUp(output) : absl::OkStatus();
}

Status Activations::SumUp(const LayerOutput& output) {
  const StatusOr<TensorStats> stats = StatsOf(output.value.tensor());
  if (!stats.ok()) return absl::OkStatus();  // strings and the like
  Row row{.layer = output.layer,
          .name = std::string(output.name),
          .type = TypeInModel(output),
          .stats = *stats};
  if (options_.pictures && picture_bytes_ < kPictureBytes) {
    SX_ASSIGN_OR_RETURN(const Tensor in_order, InModelLayout(output));
    row.picture = FeatureMaps(in_order, *stats);
    if (!row.picture.is_null())
      picture_bytes_ += row.picture["pixels"].get_ref<std::string&>().size();
  }
  rows_.push_back(std::move(row));
  return absl::OkStatus();
}

Status Activations::Save(const LayerOutput& output) {
  SX_ASSIGN_OR_RETURN(const Tensor tensor, InModelLayout(output));
  Json item;
  item["layer"] = output.layer;
  item["name"] = std::string(output.name);
  Status status;
  if (archive_ != nullptr) {
    status = archive_->Add(std::string(output.name), tensor);
  } else {
    item["file"] = FileName(output.layer, output.name);
    status = WriteNpy(absl::StrCat(options_.save, "/", item["file"].get<std::string>()), tensor);
  }
  files_.push_back(std::move(item));
  return Prepend(status, absl::StrCat("saving '", output.name, "': "));
}

void Activations::ReportStats(Report& report) const {
  Table table({"#", "operator", "value", "type", "min", "max", "mean", "zero", "NaN", "Inf"},
              "rlllrrrrrr");
  Json list = Json::array();
  for (const Row& row : rows_) {
    const LayerReport layer =
        row.layer < 0 ? LayerReport{.op = "input"} : plan_.layers[static_cast<size_t>(row.layer)];
    const TensorStats& s = row.stats;
    const auto count = [](int64_t n) { return n > 0 ? FormatInteger(n) : std::string(); };
    table.AddRow({absl::StrCat(row.layer), layer.op, ShortName(row.name), row.type,
                  Column(s, s.min), Column(s, s.max), Column(s, s.mean),
                  s.elements > 0 ? absl::StrFormat("%.0f %%", 100.0 * static_cast<double>(s.zeros) /
                                                                  static_cast<double>(s.elements))
                                 : "",
                  count(s.nans), count(s.infinities)});
    Json item;
    item["layer"] = row.layer;
    item["op"] = layer.op;
    item["node"] = layer.name;
    item["value"] = row.name;
    item["type"] = row.type;
    item["elements"] = s.elements;
    item["min"] = s.min;
    item["max"] = s.max;
    item["mean"] = s.mean;
    item["zeros"] = s.zeros;
    item["nans"] = s.nans;
    item["infinities"] = s.infinities;
    if (options_.pictures) item["picture"] = row.picture;
    list.push_back(std::move(item));
  }
  if (options_.table) report.Print(absl::StrCat(table.ToString(), "\n"));
  report.json()["layers"] = ToJson(plan_.layers);
  report.json()["activations"] = std::move(list);
}

Status Activations::Finish(Report& report) {
  if (options_.stats) ReportStats(report);
  if (options_.save.empty()) return absl::OkStatus();
  const size_t count = files_.size();
  if (archive_ != nullptr) {
    SX_RETURN_IF_ERROR(archive_->Finish());
  } else {
    SX_RETURN_IF_ERROR(
        WriteFile(options_.save + "/index.json",
                  files_.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"));
  }
  report.json()["saved"] = files_;
  report.Print(absl::StrCat(count, " values written to ", options_.save, "\n"));
  return absl::OkStatus();
}

std::vector<NotFiniteWeight> NotFiniteWeights(const Graph& graph) {
  std::vector<NotFiniteWeight> found;
  for (size_t i = 0; i < graph.values.size() && found.size() < kWeightsNamed; ++i) {
    const auto id = static_cast<ValueId>(i);
    const Tensor* weight = graph.constant(id);
    const std::optional<int64_t> at = weight == nullptr ? std::nullopt : FirstNotFinite(*weight);
    if (!at) continue;
    const auto reads = [&](const Node& node) {
      const std::vector<ValueId> ids = graph.Reads(node);
      return std::find(ids.begin(), ids.end(), id) != ids.end();
    };
    const auto reader = std::find_if(graph.nodes.begin(), graph.nodes.end(), reads);
    found.push_back({.text = std::string(CheckFinite(graph.value(id).name, *weight).message()),
                     .is_nan = std::isnan(NumberAt(*weight, *at)),
                     .reader = reader == graph.nodes.end() ? "" : reader->Describe()});
  }
  return found;
}

}  // namespace sardonyx
