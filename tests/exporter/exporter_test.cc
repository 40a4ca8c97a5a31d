// What is particular about written models; that all official cases survive is tested by
// sardonyx_conformance --exported.
#include "exporter/exporter.h"

#include <catch2/catch.hpp>

#include "runtime/session/session.h"
#include "tests/graph_builder.h"
#include "tests/importer/models.h"

namespace sardonyx {
namespace {

using Catch::Contains;

wire::ModelProto Written(const Model& model) {
  const auto bytes = ExportBytes(model);
  INFO(bytes.status());
  REQUIRE(bytes.ok());
  wire::ModelProto proto;
  REQUIRE(proto.ParseFromString(*bytes));
  return proto;
}

std::vector<Value> RunWritten(const Model& model, const std::map<std::string, Value>& inputs) {
  const auto again = ImportBytes(*ExportBytes(model));
  INFO(again.status());
  REQUIRE(again.ok());
  auto session = Session::Create(*again);
  INFO(session.status());
  REQUIRE(session.ok());
  auto outputs = (*session)->Run(inputs);
  INFO(outputs.status());
  REQUIRE(outputs.ok());
  return *outputs;
}

TEST_CASE("Header, types and symbols are written", "[exporter]") {
  GraphBuilder builder;
  builder.Input("x", Type::Tensor(DataType::kFloat, SymbolicShape{Dim("N"), Dim(), Dim(3)}));
  builder.Input("s", Type::Sequence(Type::Optional(Type::Tensor(DataType::kInt64))));
  builder.Node("Relu", {"x"}, {"y"});
  builder.Output("y", Type::Tensor(DataType::kFloat));
  const std::shared_ptr<Model> model = builder.model();
  model->producer_name = "someone";
  model->metadata["key"] = "value";
  const wire::ModelProto proto = Written(*model);
  CHECK(proto.ir_version() == 10);
  CHECK(proto.opset_import(0).version() == 21);
  CHECK(proto.producer_name() == "someone");
  CHECK(proto.metadata_props(0).value() == "value");
  const auto& shape = proto.graph().input(0).type().tensor_type().shape();
  REQUIRE(shape.dim_size() == 3);
  CHECK(shape.dim(0).dim_param() == "N");
  CHECK_FALSE(shape.dim(1).has_dim_value());
  CHECK(shape.dim(2).dim_value() == 3);
  CHECK(proto.graph().input(1).type().sequence_type().elem_type().has_optional_type());
  CHECK_FALSE(proto.graph().output(0).type().tensor_type().has_shape());
}

TEST_CASE("A node of another opset version becomes a function", "[exporter]") {
  GraphBuilder builder(21);
  builder.Input("x", Type::Tensor(DataType::kFloat, Shape({2, 3})));
  builder.Node("Softmax", {"x"}, {"m"});
  builder.Node("Neg", {"m"}, {"y"});
  builder.Output("y", Type::Tensor(DataType::kFloat, Shape({2, 3})));
  const std::shared_ptr<Model> model = builder.model();
  model->ir_version = 7;
  model->graph.nodes[0].version = 9;  // along all axes from 1 on: here the same
  const wire::ModelProto proto = Written(*model);
  REQUIRE(proto.functions_size() == 1);
  CHECK(proto.functions(0).opset_import(0).version() == 9);
  CHECK(proto.ir_version() == 8);
  CHECK(proto.graph().node(0).domain() == proto.functions(0).domain());
  const auto again = ImportBytes(*ExportBytes(*model));
  REQUIRE(again.ok());
  CHECK((*again)->graph.nodes[0].op_type == "Softmax");
  CHECK((*again)->graph.nodes[0].version == 9);
  CHECK((*again)->graph.nodes[1].version == 21);
}

TEST_CASE("Subgraphs keep what they capture, whatever the names", "[exporter]") {
  const Type type = Type::Tensor(DataType::kFloat, Shape({2}));
  GraphBuilder builder;
  builder.Input("flag", Type::Tensor(DataType::kBool, Shape({})));
  builder.Input("x", type);
  builder.Node("Neg", {"x"}, {"t"});
  GraphBuilder then;  // gives back what it captures; and "t" is a name of the graph around it
  then.Capture("inner", builder, "x");
  then.Output("inner", type);
  GraphBuilder other;
  other.Capture("inner", builder, "t");
  other.Node("Neg", {"inner"}, {"t"});
  other.Node("Add", {"t", "inner"}, {"z"});
  other.Output("z", type);
  builder.Node("If", {"flag"}, {"y"},
               {{"then_branch", GraphAttribute(then.graph())},
                {"else_branch", GraphAttribute(other.graph())}});
  builder.Output("y", type);
  const Value x = Tensor::Of<float>({2}, {1, 2});
  for (const bool flag : {true, false}) {
    const auto outputs = RunWritten(*builder.model(), {{"flag", Tensor::Scalar(flag)}, {"x", x}});
    CHECK(outputs[0].tensor().data<float>()[1] == (flag ? 2 : 0));
  }
}

TEST_CASE("An output may have another name than its value", "[exporter]") {
  GraphBuilder builder;
  builder.Input("x", Type::Tensor(DataType::kFloat, Shape({2})));
  builder.Node("Neg", {"x"}, {"y"});
  builder.Output("y", Type::Tensor(DataType::kFloat, Shape({2})));
  const std::shared_ptr<Model> model = builder.model();
  model->graph.output_names[0] = "result";
  CHECK(Written(*model).graph().output(0).name() == "result");
  const auto outputs = RunWritten(*model, {{"x", Tensor::Of<float>({2}, {1, 2})}});
  CHECK(outputs[0].tensor().data<float>()[1] == -2);
}

TEST_CASE("Weights may lie beside the model, and be written over themselves", "[exporter]") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/m.onnx";
  GraphBuilder builder;
  builder.Input("x", Type::Tensor(DataType::kFloat, Shape({2000})));
  builder.Constant("large", Tensor::Of<float>({2000}, std::vector<float>(2000, 3)));
  builder.Constant("narrow", Tensor::Of<Int4>({2000}, std::vector<Int4>(2000, Int4(-2))));
  builder.Constant("small", Tensor::Of<float>({1}, {0.5f}));
  builder.Node("Cast", {"narrow"}, {"wide"}, {{"to", IntAttribute(1)}});
  builder.Node("Sum", {"x", "large", "wide", "small"}, {"y"});
  builder.Output("y", Type::Tensor(DataType::kFloat, Shape({2000})));
  REQUIRE(ExportFile(*builder.model(), path, {.external_bytes = 1000}).ok());
  CHECK(std::filesystem::file_size(path) < 2000);
  CHECK(std::filesystem::file_size(path + ".data") == 2 * 4096 + 1000);
  for (int round = 0; round < 2; ++round) {
    const auto again = ImportFile(path);
    INFO(again.status());
    REQUIRE(again.ok());
    const auto session = Session::Create(*again);
    REQUIRE(session.ok());
    const auto outputs =
        (*session)->Run({{"x", Tensor::Of<float>({2000}, std::vector<float>(2000, 1))}});
    REQUIRE(outputs.ok());
    CHECK((*outputs)[0].tensor().data<float>()[1999] == 2.5f);
    REQUIRE(ExportFile(**again, path, {.external_bytes = 1000}).ok());
  }
  CHECK_FALSE(std::filesystem::exists(path + ".part"));
}

TEST_CASE("A folder that cannot be written to is an error", "[exporter]") {
  const TemporaryFolder folder;
  GraphBuilder builder;
  builder.Input("x", Type::Tensor(DataType::kFloat, Shape({2})));
  builder.Output("x");
  const Status status = ExportFile(*builder.model(), folder.path() + "/no/m.onnx");
  CHECK_THAT(std::string(status.message()), Contains("cannot write"));
}

TEST_CASE("Attributes of every kind are written", "[exporter]") {
  GraphBuilder builder;
  builder.Input("x", Type::Tensor(DataType::kFloat, Shape({2})));
  const Tensor dense = Tensor::Of<float>({2, 2}, {0, 5, 0, 0});
  builder.Node("Custom", {"x"}, {"y"},
               {{"int", IntAttribute(1)},
                {"float", {.data = 0.5f}},
                {"string", {.data = std::string("a\0b", 3)}},
                {"tensor", {.data = dense}},
                {"sparse_value", {.data = dense}},
                {"type", {.data = Type::Tensor(DataType::kInt8)}},
                {"ints", IntsAttribute({})},
                {"floats", {.data = std::vector<float>{1, 2}}},
                {"strings", {.data = std::vector<std::string>{"c"}}},
                {"tensors", {.data = std::vector<Tensor>{dense}}},
                {"types", {.data = std::vector<Type>{Type::Tensor(DataType::kInt8)}}}},
               "custom");
  builder.Output("y", Type::Tensor(DataType::kFloat, Shape({2})));
  const auto again = ImportBytes(*ExportBytes(*builder.model()));
  INFO(again.status());
  REQUIRE(again.ok());
  const std::map<std::string, Attribute>& read = (*again)->graph.nodes[0].attributes;
  REQUIRE(read.size() == 11);
  CHECK(std::get<std::string>(read.at("string").data).size() == 3);
  CHECK(std::get<Tensor>(read.at("sparse_value").data).data<float>()[1] == 5);
  CHECK(std::get<Tensor>(read.at("sparse_value").data).shape() == Shape({2, 2}));
  CHECK(std::get<std::vector<int64_t>>(read.at("ints").data).empty());
  CHECK(std::get<std::vector<Tensor>>(read.at("tensors").data).size() == 1);
  CHECK(std::get<std::vector<Type>>(read.at("types").data)[0].element == DataType::kInt8);
}

TEST_CASE("Values of every kind survive being written", "[exporter]") {
  const Type tensor = Type::Tensor(DataType::kFloat);
  const Value one = Tensor::Scalar<float>(1);
  const auto again = [](const Value& value, const Type& type) {
    const auto bytes = SerializeValue(value, type, "v");
    INFO(bytes.status());
    REQUIRE(bytes.ok());
    const auto read = ParseValueProto(*bytes, type);
    INFO(read.status());
    REQUIRE(read.ok());
    return *read;
  };
  CHECK(again(one, tensor).tensor().data<float>()[0] == 1);
  CHECK(again(Sequence{one, one}, Type::Sequence(tensor)).sequence().size() == 2);
  CHECK(again(Sequence{}, Type::Sequence(tensor)).sequence().empty());
  CHECK(again(Value(), Type::Optional(tensor)).is_none());
  CHECK(again(one, Type::Optional(tensor)).is_tensor());
  CHECK(again(Sequence{one}, Type::Optional(Type::Sequence(tensor))).is_sequence());
  const Map map{.keys = Tensor::Of<std::string>({1}, {"k"}), .values = {one}};
  CHECK(again(map, Type::Map(DataType::kString, tensor)).map().keys.data<std::string>()[0] == "k");
  const Map numbered{.keys = Tensor::Of<int64_t>({1}, {-7}), .values = {one}};
  const Value list = again(Sequence{numbered}, Type::Sequence(Type::Map(DataType::kInt64, tensor)));
  CHECK(list.sequence()[0].map().keys.data<int64_t>()[0] == -7);
  const Status wrong = SerializeValue(one, Type::Sequence(tensor)).status();
  CHECK_THAT(std::string(wrong.message()), Contains("cannot be written as a sequence"));
}

}  // namespace
}  // namespace sardonyx
