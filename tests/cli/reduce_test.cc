// `sardonyx debug reduce`, run as a user does.
#include <catch2/catch.hpp>

#include "tests/cli/program.h"

namespace sardonyx {
namespace {

using Catch::Contains;

/// A chain of Relu, Neg, ..., with Sin among them and a second branch; x float[2,3].
wire::ModelProto Chain() {
  wire::ModelProto model = NewModel();
  wire::GraphProto* graph = model.mutable_graph();
  AddInput(graph, "x", {2, 3});
  std::string last = "x";
  for (int i = 0; i < 20; ++i) {
    const std::string next = "v" + std::to_string(i);
    AddNode(graph, i == 11 ? "Sin" : i % 2 == 0 ? "Relu" : "Neg", {last}, {next});
    last = next;
  }
  AddNode(graph, "Add", {last, "v11"}, {"y"});
  AddOutput(graph, "y");
  return model;
}

/// Ends with 3 where the model has an operator Sin.
const char* const kNoSine =
    "if " SARDONYX_PROGRAM " inspect {} --as-written | grep -q Sin; then exit 3; fi";

TEST_CASE("debug reduce leaves the node that a command fails on", "[cli][reduce]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", Chain().SerializeAsString());
  const std::string out = folder.path() + "/it's small.onnx";
  const ProgramResult result =
      RunProgram({"debug", "reduce", model, "-o", out, "--command", kNoSine, "--json", "-"});
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(OperatorsIn(out) == std::vector<std::string>{"Sin"});
  const nlohmann::json json = result.json();
  CHECK(json["schema"] == "sardonyx.debug.reduce/1");
  CHECK(json["exit_status"] == 3);
  CHECK(json["nodes_before"] == 21);
  CHECK(json["nodes_after"] == 1);
  CHECK(json["tries"] < 20);
  // It can be run: its input has the type that was inferred.
  CHECK(RunProgram({"run", out}).status == 0);
  CHECK_FALSE(std::filesystem::exists(out + ".trial.onnx"));
}

TEST_CASE("debug reduce finds what check refuses", "[cli][reduce]") {
  const TemporaryFolder folder;
  wire::ModelProto model = Chain();
  model.mutable_graph()->mutable_node(7)->set_op_type("Frobnicate");
  const std::string out = folder.path() + "/small.onnx";
  const ProgramResult result =
      RunProgram({"debug", "reduce", folder.Write("m.onnx", model.SerializeAsString()), "-o", out,
                  "--command", SARDONYX_PROGRAM " check {}"});
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(OperatorsIn(out) == std::vector<std::string>{"Frobnicate"});
  CHECK_THAT(result.out, Contains("1 of 21 nodes") && Contains("node #7 (Frobnicate)"));
}

TEST_CASE("debug reduce says what it cannot do", "[cli][reduce]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", Chain().SerializeAsString());
  const std::string out = folder.path() + "/small.onnx";
  const auto reduce = [&](const std::string& to, const std::string& command) {
    return RunProgram({"debug", "reduce", model, "-o", to, "--command", command});
  };
  CHECK_THAT(reduce(out, "true {}").err, Contains("the command does not fail on '" + model + "'"));
  CHECK(reduce(out, "true {}").status == 1);
  CHECK_FALSE(std::filesystem::exists(out));
  const ProgramResult no_place = reduce(out, "false");
  CHECK(no_place.status == 2);
  CHECK_THAT(no_place.err, Contains("expected {} where the model's path belongs"));
  const ProgramResult unwritable = reduce(folder.path() + "/none/small.onnx", "false {}");
  CHECK(unwritable.status == 1);
  CHECK_THAT(unwritable.err, Contains("cannot write"));
  // Interrupted, it keeps what it has.
  const ProgramResult interrupted = reduce(out, kNoSine + std::string("; exit 130"));
  CHECK(interrupted.status == 1);
  CHECK_THAT(interrupted.err, Contains("interrupted"));
  CHECK(OperatorsIn(out).size() == 21);
  CHECK(RunProgram({"debug"}).status == 2);
  CHECK_THAT(RunProgram({"debug", "redcue"}).err, Contains("did you mean 'reduce'?"));
  CHECK_THAT(RunProgram({"debug", "reduce", "--commnd", "x"}).err,
             Contains("did you mean '--command'?") && Contains("'sardonyx debug reduce --help'"));
}

}  // namespace
}  // namespace sardonyx
