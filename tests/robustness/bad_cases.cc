#include "tests/robustness/bad_cases.h"

#include <random>

namespace sardonyx {

using A = wire::AttributeProto;

Maker& Maker::Ints(const std::string& name, const std::vector<int64_t>& values) {
  wire::TensorProto* tensor = graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(wire::TensorProto::INT64);
  tensor->add_dims(static_cast<int64_t>(values.size()));
  for (int64_t value : values) tensor->add_int64_data(value);
  return *this;
}

Maker& Maker::Node(const std::string& op, const Names& inputs, const Names& outputs,
                   const Attrs& attributes) {
  wire::NodeProto* node = AddNode(graph(), op, inputs, outputs);
  node->set_name("n" + std::to_string(graph()->node_size() - 1));
  for (const auto& [name, value] : attributes) {
    if (const auto* i = std::get_if<int64_t>(&value)) {
      AddAttribute(node, name, A::INT)->set_i(*i);
    } else if (const auto* f = std::get_if<float>(&value)) {
      AddAttribute(node, name, A::FLOAT)->set_f(*f);
    } else if (const auto* s = std::get_if<std::string>(&value)) {
      AddAttribute(node, name, A::STRING)->set_s(*s);
    } else {
      A* ints = AddAttribute(node, name, A::INTS);
      for (int64_t v : std::get<std::vector<int64_t>>(value)) ints->add_ints(v);
    }
  }
  return *this;
}

std::vector<BadCase> BadFiles() {
  std::vector<BadCase> cases = {
      {"empty", "", {"it is empty"}},
      {"PNG", std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16), {"looks like a PNG picture"}},
      {"JPEG", std::string("\xff\xd8\xff\xe0\0\x10JFIF", 10), {"looks like a JPEG picture"}},
      {"text", "This is a text, and no model.\n", {"looks like text"}},
      {"NumPy", std::string("\x93NUMPY\x01\0v\0", 10), {"looks like a NumPy array"}},
      {"zip", std::string("PK\x03\x04\x14\0\0\0", 8), {"looks like a zip archive"}},
      {"a tensor", FloatTensor("t", {2}, {1, 2}).SerializeAsString(), {"not", "ONNX model"}},
      {"zeros", std::string(1000, '\0'), {"not a valid ONNX model"}},
      {"an endless number", std::string(100, '\xff'), {"not a valid ONNX model"}},
  };
  std::mt19937 random(1);
  for (int i = 0; i < 8; ++i) {
    std::string bytes(static_cast<size_t>(20) << i, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    cases.push_back({"random " + std::to_string(i), bytes, {"not a valid ONNX model"}});
  }
  wire::ModelProto model = ReluModel();
  *model.mutable_graph()->add_initializer() =
      FloatTensor("w", {1000}, std::vector<float>(1000, 1.0f));
  const std::string whole = model.SerializeAsString();
  for (size_t at = 1; at < whole.size(); at += 1 + at / 16) {
    cases.push_back({"cut short at " + std::to_string(at), whole.substr(0, at), {}});
  }
  return cases;
}

std::vector<BadCase> BadHeaders() {
  const auto with = [](auto change) {
    wire::ModelProto model = ReluModel();
    change(model);
    return model.SerializeAsString();
  };
  return {
      {"old IR", with([](auto& m) { m.set_ir_version(2); }), {"IR version 2 is older than 3"}},
      {"new IR", with([](auto& m) { m.set_ir_version(15); }), {"IR version 15 is newer than 14"}},
      {"negative IR", with([](auto& m) { m.set_ir_version(-1); }), {"IR version -1"}},
      {"no IR", with([](auto& m) { m.clear_ir_version(); }), {"no ir_version"}},
      {"no graph", with([](auto& m) { m.clear_graph(); }), {"no graph"}},
      {"no imports", with([](auto& m) { m.clear_opset_import(); }), {"imports no operator set"}},
      {"new opset",
       with([](auto& m) { m.mutable_opset_import(0)->set_version(29); }),
       {"opset 29 of ai.onnx is newer than 28"}},
      {"opset 0",
       with([](auto& m) { m.mutable_opset_import(0)->set_version(0); }),
       {"version 0 of operator set ai.onnx"}},
      {"huge opset",
       with([](auto& m) { m.mutable_opset_import(0)->set_version(1LL << 40); }),
       {"version 1099511627776"}},
      {"two versions",
       with([](auto& m) { m.add_opset_import()->set_version(20); }),
       {"imported in versions 21 and 20"}},
      {"domain without import",
       with([](auto& m) { m.mutable_graph()->mutable_node(0)->set_domain("com.other"); }),
       {"node 'relu' (com.other.Relu, #0)", "imports no version of operator set com.other"}},
  };
}

namespace {

/// Appends a field that holds a message: its key, its length, its bytes.
void AppendMessage(std::string& bytes, int field, const std::string& message) {
  bytes += static_cast<char>(field << 3 | 2);
  for (size_t left = message.size();; left >>= 7) {
    bytes += static_cast<char>((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    if (left <= 0x7f) break;
  }
  bytes += message;
}

// `levels` Ifs, each in a branch of the one around it. Put together from the inside as bytes:
// protobuf's recursion would need more stack than sanitizers leave.
std::string Nested(int levels) {
  wire::GraphProto innermost;
  AddNode(&innermost, "Not", {"c"}, {"z"});
  AddOutput(&innermost, "z");
  std::string graph = innermost.SerializeAsString();
  for (int i = levels; i-- > 0;) {
    const std::string y = "y" + std::to_string(i);
    wire::GraphProto around;
    wire::NodeProto node = *AddNode(&around, "If", {"c"}, {y});
    around.clear_node();
    AddOutput(&around, y);
    wire::NodeProto branch;
    std::string attribute = AddAttribute(&branch, "then_branch", A::GRAPH)->SerializeAsString();
    AppendMessage(attribute, wire::AttributeProto::kGFieldNumber, graph);
    std::string bytes = node.SerializeAsString();
    AppendMessage(bytes, wire::NodeProto::kAttributeFieldNumber, attribute);
    graph = around.SerializeAsString();
    AppendMessage(graph, wire::GraphProto::kNodeFieldNumber, bytes);
  }
  wire::ModelProto model = NewModel();
  model.clear_graph();
  wire::GraphProto inputs;
  AddInput(&inputs, "c", {}, DataType::kBool);
  std::string bytes = model.SerializeAsString();
  AppendMessage(bytes, wire::ModelProto::kGraphFieldNumber, inputs.SerializeAsString() + graph);
  return bytes;
}

std::string DeepType(int levels) {
  wire::ModelProto model = ReluModel();
  wire::TypeProto* type = model.mutable_graph()->mutable_input(0)->mutable_type();
  for (int i = 0; i < levels; ++i) type = type->mutable_sequence_type()->mutable_elem_type();
  SetType(type, {1});
  return model.SerializeAsString();
}

}  // namespace

std::vector<BadCase> BadGraphs() {
  const auto relu = [](auto change) {
    wire::ModelProto model = ReluModel();
    change(model.mutable_graph());
    return model.SerializeAsString();
  };
  const auto node = [&](auto change) {
    return relu([&](wire::GraphProto* g) { change(g->mutable_node(0)); });
  };
  return {
      {"unknown operator",
       node([](auto* n) { n->set_op_type("Frobnicate"); }),
       {"node 'relu' (Frobnicate, #0)", "'Frobnicate'", "not supported"}},
      {"misspelt operator",
       node([](auto* n) { n->set_op_type("Rleu"); }),
       {"did you mean 'Relu'?"}},
      {"no operator", node([](auto* n) { n->clear_op_type(); }), {"node 'relu'", "no operator"}},
      {"unknown attribute",
       node([](auto* n) { AddAttribute(n, "alpha", A::FLOAT)->set_f(1); }),
       {"node 'relu' (Relu, #0)", "attribute 'alpha' is unknown"}},
      {"attribute twice",
       node([](auto* n) {
         n->set_op_type("LeakyRelu");
         AddAttribute(n, "alpha", A::FLOAT)->set_f(1);
         AddAttribute(n, "alpha", A::FLOAT)->set_f(2);
       }),
       {"attribute 'alpha' is given twice"}},
      {"attribute of another type",
       node([](auto* n) {
         n->set_op_type("LeakyRelu");
         AddAttribute(n, "alpha", A::STRING)->set_s("one");
       }),
       {"node 'relu' (LeakyRelu, #0)", "alpha"}},
      {"attribute without name",
       node([](auto* n) { AddAttribute(n, "", A::INT)->set_i(1); }),
       {"node 'relu'", "it has no name"}},
      {"attribute without value",
       node([](auto* n) { AddAttribute(n, "a", A::UNDEFINED); }),
       {"attribute 'a'", "neither a type nor a value"}},
      {"attribute with a broken tensor",
       node([](auto* n) {
         n->set_op_type("Constant");
         n->clear_input();
         AddAttribute(n, "value", A::TENSOR)->mutable_t()->set_data_type(77);
       }),
       {"attribute 'value'", "element type 77"}},
      {"too many inputs",
       node([](auto* n) { n->add_input("x"); }),
       {"node 'relu'", "2 inputs, expected 1"}},
      {"no inputs", node([](auto* n) { n->clear_input(); }), {"0 inputs, expected 1"}},
      {"input left out", node([](auto* n) { n->set_input(0, ""); }), {"may not be left out"}},
      {"too many outputs", node([](auto* n) { n->add_output("z"); }), {"2 outputs, expected 1"}},
      {"undefined name",
       node([](auto* n) { n->set_input(0, "X"); }),
       {"input 0, 'X' is not defined; did you mean 'x'?"}},
      {"self-cycle", node([](auto* n) { n->set_input(0, "y"); }), {"cycle", "node 'relu'"}},
      {"cycle",
       relu([](auto* g) {
         g->mutable_node(0)->set_input(0, "b");
         AddNode(g, "Relu", {"y"}, {"b"});
       }),
       {"cycle"}},
      {"computed twice",
       relu([](auto* g) { AddNode(g, "Neg", {"x"}, {"y"}); }),
       {"'y'", "computed by node #0"}},
      {"input computed",
       relu([](auto* g) { AddNode(g, "Neg", {"y"}, {"x"}); }),
       {"'x', which is an input or initializer already"}},
      {"output missing",
       relu([](auto* g) { g->mutable_output(0)->set_name("q"); }),
       {"graph output 'q' is not defined"}},
      {"no outputs", relu([](auto* g) { g->clear_output(); }), {"no outputs"}},
      {"two inputs of a name",
       relu([](auto* g) { *g->add_input() = g->input(0); }),
       {"two graph inputs 'x'"}},
      {"two initializers of a name",
       relu([](auto* g) {
         *g->add_initializer() = FloatTensor("w", {1}, {1});
         *g->add_initializer() = FloatTensor("w", {1}, {1});
       }),
       {"two initializers 'w'"}},
      {"initializer unlike the input",
       relu([](auto* g) {
         *g->add_initializer() = FloatTensor("x", {3, 2}, {1, 2, 3, 4, 5, 6});
       }),
       {"initializer 'x' is float[3,2]", "float[2,3]"}},
      {"initializer with too few bytes",
       relu([](auto* g) {
         wire::TensorProto* w = g->add_initializer();
         *w = FloatTensor("w", {4}, {});
         w->set_raw_data("123");
       }),
       {"initializer 'w'", "raw_data has 3 bytes", "needs 16"}},
      {"initializer of no type",
       relu([](auto* g) { g->add_initializer()->set_name("w"); }),
       {"initializer 'w'", "element type 0"}},
      {"opaque input",
       relu([](auto* g) {
         g->mutable_input(0)->mutable_type()->mutable_opaque_type()->set_name("t");
       }),
       {"graph input 'x'", "opaque"}},
      {"input of no such type",
       relu([](auto* g) {
         g->mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(99);
       }),
       {"graph input 'x'", "element type 99"}},
      {"nested too deeply", Nested(100), {"nested deeper than the limit nesting"}},
      {"nested absurdly", Nested(2000), {"nested deeper than the limit nesting"}},
      {"types nested too deeply", DeepType(70), {"nested deeper than the limit nesting"}},
      {"types nested absurdly", DeepType(5000), {"not a valid ONNX model"}},
      {"branch missing", Nested(1), {"node #0 (If)", "else_branch"}},
  };
}

}  // namespace sardonyx
