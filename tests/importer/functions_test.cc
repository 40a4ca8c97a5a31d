// Functions that a model brings: what is expanded, and what is refused.
#include <catch2/catch.hpp>

#include "tests/importer/models.h"

namespace sardonyx {
namespace {

using Catch::Contains;
using A = wire::AttributeProto;

std::string Error(const wire::ModelProto& model, const ImportOptions& options = {}) {
  const auto imported = Import(model, "", options);
  return imported.ok() ? "no error" : std::string(imported.status().message());
}

wire::FunctionProto* AddFunction(wire::ModelProto* model, const std::string& name,
                                 const Names& inputs, const Names& outputs, int opset = 13) {
  wire::FunctionProto* function = model->add_functions();
  function->set_domain("my");
  function->set_name(name);
  for (const std::string& input : inputs) function->add_input(input);
  for (const std::string& output : outputs) function->add_output(output);
  function->add_opset_import()->set_version(opset);
  return function;
}

wire::NodeProto* Call(wire::ModelProto* model, const std::string& name, const Names& inputs,
                      const Names& outputs) {
  return AddNode(model->mutable_graph(), name, inputs, outputs, "my");
}

wire::ModelProto Base() {
  wire::ModelProto model = NewModel(21);
  AddInput(model.mutable_graph(), "x", {2});
  AddOutput(model.mutable_graph(), "y");
  return model;
}

TEST_CASE("A function is expanded at each call, in its own operator set", "[importer]") {
  wire::ModelProto proto = Base();
  wire::FunctionProto* twice = AddFunction(&proto, "Twice", {"a"}, {"b"});
  AddNode(twice, "Relu", {"a"}, {"t"})->set_name("first");
  AddNode(twice, "Neg", {"t"}, {"b"});
  Call(&proto, "Twice", {"x"}, {"m"})->set_name("one");
  Call(&proto, "Twice", {"m"}, {"y"})->set_name("two");
  const auto model = Import(proto);
  INFO(model.status());
  REQUIRE(model.ok());
  const Graph& graph = (*model)->graph;
  REQUIRE(graph.nodes.size() == 4);
  CHECK(graph.nodes[0].name == "one/first");
  CHECK(graph.nodes[2].name == "two/first");
  CHECK(graph.nodes[2].index == 1);
  CHECK(graph.nodes[0].version == 13);
  CHECK(graph.value(graph.nodes[0].outputs[0]).name == "one/t");
  CHECK(graph.value(graph.nodes[3].outputs[0]).name == "y");
  CHECK(graph.nodes[2].inputs[0] == graph.nodes[1].outputs[0]);
}

TEST_CASE("Overloads are different functions", "[importer]") {
  wire::ModelProto proto = Base();
  for (const char* overload : {"", "neg"}) {
    wire::FunctionProto* f = AddFunction(&proto, "F", {"a"}, {"b"});
    f->set_overload(overload);
    AddNode(f, *overload == 0 ? "Relu" : "Neg", {"a"}, {"b"});
  }
  Call(&proto, "F", {"x"}, {"m"});
  Call(&proto, "F", {"m"}, {"y"})->set_overload("neg");
  const auto model = Import(proto);
  REQUIRE(model.ok());
  CHECK((*model)->graph.nodes[0].op_type == "Relu");
  CHECK((*model)->graph.nodes[1].op_type == "Neg");
  proto.mutable_functions(1)->set_overload("");
  CHECK_THAT(Error(proto), Contains("function 'my.F' is defined twice"));
}

TEST_CASE("Attributes refer to what the function was called with", "[importer]") {
  wire::ModelProto proto = Base();
  wire::FunctionProto* inner = AddFunction(&proto, "Inner", {"a"}, {"b"});
  inner->add_attribute("alpha");
  wire::AttributeProto* beta = inner->add_attribute_proto();
  beta->set_name("beta");
  beta->set_type(A::FLOAT);
  beta->set_f(0.25f);
  wire::NodeProto* node = AddNode(inner, "HardSigmoid", {"a"}, {"b"});
  AddAttribute(node, "alpha", A::FLOAT)->set_ref_attr_name("alpha");
  AddAttribute(node, "beta", A::FLOAT)->set_ref_attr_name("beta");
  wire::FunctionProto* outer = AddFunction(&proto, "Outer", {"a"}, {"b"});
  outer->add_attribute("slope");
  auto* import = outer->add_opset_import();
  import->set_domain("my");
  import->set_version(1);
  AddAttribute(AddNode(outer, "Inner", {"a"}, {"b"}, "my"), "alpha", A::FLOAT)
      ->set_ref_attr_name("slope");

  Call(&proto, "Outer", {"x"}, {"m"});  // nothing given: alpha is left out, beta has a default
  AddAttribute(Call(&proto, "Outer", {"m"}, {"n"}), "slope", A::FLOAT)->set_f(3);
  AddAttribute(Call(&proto, "Inner", {"n"}, {"y"}), "beta", A::FLOAT)->set_f(4);
  const auto model = Import(proto);
  INFO(model.status());
  REQUIRE(model.ok());
  const auto& nodes = (*model)->graph.nodes;
  REQUIRE(nodes.size() == 3);
  CHECK(nodes[0].attributes.count("alpha") == 0);
  CHECK(std::get<float>(nodes[0].attributes.at("beta").data) == 0.25f);
  CHECK(std::get<float>(nodes[1].attributes.at("alpha").data) == 3);
  CHECK(std::get<float>(nodes[2].attributes.at("beta").data) == 4);

  wire::ModelProto wrong = proto;
  wrong.mutable_graph()->mutable_node(1)->mutable_attribute(0)->set_name("slop");
  CHECK_THAT(Error(wrong), Contains("has no such attribute; did you mean 'slope'?"));
  wrong = proto;
  wrong.mutable_graph()->mutable_node(1)->mutable_attribute(0)->set_type(A::INT);
  CHECK_THAT(Error(wrong), Contains("was given as type"));
  wrong = proto;
  wrong.mutable_graph()->mutable_node(1)->mutable_attribute(0)->set_ref_attr_name("z");
  CHECK_THAT(Error(wrong), Contains("it is not in a function"));
}

TEST_CASE("Subgraphs in functions see the function's names", "[importer]") {
  wire::ModelProto proto = Base();
  AddInput(proto.mutable_graph(), "c", {}, DataType::kBool);
  wire::FunctionProto* f = AddFunction(&proto, "Choose", {"cond", "a"}, {"b"});
  f->add_attribute("alpha");
  AddNode(f, "Neg", {"a"}, {"n"});
  wire::NodeProto* node = AddNode(f, "If", {"cond"}, {"b"});
  for (const char* branch : {"then_branch", "else_branch"}) {
    wire::GraphProto* body = AddAttribute(node, branch, A::GRAPH)->mutable_g();
    AddAttribute(AddNode(body, "LeakyRelu", {"n"}, {"r"}), "alpha", A::FLOAT)
        ->set_ref_attr_name("alpha");
    AddOutput(body, "r");
  }
  AddAttribute(Call(&proto, "Choose", {"c", "x"}, {"y"}), "alpha", A::FLOAT)->set_f(0.5f);
  const auto model = Import(proto);
  INFO(model.status());
  REQUIRE(model.ok());
  const Graph& graph = (*model)->graph;
  const Graph& body = *graph.nodes[1].Subgraphs()[0];
  REQUIRE(body.captures.size() == 1);
  CHECK(graph.value(body.captures[0].outer).name == "Choose/n");
  CHECK(std::get<float>(body.nodes[0].attributes.at("alpha").data) == 0.5f);
  // But not the model's.
  f->mutable_node(0)->set_input(0, "x");
  CHECK_THAT(Error(proto), Contains("'x' is not defined"));
}

TEST_CASE("Inputs and outputs that a call leaves out or hands through", "[importer]") {
  wire::ModelProto proto = Base();
  wire::FunctionProto* f = AddFunction(&proto, "F", {"a", "min"}, {"b", "same", "more"});
  f->mutable_output(1)->assign("a");
  AddNode(f, "Clip", {"a", "min"}, {"b"});
  AddNode(f, "Neg", {"b"}, {"more"});
  Call(&proto, "F", {"x"}, {"", "passed"});
  AddNode(proto.mutable_graph(), "Relu", {"passed"}, {"y"});
  const auto model = Import(proto);
  INFO(model.status());
  REQUIRE(model.ok());
  const Graph& graph = (*model)->graph;
  CHECK(graph.nodes[0].inputs[1] == kNoValue);
  CHECK(graph.nodes[2].inputs[0] == graph.inputs[0]);
  proto.mutable_graph()->mutable_output(0)->set_name("passed");
  const auto handed = Import(proto);
  REQUIRE(handed.ok());
  CHECK((*handed)->graph.outputs == (*handed)->graph.inputs);
  CHECK((*handed)->graph.OutputName(0) == "passed");
}

TEST_CASE("A subgraph given to a function may be used within its subgraphs", "[importer]") {
  wire::ModelProto proto = Base();
  AddInput(proto.mutable_graph(), "c", {}, DataType::kBool);
  wire::FunctionProto* f = AddFunction(&proto, "Choose", {"cond", "n"}, {"b"});
  f->add_attribute("branch");
  // If cond, then if cond again what the caller gave, else the function's own n.
  wire::NodeProto* outer = AddNode(f, "If", {"cond"}, {"b"});
  wire::GraphProto* then = AddAttribute(outer, "then_branch", A::GRAPH)->mutable_g();
  wire::NodeProto* inner = AddNode(then, "If", {"cond"}, {"r"});
  AddAttribute(inner, "then_branch", A::GRAPH)->set_ref_attr_name("branch");
  AddOutput(then, "r");
  for (wire::NodeProto* node : {outer, inner}) {
    wire::GraphProto* body = AddAttribute(node, "else_branch", A::GRAPH)->mutable_g();
    AddNode(body, "Neg", {"n"}, {"s"});
    AddOutput(body, "s");
  }
  AddNode(proto.mutable_graph(), "Relu", {"x"}, {"n"});  // not the function's n
  wire::GraphProto* given =
      AddAttribute(Call(&proto, "Choose", {"c", "x"}, {"y"}), "branch", A::GRAPH)->mutable_g();
  AddNode(given, "Abs", {"n"}, {"t"});
  AddOutput(given, "t");
  const auto model = Import(proto);
  INFO(model.status());
  REQUIRE(model.ok());
  const Graph& graph = (*model)->graph;
  const Graph& middle = *graph.nodes[1].Subgraphs()[1];
  const Graph& branch = *middle.nodes[0].Subgraphs()[1];
  REQUIRE(branch.nodes[0].op_type == "Abs");
  REQUIRE(branch.captures.size() == 1);
  const auto captured = std::find_if(
      middle.captures.begin(), middle.captures.end(),
      [&](const Capture& capture) { return capture.inner == branch.captures[0].outer; });
  REQUIRE(captured != middle.captures.end());
  CHECK(graph.value(captured->outer).name == "n");
}

TEST_CASE("Functions that are wrong", "[importer][robust]") {
  wire::ModelProto proto = Base();
  wire::FunctionProto* f = AddFunction(&proto, "F", {"a"}, {"b"});
  AddNode(f, "Relu", {"a"}, {"b"});
  Call(&proto, "F", {"x"}, {"y"})->set_name("call");
  REQUIRE(Import(proto).ok());
  wire::ModelProto wrong = proto;
  wrong.mutable_functions(0)->clear_opset_import();
  CHECK_THAT(Error(wrong), Contains("the function imports no version of operator set ai.onnx"));
  wrong = proto;
  wrong.mutable_functions(0)->mutable_opset_import(0)->set_version(29);
  CHECK_THAT(Error(wrong), Contains("function 'my.F'") && Contains("newer than 28"));
  wrong = proto;
  wrong.mutable_graph()->mutable_node(0)->add_input("x");
  CHECK_THAT(Error(wrong), Contains("2 inputs and 1 outputs, function 'my.F' has 1 and 1"));
  wrong = proto;
  wrong.mutable_functions(0)->mutable_node(0)->set_output(0, "c");
  CHECK_THAT(Error(wrong), Contains("does not compute its output 'b'"));
  wrong = proto;
  wrong.mutable_functions(0)->mutable_node(0)->set_output(0, "a");
  CHECK_THAT(Error(wrong), Contains("computes 'a', which is an input"));
  wrong = proto;
  wrong.mutable_functions(0)->add_input("a");
  CHECK_THAT(Error(wrong), Contains("two inputs 'a'"));
  wrong = proto;
  wrong.mutable_functions(0)->clear_name();
  CHECK_THAT(Error(wrong), Contains("a function has no name"));
}

TEST_CASE("Functions that call themselves, and calls that multiply", "[importer][robust]") {
  wire::ModelProto proto = Base();
  wire::FunctionProto* f = AddFunction(&proto, "F", {"a"}, {"b"});
  wire::FunctionProto* g = AddFunction(&proto, "G", {"a"}, {"b"});
  AddNode(f, "G", {"a"}, {"b"}, "my");
  AddNode(g, "F", {"a"}, {"b"}, "my");
  Call(&proto, "F", {"x"}, {"y"});
  CHECK_THAT(Error(proto), Contains("function 'my.F' calls itself"));

  // Each calls the one below it twice: 2^40 nodes from 40 functions.
  wire::ModelProto bomb = Base();
  AddNode(AddFunction(&bomb, "F0", {"a"}, {"b"}), "Relu", {"a"}, {"b"});
  for (int i = 1; i <= 40; ++i) {
    wire::FunctionProto* level = AddFunction(&bomb, "F" + std::to_string(i), {"a"}, {"b"});
    const std::string below = "F" + std::to_string(i - 1);
    AddNode(level, below, {"a"}, {"t"}, "my");
    AddNode(level, below, {"t"}, {"b"}, "my");
  }
  Call(&bomb, "F40", {"x"}, {"y"});
  ImportOptions options;
  options.limits.nodes = 1000;
  CHECK_THAT(Error(bomb, options), Contains("limit nodes, 1000"));
  options.limits.nodes = int64_t{1} << 60;
  options.limits.nesting = 20;
  CHECK_THAT(Error(bomb, options), Contains("limit nesting, 20"));
}

}  // namespace
}  // namespace sardonyx
