// Models with random damage: whatever they hold, importing, compiling and running them ends with
// an answer or an error. Meant for the sanitizer presets; the seed is fixed, so a fault comes back.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <iterator>

#include "tests/robustness/bad_cases.h"
#include "tests/robustness/mutate.h"

namespace sardonyx {
namespace {

using A = wire::AttributeProto;

/// An If that captures, a function that is called twice, a sparse and a packed initializer.
std::string Varied() {
  Maker maker;
  maker.In("x", {2, 3}).In("c", {}, DataType::kBool);
  wire::SparseTensorProto* sparse = maker.graph()->add_sparse_initializer();
  *sparse->mutable_values() = FloatTensor("w", {1}, {5});
  sparse->mutable_indices()->set_data_type(wire::TensorProto::INT64);
  sparse->mutable_indices()->add_dims(1);
  sparse->mutable_indices()->add_int64_data(1);
  for (int64_t dim : {2, 3}) sparse->add_dims(dim);
  wire::FunctionProto* f = maker.model().add_functions();
  f->set_domain("my");
  f->set_name("F");
  f->add_input("a");
  f->add_output("b");
  f->add_attribute("alpha");
  f->add_opset_import()->set_version(18);
  AddAttribute(AddNode(f, "LeakyRelu", {"a"}, {"b"}), "alpha", A::FLOAT)
      ->set_ref_attr_name("alpha");
  AddAttribute(AddNode(maker.graph(), "F", {"x"}, {"m"}, "my"), "alpha", A::FLOAT)->set_f(0.5f);
  AddNode(maker.graph(), "F", {"m"}, {"n"}, "my");
  wire::NodeProto* node = AddNode(maker.graph(), "If", {"c"}, {"y"});
  for (const char* branch : {"then_branch", "else_branch"}) {
    wire::GraphProto* body = AddAttribute(node, branch, A::GRAPH)->mutable_g();
    AddNode(body, "Add", {"n", "w"}, {"z"});
    AddOutput(body, "z");
  }
  return maker.Out("y").Bytes();
}

std::string Convolutions() {
  Maker maker;
  maker.In("x", {1, 2, 6, 6});
  *maker.graph()->add_initializer() = FloatTensor("w", {4, 2, 3, 3}, std::vector<float>(72, 0.5f));
  *maker.graph()->add_initializer() = FloatTensor("s", {4}, {1, 2, 3, 4});
  const std::vector<int64_t> ones = {1, 1, 1, 1};
  const std::vector<int64_t> two = {2, 2};
  maker.Node("Conv", {"x", "w", "s"}, {"a"}, {{"pads", ones}, {"strides", two}});
  maker.Node("BatchNormalization", {"a", "s", "s", "s", "s"}, {"b"}, {{"epsilon", 0.1f}});
  maker.Node("Relu", {"b"}, {"c"});
  maker.Node("MaxPool", {"c"}, {"d", "i"}, {{"kernel_shape", two}});
  maker.Node("AveragePool", {"c"}, {"e"}, {{"kernel_shape", two}, {"ceil_mode", int64_t{1}}});
  maker.Node("Flatten", {"e"}, {"f"}).Node("Softmax", {"f"}, {"y"});
  return maker.Out("y").Out("d").Out("i").Bytes();
}

std::string Shapes() {
  Maker maker;
  maker.In("x", {2, 3, 4}).Ints("s", {4, -1}).Ints("a", {1}).Ints("b", {3}).Ints("p", {1, 0, 2, 1});
  maker.Node("Shape", {"x"}, {"h"}).Node("Reshape", {"x", "s"}, {"r"});
  maker.Node("Slice", {"r", "a", "b", "a"}, {"t"}).Node("Pad", {"t", "p"}, {"u"});
  maker.Node("Transpose", {"u"}, {"v"}, {{"perm", std::vector<int64_t>{1, 0}}});
  maker.Node("Gather", {"v", "a"}, {"g"}).Node("Concat", {"v", "g"}, {"k"}, {{"axis", int64_t{0}}});
  maker.Node("TopK", {"k", "a"}, {"l", "j"}).Node("Tile", {"l", "p2"}, {"y"});
  maker.Ints("p2", {2, 2}).Node("ReduceSum", {"k", "a"}, {"q"}).Node("ArgMax", {"k"}, {"o"});
  maker.Node("Expand", {"q", "s2"}, {"w"}).Ints("s2", {3, 1, 1});
  maker.Node("NonZero", {"x"}, {"z"})
      .Node("Split", {"x"}, {"x1", "x2"}, {{"num_outputs", int64_t{2}}});
  for (const char* name : {"h", "y", "j", "o", "w", "z", "x1"}) maker.Out(name);
  return maker.Bytes();
}

std::vector<std::string> Working() {
  return {ReluModel().SerializeAsString(), Varied(), Convolutions(), Shapes()};
}

/// Models of the official cases, where they have been fetched.
std::vector<std::string> Official() {
  std::vector<std::string> models;
  const std::filesystem::path folder = SARDONYX_SOURCE_DIR "/build/conformance/node";
  std::error_code none;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    files.push_back(entry.path() / "model.onnx");
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    models.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    if (models.back().size() > 100'000) models.pop_back();
  }
  return models;
}

TEST_CASE("Damaged models do no harm", "[robust]") {
  std::vector<std::string> models = Working();
  Random random(20);
  for (const std::string& model : models) CHECK(TryAll(model, random));
  // Those that are refused whole make seeds as well: damage may take them further.
  for (const auto& cases : {BadGraphs(), BadShapes()}) {
    for (const BadCase& bad : cases) models.push_back(bad.bytes);
  }
  int through = 0;
  constexpr int kRounds = 20000;
  for (int i = 0; i < kRounds; ++i) {
    // Half of the rounds on the four that work.
    const std::string& model = models[random() % (i % 2 == 0 ? 4 : models.size())];
    through += TryAll(Damage(model, models[random() % models.size()], random), random);
  }
  CHECK(through > 0);
  CHECK(through < kRounds);
}

TEST_CASE("Models that mean something else do no harm", "[robust]") {
  std::vector<std::string> models = Working();
  for (std::string& model : Official()) models.push_back(std::move(model));
  Random random(21);
  int through = 0;
  constexpr int kRounds = 4000;
  for (int i = 0; i < kRounds; ++i) {
    wire::ModelProto model;
    REQUIRE(model.ParseFromString(models[random() % models.size()]));
    const size_t twists = 1 + random() % 3;
    for (size_t k = 0; k < twists; ++k) Twist(&model, random);
    through += TryAll(model.SerializeAsString(), random);
  }
  CHECK(through > kRounds / 100);
  CHECK(through < kRounds);
}

}  // namespace
}  // namespace sardonyx
