// Names, types, initializers, attributes, subgraphs and their captures.
#include <catch2/catch.hpp>

#include "tests/importer/models.h"

namespace sardonyx {
namespace {

using Catch::Contains;
using A = wire::AttributeProto;

std::string Error(const wire::ModelProto& model) {
  const auto imported = Import(model);
  return imported.ok() ? "no error" : std::string(imported.status().message());
}

const std::string& NameOf(const Graph& graph, ValueId id) { return graph.value(id).name; }

TEST_CASE("A small model", "[importer]") {
  wire::ModelProto proto = NewModel(18, 9);
  auto* other = proto.add_opset_import();
  other->set_domain("com.example");
  other->set_version(3);
  proto.set_producer_name("maker");
  proto.set_model_version(5);
  auto* entry = proto.add_metadata_props();
  entry->set_key("k");
  entry->set_value("line\none");
  wire::GraphProto* g = proto.mutable_graph();
  AddInput(g, "x", {-1, 3});
  *g->add_initializer() = FloatTensor("w", {3}, {1, 2, 3});
  AddNode(g, "Add", {"x", "w"}, {"s"}, "ai.onnx");
  AddNode(g, "Thing", {"s", "", "s"}, {"", "y"}, "com.example")->set_name("thing");
  AddOutput(g, "y");
  auto* info = g->add_value_info();
  info->set_name("s");
  SetType(info->mutable_type(), {-1, 3});
  const auto model = Import(proto);
  INFO(model.status());
  REQUIRE(model.ok());
  const Graph& graph = (*model)->graph;
  CHECK((*model)->ir_version == 9);
  CHECK((*model)->opsets == std::map<std::string, int>{{"", 18}, {"com.example", 3}});
  CHECK((*model)->producer_name == "maker");
  CHECK((*model)->model_version == 5);
  CHECK((*model)->metadata.at("k") == "line\none");
  REQUIRE(graph.inputs.size() == 1);
  CHECK(graph.value(graph.inputs[0]).type.ToString() == "float[N,3]");
  REQUIRE(graph.nodes.size() == 2);
  const Node& add = graph.nodes[0];
  CHECK(add.domain.empty());
  CHECK(add.version == 18);
  CHECK(graph.constant(add.inputs[1])->data<float>()[2] == 3);
  CHECK(graph.value(add.outputs[0]).type.ToString() == "float[N,3]");
  const Node& thing = graph.nodes[1];
  CHECK(thing.Describe() == "node 'thing' (com.example.Thing, #1)");
  CHECK(thing.version == 3);
  CHECK(thing.inputs == std::vector<ValueId>{add.outputs[0], kNoValue, add.outputs[0]});
  CHECK(thing.outputs[0] == kNoValue);
  CHECK(NameOf(graph, graph.outputs[0]) == "y");
}

TEST_CASE("A dimension '?' is not known, and no name", "[importer]") {
  wire::ModelProto proto = NewModel();
  wire::GraphProto* g = proto.mutable_graph();
  AddInput(g, "x", {-1, -1});
  for (auto& dim : *g->mutable_input(0)
                        ->mutable_type()
                        ->mutable_tensor_type()
                        ->mutable_shape()
                        ->mutable_dim()) {
    dim.set_dim_param("?");
  }
  AddNode(g, "Relu", {"x"}, {"y"});
  AddOutput(g, "y");
  const auto model = Import(proto);
  INFO(model.status());
  REQUIRE(model.ok());
  const Graph& graph = (*model)->graph;
  for (const Dim& dim : *graph.value(graph.inputs[0]).type.shape) CHECK(dim.symbol.empty());
}

TEST_CASE("An initializer that is an input is a default, before IR 4 a constant", "[importer]") {
  for (int ir : {3, 4, 14}) {
    wire::ModelProto proto = NewModel(9, ir);
    wire::GraphProto* g = proto.mutable_graph();
    AddInput(g, "x", {2});
    AddInput(g, "w", {2});
    *g->add_initializer() = FloatTensor("w", {2}, {1, 2});
    AddNode(g, "Add", {"x", "w"}, {"y"});
    AddOutput(g, "y");
    const auto model = Import(proto);
    REQUIRE(model.ok());
    const Graph& graph = (*model)->graph;
    CHECK(graph.inputs.size() == (ir < 4 ? 1 : 2));
    CHECK(graph.constant(graph.nodes[0].inputs[1]) != nullptr);
  }
}

TEST_CASE("Nodes in any order that has no cycle", "[importer]") {
  wire::ModelProto proto = NewModel();
  wire::GraphProto* g = proto.mutable_graph();
  AddInput(g, "x", {2});
  AddNode(g, "Relu", {"b"}, {"c"});
  AddNode(g, "Relu", {"a"}, {"b"});
  AddNode(g, "Relu", {"x"}, {"a"});
  AddOutput(g, "c");
  const auto model = Import(proto);
  REQUIRE(model.ok());
  CHECK((*model)->graph.nodes[0].index == 2);
  g->mutable_node(2)->set_input(0, "c");
  CHECK_THAT(Error(proto), Contains("cycle"));
}

TEST_CASE("Attributes of every type", "[importer]") {
  wire::ModelProto proto = ReluModel();
  wire::NodeProto* node = proto.mutable_graph()->mutable_node(0);
  AddAttribute(node, "f", A::FLOAT)->set_f(0.5f);
  AddAttribute(node, "i", A::INT)->set_i(-7);
  AddAttribute(node, "s", A::STRING)->set_s("text");
  *AddAttribute(node, "t", A::TENSOR)->mutable_t() = FloatTensor("", {2}, {1, 2});
  SetType(AddAttribute(node, "tp", A::TYPE_PROTO)->mutable_tp(), {3});
  AddAttribute(node, "floats", A::FLOATS)->add_floats(2);
  AddAttribute(node, "ints", A::INTS)->add_ints(3);
  AddAttribute(node, "strings", A::STRINGS)->add_strings("a");
  *AddAttribute(node, "tensors", A::TENSORS)->add_tensors() = FloatTensor("", {1}, {9});
  SetType(AddAttribute(node, "types", A::TYPE_PROTOS)->add_type_protos(), {});
  AddAttribute(node, "untyped", A::UNDEFINED)->set_i(4);
  wire::SparseTensorProto* sparse =
      AddAttribute(node, "sparse", A::SPARSE_TENSOR)->mutable_sparse_tensor();
  *sparse->mutable_values() = FloatTensor("", {1}, {6});
  sparse->mutable_indices()->set_data_type(wire::TensorProto::INT64);
  sparse->mutable_indices()->add_dims(1);
  sparse->mutable_indices()->add_int64_data(2);
  sparse->add_dims(4);
  const auto model = Import(proto);
  INFO(model.status());
  REQUIRE(model.ok());
  const auto& attributes = (*model)->graph.nodes[0].attributes;
  CHECK(std::get<float>(attributes.at("f").data) == 0.5f);
  CHECK(std::get<int64_t>(attributes.at("i").data) == -7);
  CHECK(std::get<std::string>(attributes.at("s").data) == "text");
  CHECK(std::get<Tensor>(attributes.at("t").data).data<float>()[1] == 2);
  CHECK(std::get<Type>(attributes.at("tp").data).ToString() == "float[3]");
  CHECK(std::get<std::vector<float>>(attributes.at("floats").data)[0] == 2);
  CHECK(std::get<std::vector<int64_t>>(attributes.at("ints").data)[0] == 3);
  CHECK(std::get<std::vector<std::string>>(attributes.at("strings").data)[0] == "a");
  CHECK(std::get<std::vector<Tensor>>(attributes.at("tensors").data)[0].data<float>()[0] == 9);
  CHECK(std::get<std::vector<Type>>(attributes.at("types").data)[0].ToString() == "float[]");
  CHECK(std::get<int64_t>(attributes.at("untyped").data) == 4);
  const Tensor& dense = std::get<Tensor>(attributes.at("sparse").data);
  CHECK(dense.ToString() == "float[4]");
  CHECK(dense.data<float>()[2] == 6);
  CHECK(dense.data<float>()[3] == 0);
}

TEST_CASE("Sparse initializers become dense", "[importer]") {
  wire::ModelProto proto = NewModel();
  wire::GraphProto* g = proto.mutable_graph();
  wire::SparseTensorProto* sparse = g->add_sparse_initializer();
  *sparse->mutable_values() = FloatTensor("w", {2}, {5, 6});
  wire::TensorProto* indices = sparse->mutable_indices();
  indices->set_data_type(wire::TensorProto::INT64);
  for (int64_t dim : {2, 2}) indices->add_dims(dim);
  for (int64_t index : {0, 1, 2, 0}) indices->add_int64_data(index);
  for (int64_t dim : {3, 2}) sparse->add_dims(dim);
  AddNode(g, "Relu", {"w"}, {"y"});
  AddOutput(g, "y");
  const auto model = Import(proto);
  INFO(model.status());
  REQUIRE(model.ok());
  const Tensor* w = (*model)->graph.constant(0);
  const std::vector<float> expected = {0, 5, 0, 0, 6, 0};
  CHECK(std::equal(expected.begin(), expected.end(), w->data<float>()));

  indices->set_int64_data(2, 3);
  CHECK_THAT(Error(proto), Contains("initializer 'w'") && Contains("outside its shape [3,2]"));
  indices->set_int64_data(2, -1);
  CHECK_THAT(Error(proto), Contains("outside its shape"));
  sparse->set_dims(0, int64_t{1} << 50);
  CHECK_THAT(Error(proto), Contains("tensor_bytes"));
  sparse->set_dims(0, 3);
  indices->set_dims(1, 1);
  CHECK_FALSE(Import(proto).ok());
}

// An If inside an If inside an If; the innermost reads from each level.
TEST_CASE("Captures are chained through three levels", "[importer]") {
  wire::ModelProto proto = NewModel();
  wire::GraphProto* g0 = proto.mutable_graph();
  AddInput(g0, "c", {}, DataType::kBool);
  AddInput(g0, "x0", {2});
  wire::GraphProto* at = g0;
  for (int level = 1; level <= 3; ++level) {
    const std::string digit = std::to_string(level);
    wire::NodeProto* node = AddNode(at, "If", {"c"}, {"y" + std::to_string(level - 1)});
    AddOutput(at, "y" + std::to_string(level - 1));
    wire::GraphProto* other = AddAttribute(node, "else_branch", A::GRAPH)->mutable_g();
    AddNode(other, "Relu", {"x0"}, {"e" + digit});
    AddOutput(other, "e" + digit);
    at = AddAttribute(node, "then_branch", A::GRAPH)->mutable_g();
    at->set_name("level " + digit);
    AddNode(at, "Relu", {"x" + std::to_string(level - 1)}, {"x" + digit});
  }
  AddNode(at, "Sum", {"x0", "x1", "x2", "x3"}, {"y3"});
  AddOutput(at, "y3");
  const auto model = Import(proto);
  INFO(model.status());
  REQUIRE(model.ok());
  const Graph* graph = &(*model)->graph;
  std::vector<Names> captured;
  for (int level = 0; level < 3; ++level) {
    const Node& node = graph->nodes.back();
    const auto& body = std::get<std::shared_ptr<Graph>>(node.attributes.at("then_branch").data);
    Names names;
    for (const Capture& capture : body->captures) {
      CHECK(NameOf(*body, capture.inner) == NameOf(*graph, capture.outer));
      names.push_back(NameOf(*body, capture.inner));
    }
    std::sort(names.begin(), names.end());
    captured.push_back(names);
    graph = body.get();
  }
  CHECK(captured[0] == Names{"c", "x0"});
  CHECK(captured[1] == Names{"c", "x0", "x1"});
  CHECK(captured[2] == Names{"x0", "x1", "x2"});
}

TEST_CASE("A name of a subgraph hides the outer one, unless it is read before", "[importer]") {
  wire::ModelProto proto = NewModel();
  wire::GraphProto* g = proto.mutable_graph();
  AddInput(g, "c", {}, DataType::kBool);
  AddInput(g, "x", {2});
  wire::NodeProto* node = AddNode(g, "If", {"c"}, {"y"});
  AddOutput(g, "y");
  for (const char* branch : {"then_branch", "else_branch"}) {
    wire::GraphProto* body = AddAttribute(node, branch, A::GRAPH)->mutable_g();
    *body->add_initializer() = FloatTensor("x", {2}, {1, 2});
    AddNode(body, "Relu", {"x"}, {"z"});
    AddOutput(body, "z");
  }
  const auto model = Import(proto);
  INFO(model.status());
  REQUIRE(model.ok());
  CHECK((*model)->graph.nodes[0].Subgraphs()[0]->captures.empty());

  wire::GraphProto* body = node->mutable_attribute(0)->mutable_g();
  body->clear_initializer();
  AddNode(body, "Relu", {"z"}, {"x"});
  CHECK_THAT(Error(proto), Contains("computes later"));
}

TEST_CASE("Names that are wrong", "[importer][robust]") {
  wire::ModelProto proto = ReluModel();
  wire::GraphProto* g = proto.mutable_graph();
  g->mutable_node(0)->set_input(0, "X");
  CHECK_THAT(Error(proto), Contains("node 'relu' (Relu, #0): input 0, 'X' is not defined; did you "
                                    "mean 'x'?"));
  g->mutable_node(0)->set_input(0, "x");
  g->mutable_output(0)->set_name("z");
  CHECK_THAT(Error(proto), Contains("graph output 'z' is not defined"));
  g->mutable_output(0)->set_name("y");
  AddNode(g, "Relu", {"x"}, {"y"});
  CHECK_THAT(Error(proto), Contains("computes 'y', which is computed by node #0 (Relu) already"));
  g->mutable_node(1)->set_output(0, "x");
  CHECK_THAT(Error(proto), Contains("computes 'x', which is an input or initializer already"));
  g->mutable_node(1)->set_output(0, "z");
  CHECK(Import(proto).ok());
  AddInput(g, "x", {1});
  CHECK_THAT(Error(proto), Contains("two graph inputs 'x'"));
  g->mutable_input(1)->set_name("");
  CHECK_THAT(Error(proto), Contains("has no name"));
  // Every problem is told, one a line.
  g->mutable_node(0)->set_input(0, "no1");
  g->mutable_node(1)->set_input(0, "no2");
  CHECK_THAT(Error(proto), Contains("'no1'") && Contains("\n") && Contains("'no2'"));
  // Bytes that are no text are shown escaped.
  g->mutable_node(0)->set_input(0, "\xff\x1b[31m");
  CHECK_THAT(Error(proto), Contains("'\\xff\\x1b[31m'"));
}

TEST_CASE("A model without nodes hands its input through", "[importer]") {
  wire::ModelProto proto = NewModel();
  AddInput(proto.mutable_graph(), "x", {1});
  AddOutput(proto.mutable_graph(), "x");
  const auto model = Import(proto);
  REQUIRE(model.ok());
  CHECK((*model)->graph.outputs == (*model)->graph.inputs);
}

}  // namespace
}  // namespace sardonyx
