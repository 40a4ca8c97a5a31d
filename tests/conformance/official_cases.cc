#include "tests/conformance/official_cases.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "importer/importer.h"

namespace sardonyx {
namespace {

namespace fs = std::filesystem;

/// Tolerances of a case from ONNX's data.json.
Status ReadTolerance(const std::string& file, OfficialCase& test) {
  std::ifstream stream(file);
  const auto json = nlohmann::json::parse(stream, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return InvalidArgument(file, ": missing, or not a JSON object");
  test.rtol = json.value("rtol", test.rtol);
  test.atol = json.value("atol", test.atol);
  return absl::OkStatus();
}

Status FindLightCases(const std::string& folder, std::vector<OfficialCase>& cases) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder + "/light", error)) {
    if (entry.path().extension() != ".onnx") continue;
    const std::string stem = entry.path().stem().string();
    OfficialCase test{"light", "light/" + stem, folder + "/light/" + stem};
    // Those of the full model that it was made from.
    const std::string full = "test_" + stem.substr(sizeof("light_") - 1);
    SX_RETURN_IF_ERROR(ReadTolerance(absl::StrCat(folder, "/real/", full, "/data.json"), test));
    cases.push_back(std::move(test));
  }
  return absl::OkStatus();
}

Status FindDirectories(const fs::path& suite, std::vector<OfficialCase>& cases) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(suite, error)) {
    if (!fs::exists(entry.path() / "model.onnx", error)) continue;
    OfficialCase test{suite.filename().string(), "", entry.path().string()};
    test.name = absl::StrCat(test.suite, "/", entry.path().filename().string());
    const fs::path data = entry.path() / "data.json";
    if (fs::exists(data, error)) SX_RETURN_IF_ERROR(ReadTolerance(data.string(), test));
    cases.push_back(std::move(test));
  }
  return absl::OkStatus();
}

/// What ONNX's runner feeds to light models: 0, 1/n, 2/n, ... in each of the n elements.
StatusOr<Value> Ramp(const Port& port) {
  if (port.type.element != DataType::kFloat || !port.type.shape) {
    return InvalidArgument("input '", port.name, "' is not a float tensor of known rank");
  }
  Shape shape;
  for (const Dim& dim : *port.type.shape) shape.push_back(dim.known() ? dim.value : 1);
  SX_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(DataType::kFloat, shape));
  float* data = tensor.data<float>();
  const double count = static_cast<double>(tensor.size());
  for (int64_t i = 0; i < tensor.size(); ++i) {
    data[i] = static_cast<float>(static_cast<double>(i) / count);
  }
  return Value(std::move(tensor));
}

Status RunLightCase(const OfficialCase& test, const TestOptions& options) {
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<Model> model, options.load(test.path + ".onnx"));
  SX_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session,
                      Session::Create(model, options.session));
  std::map<std::string, Value> inputs;
  for (const Port& port : session->inputs()) {
    if (port.has_default) continue;
    SX_ASSIGN_OR_RETURN(inputs[port.name], Ramp(port));
  }
  SX_ASSIGN_OR_RETURN(
      const std::vector<Value> expected,
      ReadNumberedValues(fs::path(test.path).parent_path().string(),
                         fs::path(test.path).filename().string() + "_output", session->outputs()));
  SX_ASSIGN_OR_RETURN(const std::vector<Value> outputs, session->Run(inputs));
  const Comparison comparison =
      CompareOutputs(outputs, expected, session->outputs(), options.tolerance);
  return comparison.match ? absl::OkStatus() : InvalidArgument(comparison.reason);
}

}  // namespace

StatusOr<std::vector<OfficialCase>> FindOfficialCases(const std::string& folder) {
  std::vector<OfficialCase> cases;
  std::error_code error;
  for (const auto& suite : fs::directory_iterator(folder, error)) {
    if (suite.path().filename() == "light") {
      SX_RETURN_IF_ERROR(FindLightCases(folder, cases));
    } else {
      SX_RETURN_IF_ERROR(FindDirectories(suite.path(), cases));
    }
  }
  if (cases.empty()) return absl::NotFoundError(absl::StrCat("no cases in '", folder, "'"));
  std::sort(cases.begin(), cases.end(), [](const OfficialCase& a, const OfficialCase& b) {
    return std::tie(a.suite, a.name) < std::tie(b.suite, b.name);
  });
  return cases;
}

CaseResult RunOfficialCase(const OfficialCase& test, const TestOptions& options) {
  TestOptions own = options;
  own.tolerance = {.rtol = test.rtol, .atol = test.atol};
  if (test.suite != "light") {
    CaseResult result = RunTestDirectory(test.path, own);
    if (result.outcome == Outcome::kSkipped) result.outcome = Outcome::kFailed;
    return result;
  }
  CaseResult result{.path = test.path};
  const Status status = RunLightCase(test, own);
  if (!status.ok()) {
    result.outcome = Outcome::kFailed;
    result.reason = std::string(status.message());
  }
  return result;
}

}  // namespace sardonyx
