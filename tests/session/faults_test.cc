// Every allocation of loading and running small models fails once.
#include <catch2/catch.hpp>
#include <cstring>

#include "runtime/session/session.h"
#include "tests/robustness/bad_cases.h"
#include "tests/session/allocations.h"

#ifdef SARDONYX_COUNTS_ALLOCATIONS

namespace sardonyx {
namespace {

using Inputs = std::map<std::string, Value>;

struct SmallModel {
  const char* name;
  std::string bytes;
  Inputs inputs;
};

Tensor Ramp(const Shape& shape) {
  Tensor tensor = *Tensor::Create(DataType::kFloat, shape);
  for (int64_t i = 0; i < tensor.size(); ++i)
    tensor.data<float>()[i] = 0.25f * static_cast<float>(i);
  return tensor;
}

SmallModel Convolution() {
  Maker maker;
  maker.In("x", {1, 2, 6, 6});
  *maker.graph()->add_initializer() = FloatTensor("w", {4, 2, 3, 3}, std::vector<float>(72, 0.5f));
  *maker.graph()->add_initializer() = FloatTensor("s", {4}, {1, 2, 3, 4});
  maker.Node("Conv", {"x", "w", "s"}, {"a"});
  maker.Node("BatchNormalization", {"a", "s", "s", "s", "s"}, {"b"});
  maker.Node("Relu", {"b"}, {"c"}).Node("GlobalAveragePool", {"c"}, {"d"});
  maker.Node("Flatten", {"d"}, {"e"}).Node("Softmax", {"e"}, {"y"}).Out("y");
  return {"convolution", maker.Bytes(), {{"x", Ramp({1, 2, 6, 6})}}};
}

SmallModel Product() {
  Maker maker;
  maker.In("x", {-1, 4});  // a shape that only the run knows
  *maker.graph()->add_initializer() = FloatTensor("w", {4, 3}, std::vector<float>(12, 0.5f));
  *maker.graph()->add_initializer() = FloatTensor("b", {3}, {1, 2, 3});
  maker.Node("MatMul", {"x", "w"}, {"a"}).Node("Add", {"a", "b"}, {"c"}).Node("Tanh", {"c"}, {"y"});
  return {"product", maker.Out("y").Bytes(), {{"x", Ramp({2, 4})}}};
}

SmallModel Shapes() {
  Maker maker;
  maker.In("x", {-1, 3, 4}).Ints("s", {4, -1}).Ints("a", {1}).Ints("b", {3});
  maker.Node("Reshape", {"x", "s"}, {"r"}).Node("Slice", {"r", "a", "b", "a"}, {"t"});
  maker.Node("Transpose", {"t"}, {"v"}).Node("Gather", {"v", "a"}, {"g"});
  maker.Node("Concat", {"v", "g"}, {"k"}, {{"axis", int64_t{0}}});
  maker.Node("NonZero", {"k"}, {"z"}).Node("TopK", {"k", "a"}, {"y", "i"});
  return {"shapes", maker.Out("y").Out("z").Bytes(), {{"x", Ramp({2, 3, 4})}}};
}

SmallModel Recurrent() {
  Maker maker;
  maker.In("x", {3, 1, 2});
  *maker.graph()->add_initializer() = FloatTensor("w", {1, 8, 2}, std::vector<float>(16, 0.5f));
  *maker.graph()->add_initializer() = FloatTensor("r", {1, 8, 2}, std::vector<float>(16, 0.25f));
  maker.Node("LSTM", {"x", "w", "r"}, {"y"}, {{"hidden_size", int64_t{2}}});
  return {"recurrent", maker.Out("y").Bytes(), {{"x", Ramp({3, 1, 2})}}};
}

/// A branch that captures, and a function.
SmallModel Nested() {
  Maker maker;
  maker.In("x", {2, 3}).In("c", {}, DataType::kBool);
  wire::FunctionProto* f = maker.model().add_functions();
  f->set_domain("my");
  f->set_name("F");
  f->add_input("a");
  f->add_output("b");
  f->add_opset_import()->set_version(18);
  AddNode(f, "Elu", {"a"}, {"b"});
  AddNode(maker.graph(), "F", {"x"}, {"m"}, "my");
  maker.model().add_opset_import()->set_domain("my");
  maker.model().mutable_opset_import(1)->set_version(1);
  wire::NodeProto* node = AddNode(maker.graph(), "If", {"c"}, {"y"});
  for (const char* branch : {"then_branch", "else_branch"}) {
    wire::GraphProto* body = AddAttribute(node, branch, wire::AttributeProto::GRAPH)->mutable_g();
    AddNode(body, "Add", {"m", "x"}, {"z"});
    AddOutput(body, "z");
  }
  return {"nested", maker.Out("y").Bytes(), {{"x", Ramp({2, 3})}, {"c", Tensor::Scalar(true)}}};
}

StatusOr<std::vector<Value>> LoadAndRun(const SmallModel& model) {
  SX_ASSIGN_OR_RETURN(std::shared_ptr<Model> imported, ImportBytes(model.bytes));
  SX_ASSIGN_OR_RETURN(
      const std::unique_ptr<Session> session,
      Session::Create(std::move(imported), {.backend = BackendChoice::kNative, .threads = 2}));
  return session->Run(model.inputs);
}

bool SameBits(const std::vector<Value>& a, const std::vector<Value>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Value& x, const Value& y) {
    return x.tensor().shape() == y.tensor().shape() &&
           std::memcmp(x.tensor().raw(), y.tensor().raw(),
                       static_cast<size_t>(x.tensor().bytes())) == 0;
  });
}

TEST_CASE("any allocation may fail while a model is loaded and run", "[session][robust]") {
  for (const SmallModel& model : {Convolution(), Product(), Shapes(), Recurrent(), Nested()}) {
    INFO(model.name);
    const auto expected = LoadAndRun(model);
    REQUIRE(expected.ok());
    int64_t wrong = 0, leaks = 0, n = 0;
    for (bool failed = true; failed; ++n) {
      const int64_t before = LiveAllocations();
      FailAllocationAfter(n);
      {
        const auto outputs = LoadAndRun(model);
        failed = FailAllocationAfter(-1);
        wrong += outputs.ok() ? !SameBits(*outputs, *expected)
                              : outputs.status().code() != absl::StatusCode::kResourceExhausted;
      }
      leaks += LiveAllocations() != before;
    }
    CHECK(n > 100);
    CHECK(wrong == 0);
    CHECK(leaks == 0);
    const auto again = LoadAndRun(model);
    REQUIRE(again.ok());
    CHECK(SameBits(*again, *expected));
  }
}

}  // namespace
}  // namespace sardonyx
#endif
