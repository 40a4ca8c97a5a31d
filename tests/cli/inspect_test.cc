// What `sardonyx inspect` shows besides the table of layers.
#include <catch2/catch.hpp>

#include "tests/cli/program.h"

namespace sardonyx {
namespace {

using Catch::Contains;
using nlohmann::json;

/// y = Relu(x + w) * (x + w), x float[N,4]; `w` holds a zero and a NaN.
wire::ModelProto BranchingModel() {
  wire::ModelProto model = NewModel();
  AddInput(model.mutable_graph(), "x", {-1, 4});
  *model.mutable_graph()->add_initializer() = FloatTensor("w", {4}, {0, 1, -3, std::nanf("")});
  AddNode(model.mutable_graph(), "Add", {"x", "w"}, {"sum"})->set_name("add");
  AddNode(model.mutable_graph(), "Relu", {"sum"}, {"positive"});
  AddNode(model.mutable_graph(), "Mul", {"positive", "sum"}, {"y"});
  AddOutput(model.mutable_graph(), "y");
  return model;
}

std::string Write(const TemporaryFolder& folder, const std::string& name,
                  const wire::ModelProto& model) {
  return folder.Write(name, model.SerializeAsString());
}

TEST_CASE("inspect names dimensions that nothing fixes", "[cli][inspect]") {
  const TemporaryFolder folder;
  const std::string model = Write(folder, "m.onnx", BranchingModel());
  CHECK_THAT(RunProgram({"inspect", model}).out, Contains("Nx4"));
  CHECK_THAT(RunProgram({"inspect", model, "-d", "N=3"}).out, Contains("3x4") && !Contains("Nx4"));
  const json layer = RunProgram({"inspect", model, "--json", "-"}).json()["layers"][0];
  CHECK(layer["output_shape"] == json::array({1, 4}));
  CHECK(layer["named_output_shape"] == json::array({"N", 4}));
}

TEST_CASE("inspect --weights gives range, zeros and what is not finite", "[cli][inspect]") {
  const TemporaryFolder folder;
  const std::string model = Write(folder, "m.onnx", BranchingModel());
  const ProgramResult text = RunProgram({"inspect", model, "--weights"});
  CHECK(text.status == 0);
  CHECK_THAT(text.out, Contains("w       float[4]  16 B   -3    1  -0.6667  25.0 %    1"));
  const json weights = RunProgram({"inspect", model, "--weights", "--json", "-"}).json()["weights"];
  REQUIRE(weights.size() == 1);
  CHECK(weights[0]["name"] == "w");
  CHECK(weights[0]["sparsity"] == 0.25);
  CHECK(weights[0]["nans"] == 1);
  CHECK(weights[0]["histogram"].size() == 16);
  CHECK(weights[0]["histogram"][0] == 1);
}

TEST_CASE("inspect --weights shows those of a model that cannot run", "[cli][inspect]") {
  const TemporaryFolder folder;
  wire::ModelProto unknown = BranchingModel();
  unknown.mutable_graph()->mutable_node(1)->set_op_type("Rellu");
  const ProgramResult result =
      RunProgram({"inspect", Write(folder, "m.onnx", unknown), "--weights", "--json", "-"});
  CHECK(result.status == 1);
  CHECK_THAT(result.err, Contains("did you mean 'Relu'?"));
  CHECK_THAT(result.json()["error"].get<std::string>(), Contains("Rellu"));
  CHECK(result.json()["weights"].size() == 1);
}

TEST_CASE("inspect shows the inputs of a model that takes other sizes than 1", "[cli][inspect]") {
  const TemporaryFolder folder;
  wire::ModelProto model = NewModel();
  AddInput(model.mutable_graph(), "x", {-1, 2});
  *model.mutable_graph()->add_initializer() = FloatTensor("w", {3, 1}, {1, 2, 3});
  wire::NodeProto* node = AddNode(model.mutable_graph(), "MatMul", {"x", "w"}, {"y"});
  node->set_input(0, "turned");
  AddNode(model.mutable_graph(), "Transpose", {"x"}, {"turned"});
  AddOutput(model.mutable_graph(), "y");
  const std::string path = Write(folder, "m.onnx", model);
  const ProgramResult result = RunProgram({"inspect", path, "--json", "-"});
  CHECK(result.status == 1);
  CHECK_THAT(result.err, Contains("dimension N is 1; -d N=SIZE sets it") && Contains("(MatMul"));
  CHECK(result.json()["inputs"][0]["name"] == "x");
  CHECK(RunProgram({"inspect", path, "-d", "N=3"}).status == 0);
}

TEST_CASE("inspect --memory says what lives where, and when", "[cli][inspect]") {
  const TemporaryFolder folder;
  const std::string model = Write(folder, "m.onnx", BranchingModel());
  const ProgramResult text = RunProgram({"inspect", model, "-d", "N=64", "--memory"});
  CHECK(text.status == 0);
  CHECK_THAT(text.out, Contains("peak: 2.00 KiB at layer 1 (Relu)"));
  const json memory =
      RunProgram({"inspect", model, "-d", "N=64", "--memory", "--json", "-"}).json()["memory"];
  CHECK(memory["peak_layer"] == 1);
  CHECK(memory["peak_bytes"] == 2048);
  CHECK(memory["arena_bytes"] == 1024);
  CHECK(memory["bytes_by_layer"] == json::array({1024, 2048, 2048}));
  REQUIRE(memory["buffers"].size() == 2);
  CHECK(memory["buffers"][0]["values"] == json::array({"sum"}));
  CHECK(memory["buffers"][0]["offset"] == 0);
  CHECK(memory["buffers"][0]["first_layer"] == 0);
  CHECK(memory["buffers"][0]["last_layer"] == 2);
  CHECK(memory["buffers"][1]["values"] == json::array({"positive", "y"}));  // Mul in its place
  CHECK(memory["buffers"][1]["offset"].is_null());  // it leaves the run as an output
  CHECK(memory["buffers"][1]["at_peak"] == true);
}

TEST_CASE("inspect --dot draws every connection", "[cli][inspect]") {
  const TemporaryFolder folder;
  wire::ModelProto model = BranchingModel();
  model.mutable_graph()->mutable_node(0)->set_name("a \"name\"");
  const std::string file = folder.path() + "/m.dot";
  const ProgramResult result =
      RunProgram({"inspect", Write(folder, "m.onnx", model), "-d", "N=2", "--dot", file});
  CHECK(result.status == 0);
  const std::string dot = ReadAll(file);
  CHECK_THAT(dot, Contains("digraph model {") && Contains("\"x\\nfloat[2,4]\"") &&
                      Contains("tooltip=\"a \\\"name\\\"\""));
  for (const char* edge : {"input0 -> layer0;", "layer0 -> layer1;", "layer0 -> layer2;",
                           "layer1 -> layer2;", "layer2 -> output0;"}) {
    CHECK_THAT(dot, Contains(edge));
  }
  const ProgramResult unwritable = RunProgram({"inspect", Write(folder, "m.onnx", model), "--dot",
                                               folder.path() + "/none/m.dot", "--json", "-"});
  CHECK(unwritable.status == 1);
  CHECK_THAT(unwritable.err, Contains("cannot write '"));
  CHECK(unwritable.json()["layers"].size() == 3);  // what was found is kept
}

/// y = condition ? -positive : |positive|, positive = Relu(x): read by the branches alone.
wire::ModelProto CapturingModel() {
  wire::ModelProto model = NewModel();
  wire::GraphProto* graph = model.mutable_graph();
  AddInput(graph, "x", {4});
  AddInput(graph, "condition", {}, DataType::kBool);
  AddNode(graph, "Relu", {"x"}, {"positive"});
  wire::NodeProto* choice = AddNode(graph, "If", {"condition"}, {"y"});
  for (const auto& [branch, op] : {std::pair("then_branch", "Neg"), {"else_branch", "Abs"}}) {
    wire::GraphProto* body = AddAttribute(choice, branch, wire::AttributeProto::GRAPH)->mutable_g();
    AddNode(body, op, {"positive"}, {"result"});
    AddOutput(body, "result");
  }
  AddOutput(graph, "y");
  return model;
}

TEST_CASE("inspect shows what subgraphs read of the graph around them", "[cli][inspect]") {
  const TemporaryFolder folder;
  const std::string file = folder.path() + "/m.dot";
  const ProgramResult result = RunProgram(
      {"inspect", Write(folder, "m.onnx", CapturingModel()), "--dot", file, "--json", "-"});
  CHECK(result.status == 0);
  const json choice = result.json()["layers"][1];
  CHECK(choice["op"] == "If");
  CHECK(choice["captured_names"] == json::array({"positive"}));
  CHECK(choice["producers"] == json::array({-1, 0}));
  CHECK_THAT(ReadAll(file), Contains("  layer0 -> layer1;\n") && Contains("input1 -> layer1;"));
}

TEST_CASE("inspect --dot of real models has an edge into and out of every layer",
          "[cli][inspect]") {
  const TemporaryFolder folder;
  const std::string model = std::string(SARDONYX_SOURCE_DIR) + "/models/resnet18/model.onnx";
  const std::string file = folder.path() + "/m.dot";
  const json plan =
      RunProgram({"inspect", model, "-d", "N=1", "--dot", file, "--json", "-"}).json();
  const std::string dot = ReadAll(file);
  for (size_t i = 0; i < plan["layers"].size(); ++i) {
    const std::string layer = "layer" + std::to_string(i);
    CHECK_THAT(dot, Contains("-> " + layer + ";") && Contains(layer + " -> "));
  }
}

TEST_CASE("inspect --diff lists what another model has differently", "[cli][inspect]") {
  const TemporaryFolder folder;
  const std::string a = Write(folder, "a.onnx", BranchingModel());
  wire::ModelProto changed = BranchingModel();
  wire::GraphProto* graph = changed.mutable_graph();
  *graph->mutable_initializer(0) = FloatTensor("w", {4}, {0, 1.5, -3, std::nanf("")});
  graph->mutable_node(1)->set_op_type("LeakyRelu");
  AddAttribute(graph->mutable_node(1), "alpha", wire::AttributeProto::FLOAT)->set_f(0.25);
  AddNode(graph, "Neg", {"y"}, {"minus"});
  AddOutput(graph, "minus");
  const std::string b = Write(folder, "b.onnx", changed);

  const ProgramResult text = RunProgram({"inspect", a, "--diff", b});
  CHECK(text.status == 1);
  CHECK(text.out ==
        "output 'minus': only in the second\n"
        "node of 'positive': Relu -> LeakyRelu\n"
        "node of 'minus': only in the second\n"
        "weight 'w': float[4]: 1 of 4 elements differ, by 0.5 at most\n"
        "4 differences\n");
  const json differences = RunProgram({"inspect", a, "--diff", b, "--json", "-"}).json();
  CHECK(differences["schema"] == "sardonyx.inspect/1");
  REQUIRE(differences["differences"].size() == 4);
  CHECK(differences["differences"][3]["kind"] == "weight");
  CHECK(differences["differences"][3]["name"] == "w");

  wire::ModelProto steeper = changed;
  steeper.mutable_graph()->mutable_node(1)->mutable_attribute(0)->set_f(0.5);
  CHECK(RunProgram({"inspect", b, "--diff", Write(folder, "c.onnx", steeper)}).out ==
        "node of 'positive': LeakyRelu: attribute 'alpha': 0.25 -> 0.5\n1 difference\n");
  const ProgramResult same = RunProgram({"inspect", a, "--diff", a});
  CHECK(same.status == 0);
  CHECK(same.out == "0 differences\n");
  CHECK(RunProgram({"inspect", a, "--diff", b, "--memory"}).status == 2);
  CHECK(RunProgram({"inspect", a, "--diff", folder.path() + "/none.onnx"}).status == 2);
}

}  // namespace
}  // namespace sardonyx
