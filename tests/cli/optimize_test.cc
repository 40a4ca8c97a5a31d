// `sardonyx optimize`, run as a user does. That all official cases survive it is tested by
// sardonyx_conformance --optimized.
#include <catch2/catch.hpp>

#include "tests/cli/program.h"

namespace sardonyx {
namespace {

using Catch::Contains;

/// y = Relu(bn(conv(x))) + (1 + 1), x float[N,1,3,3]; dead and repeated nodes beside it.
wire::ModelProto ConvModel() {
  wire::ModelProto model = NewModel();
  wire::GraphProto* graph = model.mutable_graph();
  AddInput(graph, "x", {-1, 1, 3, 3});
  *graph->add_initializer() = FloatTensor("w", {2, 1, 1, 1}, {1, 2});
  for (const char* name : {"scale", "shift", "mean"}) {
    *graph->add_initializer() = FloatTensor(name, {2}, {3, -1});
  }
  *graph->add_initializer() = FloatTensor("variance", {2}, {4, 9});
  *graph->add_initializer() = FloatTensor("one", {}, {1});
  AddNode(graph, "Conv", {"x", "w"}, {"c"})->set_name("conv");
  AddNode(graph, "BatchNormalization", {"c", "scale", "shift", "mean", "variance"}, {"b"});
  AddNode(graph, "Relu", {"b"}, {"r"});
  AddNode(graph, "Relu", {"b"}, {"r2"});
  AddNode(graph, "Add", {"one", "one"}, {"two"});
  AddNode(graph, "Add", {"r", "two"}, {"y1"});
  AddNode(graph, "Identity", {"y1"}, {"y2"});
  AddNode(graph, "Max", {"y2", "r2"}, {"y"});
  AddNode(graph, "Neg", {"y1"}, {"dead"});
  AddOutput(graph, "y");
  return model;
}

std::string RunOn(const std::string& model) {
  const ProgramResult result =
      RunProgram({"run", model, "-d", "N=2", "--seed", "5", "-o", "y=-", "--backend", "reference"});
  CHECK(result.status == 0);
  return result.out;
}

TEST_CASE("optimize writes a smaller model with the same results", "[cli][optimize]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", ConvModel().SerializeAsString());
  const std::string out = folder.path() + "/out.onnx";
  const ProgramResult result = RunProgram({"optimize", model, "-o", out});
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("conv+affine"));
  CHECK_THAT(result.out, Contains("9 nodes, weights"));
  CHECK_THAT(result.out, Contains("4 nodes, weights"));
  CHECK(OperatorsIn(out) == std::vector<std::string>{"Conv", "Relu", "Add", "Max"});
  CHECK(RunOn(out) == RunOn(model));
}

TEST_CASE("optimize runs the passes that are named", "[cli][optimize]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", ConvModel().SerializeAsString());
  const std::string out = folder.path() + "/out.onnx";
  const ProgramResult none = RunProgram({"optimize", model, "-o", out, "--passes", "none"});
  CHECK(none.status == 0);
  CHECK(OperatorsIn(out).size() == 9);
  const ProgramResult some = RunProgram({"optimize", model, "-o", out, "--passes", "fold,dead",
                                         "--dump-after", "fold", "--external-data", "--json", "-"});
  CHECK(some.status == 0);
  CHECK(some.json()["schema"] == "sardonyx.optimize/1");
  CHECK(some.json()["before"]["nodes"] == 9);
  CHECK(some.json()["after"]["nodes"] == 7);
  CHECK(some.json()["passes"][0]["pass"] == "fold");
  CHECK(OperatorsIn(folder.path() + "/out.01-fold.onnx").size() == 8);
  const ProgramResult wrong = RunProgram({"optimize", model, "-o", out, "--passes", "fald"});
  CHECK(wrong.status == 1);
  CHECK_THAT(wrong.err, Contains("there is no pass 'fald' for this model; did you mean 'fold'?"));
}

TEST_CASE("optimize cuts a part out of a model", "[cli][optimize]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", ConvModel().SerializeAsString());
  const std::string out = folder.path() + "/out.onnx";
  const auto extract = [&](const std::string& from, const std::string& to) {
    return RunProgram({"optimize", model, "-o", out, "--passes", "none", "--extract", from, to});
  };
  REQUIRE(extract("b", "y1").status == 0);
  CHECK(OperatorsIn(out) == std::vector<std::string>{"Relu", "Add", "Add"});
  const auto part = ImportFile(out);
  REQUIRE((*part)->graph.inputs.size() == 1);
  CHECK((*part)->graph.value((*part)->graph.inputs[0]).type.ToString() == "float[N,2,3,3]");
  CHECK(RunProgram({"run", out, "-d", "N=1"}).status == 0);
  const auto fails = [&](const std::string& from, const std::string& to, const std::string& why) {
    const ProgramResult result = extract(from, to);
    CHECK(result.status == 1);
    CHECK_THAT(result.err, Contains(why));
  };
  fails("r", "y", "computing y takes x too");
  fails("y1", "r", "'y1' is not needed to compute r");
  fails("bb", "y", "the model has no value 'bb'");
  fails("x", "x", "'x' is both input and output");
  fails("x,x", "y", "'x' is named twice");
}

TEST_CASE("optimize says what it cannot do", "[cli][optimize]") {
  const TemporaryFolder folder;
  const std::string model = folder.Write("m.onnx", ConvModel().SerializeAsString());
  CHECK(RunProgram({"optimize", model}).status == 2);
  const ProgramResult unwritable =
      RunProgram({"optimize", model, "-o", folder.path() + "/no/out.onnx"});
  CHECK(unwritable.status == 1);
  CHECK_THAT(unwritable.err, Contains("cannot write"));
  wire::ModelProto unknown = ConvModel();
  unknown.mutable_graph()->mutable_node(0)->set_op_type("Convv");
  const ProgramResult refused =
      RunProgram({"optimize", folder.Write("u.onnx", unknown.SerializeAsString()), "-o",
                  folder.path() + "/out.onnx"});
  CHECK(refused.status == 1);
  CHECK_THAT(refused.err, Contains("did you mean 'Conv'?"));
}

TEST_CASE("optimize keeps what may be overridden", "[cli][optimize]") {
  const TemporaryFolder folder;
  wire::ModelProto model = NewModel();
  AddInput(model.mutable_graph(), "x", {1});
  *model.mutable_graph()->add_initializer() = FloatTensor("x", {1}, {3});
  AddNode(model.mutable_graph(), "Neg", {"x"}, {"y"});
  AddOutput(model.mutable_graph(), "y");
  const std::string out = folder.path() + "/out.onnx";
  REQUIRE(RunProgram({"optimize", folder.Write("m.onnx", model.SerializeAsString()), "-o", out})
              .status == 0);
  CHECK_THAT(RunProgram({"run", out}).out, Contains("-3"));
  CHECK_THAT(RunProgram({"run", out, "-i", "x==5"}).out, Contains("-5"));
}

}  // namespace
}  // namespace sardonyx
