// What `sardonyx check` says could be done.
#include <catch2/catch.hpp>

#include "tests/cli/program.h"

namespace sardonyx {
namespace {

using Catch::Contains;
using nlohmann::json;

/// y = op(x, ...) with `inputs` times the input x, float[2,3].
wire::ModelProto OneNode(const std::string& op, int inputs = 1, const std::string& domain = "",
                         int opset = 21) {
  wire::ModelProto model = NewModel(opset);
  AddInput(model.mutable_graph(), "x", {2, 3});
  AddNode(model.mutable_graph(), op, Names(static_cast<size_t>(inputs), "x"), {"y"}, domain);
  AddOutput(model.mutable_graph(), "y");
  return model;
}

/// y = x + w, the elements of w, float[2,3], being in a file.
wire::ModelProto External(const std::string& location) {
  wire::ModelProto model = OneNode("Add");
  model.mutable_graph()->mutable_node(0)->add_input("w");
  wire::TensorProto* tensor = model.mutable_graph()->add_initializer();
  tensor->set_name("w");
  tensor->set_data_type(wire::TensorProto::FLOAT);
  for (const int64_t dim : {2, 3}) tensor->add_dims(dim);
  tensor->set_data_location(wire::TensorProto::EXTERNAL);
  auto* entry = tensor->add_external_data();
  entry->set_key("location");
  entry->set_value(location);
  return model;
}

TEST_CASE("check says for each problem what could be done", "[cli][check]") {
  const TemporaryFolder folder;
  const auto advises = [&](const std::string& bytes, const std::string& advice,
                           const std::vector<std::string>& options = {}) {
    std::vector<std::string> line = {"check", folder.Write("m.onnx", bytes), "--json", "-"};
    line.insert(line.end(), options.begin(), options.end());
    const ProgramResult result = RunProgram(line);
    CAPTURE(result.out, result.err);
    CHECK(result.status == 1);
    REQUIRE(result.json().is_object());
    const json model = result.json()["models"][0];
    REQUIRE(model["problems"].size() >= 1);
    REQUIRE(model["advice"].size() == model["problems"].size());
    CHECK_THAT(model["advice"][0].get<std::string>(), Contains(advice));
  };
  const auto of = [](const wire::ModelProto& model) { return model.SerializeAsString(); };

  advises(of(OneNode("Relu", 1, "", 99)), "export for an older opset");
  wire::ModelProto ir = OneNode("Relu");
  ir.set_ir_version(99);
  advises(of(ir), "an older release of onnx");
  ir.set_ir_version(1);
  advises(of(ir), "load the model with onnx and save it again");
  wire::ModelProto no_opset = OneNode("Relu");
  no_opset.clear_opset_import();
  advises(of(no_opset), "opset_import");
  advises("this is text", "name the .onnx file itself");
  advises(of(OneNode("Relu")).substr(0, 30), "copy or export it again");

  advises(of(External("none.bin")), "put the file where the model says");
  advises(of(External("../w.bin")), "put the file into the model's folder");
  folder.Write("w.bin", "short");
  advises(of(External("w.bin")), "they do not fit together");

  wire::ModelProto renamed = OneNode("Relu");
  renamed.mutable_graph()->mutable_node(0)->set_input(0, "X");
  advises(of(renamed), "connect the input to the value of that name");
  renamed.mutable_graph()->mutable_node(0)->set_input(0, "elsewhere");
  advises(of(renamed), "or make it one of the graph's");

  advises(of(OneNode("Rellu")), "correct the name");
  advises(of(OneNode("Frobnicate")), "may decompose the operator");
  wire::ModelProto custom = OneNode("Frobnicate", 1, "org.example");
  auto* own = custom.add_opset_import();
  own->set_domain("org.example");
  own->set_version(1);
  advises(of(custom), "--custom-ops LIBRARY");
  advises(of(OneNode("Gelu", 1, "", 13)), "export for that opset or a newer one");
  advises(of(OneNode("Upsample", 2)), "the operator that replaced it");
  wire::ModelProto attribute = OneNode("Relu");
  AddAttribute(attribute.mutable_graph()->mutable_node(0), "speed", wire::AttributeProto::INT)
      ->set_i(3);
  advises(of(attribute), "an opset that has the attribute");
  advises(of(OneNode("Relu", 2)), "the opset whose inputs the node has");
  advises(of(OneNode("MatMul", 2)), "fix the shape or type");
  advises(of(OneNode("Relu")), "the model's own dimensions", {"-d", "N=2"});
}

TEST_CASE("check prints its advice behind an arrow", "[cli][check]") {
  const TemporaryFolder folder;
  const ProgramResult result =
      RunProgram({"check", folder.Write("m.onnx", OneNode("Rellu").SerializeAsString())});
  CHECK_THAT(result.out, Contains("did you mean 'Relu'?\n    -> correct the name"));
}

}  // namespace
}  // namespace sardonyx
