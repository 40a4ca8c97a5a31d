// `run --stats`, `--validate` and `--save-activations`, as a user meets them.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/cli/program.h"
#include "tools/cli/npy.h"
#include "tools/cli/npz_writer.h"
#include "tools/cli/tensor_stats.h"

namespace sardonyx {
namespace {

using Catch::Contains;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// b/out = (x * weight) + 1, x float[2,2].
std::string ScalingModel(const std::vector<float>& weight) {
  wire::ModelProto model = NewModel();
  wire::GraphProto* graph = model.mutable_graph();
  AddInput(graph, "x", {2, 2});
  *graph->add_initializer() = FloatTensor("weight", {2, 2}, weight);
  *graph->add_initializer() = FloatTensor("one", {}, {1});
  AddNode(graph, "Mul", {"x", "weight"}, {"a"})->set_name("scale");
  AddNode(graph, "Add", {"a", "one"}, {"b/out"})->set_name("shift");
  AddOutput(graph, "b/out");
  return model.SerializeAsString();
}

TEST_CASE("run --validate names the node that made a NaN, and the weight", "[cli][activations]") {
  const TemporaryFolder folder;
  const std::string bad = folder.Write("bad.onnx", ScalingModel({1, 1, kNaN, 1}));
  const ProgramResult result =
      RunProgram({"run", bad, "-i", "x=ones", "--validate", "--stats", "--json", "-"});
  CHECK(result.status == 1);
  CHECK_THAT(result.err, Contains("node 'scale' (Mul, #0)"));
  CHECK_THAT(result.err, Contains("'a' (float[2,2]) is NaN at [1,0]"));
  CHECK_THAT(result.err, Contains("the model's weight 'weight' (float[2,2]) is NaN at [1,0]"));
  CHECK_THAT(result.json()["error"].get<std::string>(), Contains("node 'scale'"));
  const std::string good = folder.Write("good.onnx", ScalingModel({1, 2, 3, 4}));
  CHECK(RunProgram({"run", good, "-i", "x=ones", "--validate"}).status == 0);
  const ProgramResult input = RunProgram({"run", good, "-i", "x==1 -inf 1 1", "--validate"});
  CHECK(input.status == 1);
  CHECK_THAT(input.err, Contains("input 'x' (float[2,2]) is -Inf at [0,1]"));
  CHECK(RunProgram({"run", good, "-i", "x==1 -inf 1 1"}).status == 0);
}

TEST_CASE("run --validate names a weight's NaN that no result shows", "[cli][activations]") {
  const TemporaryFolder folder;
  const auto validate = [&](float weight) {
    wire::ModelProto model = NewModel();
    wire::GraphProto* graph = model.mutable_graph();
    AddInput(graph, "x", {1});
    *graph->add_initializer() = FloatTensor("w", {1}, {weight});
    AddNode(graph, "Less", {"x", "w"}, {"y"})->set_name("less");
    AddOutput(graph, "y");
    return RunProgram(
        {"run", folder.Write("m.onnx", model.SerializeAsString()), "-i", "x=ones", "--validate"});
  };
  const ProgramResult hidden = validate(kNaN);
  CHECK(hidden.status == 1);
  CHECK_THAT(hidden.err,
             Contains("node 'less' (Less, #0): the model's weight 'w' (float[1]) is NaN"));
  CHECK(validate(std::numeric_limits<float>::infinity()).status == 0);  // may be meant
}

TEST_CASE("run --stats sums up every value", "[cli][activations]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", ScalingModel({-1, 0, 3, kNaN}));
  const ProgramResult text = RunProgram({"run", model, "-i", "x=ones", "--stats"});
  CHECK(text.status == 0);
  CHECK_THAT(text.out, Contains("NaN"));
  const nlohmann::json json =
      RunProgram({"run", model, "-i", "x=ones", "--stats", "--json", "-"}).json();
  REQUIRE(json["activations"].size() == 2);
  const nlohmann::json& first = json["activations"][0];
  CHECK(first["value"] == "a");
  CHECK(first["node"] == "scale");
  CHECK(first["min"] == -1);
  CHECK(first["max"] == 3);
  CHECK(first["mean"].get<double>() == Approx(2.0 / 3));
  CHECK(first["zeros"] == 1);
  CHECK(first["nans"] == 1);
}

TEST_CASE("run --save-activations writes what NumPy reads", "[cli][activations]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", ScalingModel({1, 2, 3, 4}));
  const std::string archive = folder.path() + "/values.npz";
  REQUIRE(RunProgram({"run", model, "-i", "x=ones", "--save-activations", archive}).status == 0);
  const auto sum = ReadNpz(archive, "b/out");
  INFO(sum.status());
  REQUIRE(sum.ok());
  CHECK(sum->data<float>()[3] == 5);
  CHECK(ReadNpz(archive, "a")->shape() == Shape({2, 2}));
  const std::string values = folder.path() + "/values";
  const ProgramResult saved =
      RunProgram({"run", model, "-i", "x=ones", "--save-activations", values});
  CHECK(saved.status == 0);
  CHECK_THAT(saved.out, Contains("2 values written"));
  CHECK(ReadNpy(values + "/0001-b_out.npy")->data<float>()[0] == 2);
  const ProgramResult unwritable =
      RunProgram({"run", model, "--save-activations", model + "/values"});
  CHECK(unwritable.status == 1);
  CHECK_THAT(unwritable.err, Contains("cannot make"));
}

TEST_CASE("Statistics tell finite elements from others", "[activations]") {
  const float inf = std::numeric_limits<float>::infinity();
  const Tensor tensor = Tensor::Of<float>({6}, {1, kNaN, -inf, 0, -3, inf});
  const auto stats = StatsOf(tensor);
  REQUIRE(stats.ok());
  CHECK(stats->finite() == 3);
  CHECK(stats->nans == 1);
  CHECK(stats->infinities == 2);
  CHECK(stats->min == -3);
  CHECK(stats->max == 1);
  CHECK(*HistogramOf(tensor, *stats, 2) == std::vector<int64_t>{1, 2});
  CHECK(FirstNotFinite(tensor) == 1);
  CHECK(StatsOf(Tensor::Of<int8_t>({2}, {-128, 127}))->min == -128);
  CHECK(StatsOf(Tensor::Of<float>({0}, {}))->finite() == 0);
  CHECK(FirstNotFinite(Tensor::Of<Half>({2}, {Half(1.0f), Half(inf)})) == 1);
  CHECK_FALSE(FirstNotFinite(Tensor::Of<int32_t>({1}, {1})).has_value());
  CHECK_FALSE(StatsOf(Tensor::Of<std::string>({1}, {"a"})).ok());
  CHECK(PositionText(Shape({2, 3, 4}), 23) == "[1,2,3]");
}

}  // namespace
}  // namespace sardonyx
