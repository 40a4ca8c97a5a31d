// Gradient, against differences of the function itself.
#include <catch2/catch.hpp>
#include <cmath>

#include "runtime/session/session.h"
#include "tests/graph_builder.h"
#include "tests/op_outcome.h"

namespace sardonyx {
namespace {

using Catch::Contains;
using Names = std::vector<std::string>;

void AddGradientNode(GraphBuilder& g, const Names& xs, const Names& zs, const std::string& y,
                     const Names& inputs, const Names& outputs) {
  g.Node("Gradient", inputs, outputs, {{"xs", {xs}}, {"zs", {zs}}, {"y", {y}}},
         "ai.onnx.preview.training");
}

/// y = op(xs, rest), of which each output is squared: sums of squares have no constant derivative.
struct Case {
  std::string op;
  std::vector<Shape> xs;
  Attributes attributes = {};
  std::vector<Value> rest = {};
  int outputs = 1;
  int opset = 21;
};

Tensor Filled(const Shape& shape, int seed) {
  Tensor tensor = *Tensor::Create(DataType::kDouble, shape);
  for (int64_t i = 0; i < tensor.size(); ++i) {
    tensor.data<double>()[i] = 1.2 + 0.6 * std::sin(2.3 * static_cast<double>(i) + seed);
  }
  return tensor;
}

double Total(const Value& value) {
  double sum = 0;
  for (double v : value.tensor().span<double>()) sum += v;
  return sum;
}

std::string Name(const char* base, size_t i) { return absl::StrCat(base, i); }

/// Sizes above 1 are symbols where `symbolic`.
std::shared_ptr<Model> ModelOf(const Case& c, bool symbolic) {
  GraphBuilder g(c.opset);
  Names xs, inputs, outputs, gradients;
  for (size_t i = 0; i < c.xs.size(); ++i) {
    SymbolicShape shape;
    for (int64_t size : c.xs[i]) {
      shape.push_back(symbolic && size > 1 ? Dim(absl::StrCat("n", size)) : Dim(size));
    }
    xs.push_back(g.Input(Name("x", i), Type::Tensor(DataType::kDouble, shape)));
    gradients.push_back(Name("d", i));
  }
  inputs = xs;
  for (size_t i = 0; i < c.rest.size(); ++i) {
    inputs.push_back(g.Constant(Name("rest", i), c.rest[i].tensor()));
  }
  for (int i = 0; i < c.outputs; ++i) outputs.push_back(Name("y", i));
  g.Node(c.op, inputs, outputs, c.attributes);
  std::string sum;
  for (const std::string& y : outputs) {
    g.Node("Mul", {y, y}, {y + "_square"});
    g.Node("ReduceSum", {y + "_square"}, {y + "_sum"}, {{"keepdims", Int(0)}});
    if (!sum.empty()) g.Node("Add", {sum, y + "_sum"}, {y + "_total"});
    sum = sum.empty() ? y + "_sum" : y + "_total";
  }
  AddGradientNode(g, xs, {}, sum, xs, gradients);
  g.Output(sum);
  for (const std::string& gradient : gradients) g.Output(gradient);
  return g.model();
}

/// "" where every derivative agrees with a difference quotient.
std::string Fault(const Case& c, bool symbolic) {
  const auto session = Session::Create(ModelOf(c, symbolic));
  if (!session.ok()) return std::string(session.status().message());
  std::map<std::string, Value> inputs;
  for (size_t i = 0; i < c.xs.size(); ++i) {
    inputs[Name("x", i)] = Filled(c.xs[i], static_cast<int>(i));
  }
  const auto outputs = (*session)->Run(inputs);
  if (!outputs.ok()) return std::string(outputs.status().message());
  constexpr double kStep = 1e-5;
  for (size_t i = 0; i < c.xs.size(); ++i) {
    const Tensor& gradient = (*outputs)[i + 1].tensor();
    if (gradient.shape() != c.xs[i]) return gradient.ToString();
    double* x = inputs[Name("x", i)].tensor().data<double>();
    for (int64_t k = 0; k < gradient.size(); ++k) {
      const double at = x[k];
      double sides[2];
      for (int side : {0, 1}) {
        x[k] = at + (side == 0 ? -kStep : kStep);
        sides[side] = Total((*(*session)->Run(inputs))[0]);
      }
      x[k] = at;
      const double expected = (sides[1] - sides[0]) / (2 * kStep);
      const double found = gradient.data<double>()[k];
      if (!(std::abs(found - expected) <= 1e-6 * (1 + std::abs(expected)))) {
        return absl::StrCat("x", i, "[", k, "]: ", found, ", expected ", expected);
      }
    }
  }
  return "";
}

void Check(const std::vector<Case>& cases) {
  for (size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(i, cases[i].op);
    CHECK(Fault(cases[i], false) == "");
    CHECK(Fault(cases[i], true) == "");
  }
}

TEST_CASE("Derivatives of arithmetic, also where shapes are broadcast", "[gradient]") {
  std::vector<Case> cases;
  for (const char* op : {"Add", "Sub", "Mul", "Div", "Pow", "Sum"}) {
    for (const std::vector<Shape>& shapes : std::vector<std::vector<Shape>>{
             {{2, 3}, {2, 3}}, {{2, 3}, {3}}, {{2, 1}, {1, 3}}, {{}, {4}}, {{2, 1, 3}, {4, 1}}}) {
      cases.push_back({op, shapes});
    }
  }
  cases.push_back({"Sum", {{2, 3}, {3}, {}}});
  Check(cases);
}

TEST_CASE("Derivatives of functions of one element", "[gradient]") {
  std::vector<Case> cases;
  for (const char* op : {"Neg", "Abs", "Exp", "Log", "Sqrt", "Reciprocal", "Sin", "Cos", "Relu",
                         "Sigmoid", "Tanh", "Softplus", "Identity", "Floor"}) {
    cases.push_back({op, {{2, 3}}});
  }
  Check(cases);
}

TEST_CASE("Derivatives of matrix products", "[gradient]") {
  std::vector<Case> cases;
  for (const std::vector<Shape>& shapes : std::vector<std::vector<Shape>>{{{2, 3}, {3, 4}},
                                                                          {{3}, {3, 4}},
                                                                          {{2, 3}, {3}},
                                                                          {{3}, {3}},
                                                                          {{5, 2, 3}, {3, 4}},
                                                                          {{2, 3}, {5, 3, 4}},
                                                                          {{5, 1, 2, 3}, {4, 3, 2}},
                                                                          {{5, 2, 3}, {3}},
                                                                          {{3}, {5, 3, 2}}}) {
    cases.push_back({"MatMul", shapes});
  }
  for (int flags = 0; flags < 4; ++flags) {
    const bool a = (flags & 1) != 0, b = (flags & 2) != 0;
    cases.push_back(
        {"Gemm",
         {a ? Shape{3, 2} : Shape{2, 3}, b ? Shape{4, 3} : Shape{3, 4}, {4}},
         {{"transA", Int(a)}, {"transB", Int(b)}, {"alpha", {0.5f}}, {"beta", {2.0f}}}});
  }
  cases.push_back({"Gemm", {{2, 3}, {3, 4}}});
  Check(cases);
}

TEST_CASE("Derivatives of sums and means", "[gradient]") {
  std::vector<Case> cases;
  for (const char* op : {"ReduceSum", "ReduceMean"}) {
    for (const int keep : {0, 1}) {
      const Attributes attributes = {{"keepdims", Int(keep)}};
      cases.push_back({op, {{2, 3, 4}}, attributes, {Longs({1})}});
      cases.push_back({op, {{2, 3, 4}}, attributes, {Longs({-1, 0})}});
      cases.push_back({op, {{2, 3}}, attributes});
      cases.push_back({op, {{2, 3}}, {{"keepdims", Int(keep)}, {"axes", IntList({1})}}, {}, 1, 11});
    }
  }
  cases.push_back({"ReduceSum", {{2, 3}}, {{"noop_with_empty_axes", Int(1)}}});
  Check(cases);
}

TEST_CASE("Derivatives of moved elements", "[gradient]") {
  Check({
      {"Reshape", {{2, 3}}, {}, {Longs({3, -1})}},
      {"Flatten", {{2, 3, 2}}},
      {"Squeeze", {{2, 1, 3}}, {}, {Longs({1})}},
      {"Unsqueeze", {{2, 3}}, {}, {Longs({0, 2})}},
      {"Transpose", {{2, 3, 4}}, {{"perm", IntList({2, 0, 1})}}},
      {"Transpose", {{2, 3, 4}}},
      {"Expand", {{2, 1}}, {}, {Longs({3, 2, 4})}},
      {"Tile", {{2, 3}}, {}, {Longs({2, 2})}},
      {"Slice", {{5, 4}}, {}, {Longs({4, 1}), Longs({0, 3}), Longs({0, 1}), Longs({-2, 1})}},
      {"Slice", {{5, 4}}, {{"starts", IntList({1})}, {"ends", IntList({3})}}, {}, 1, 9},
      {"Gather", {{3, 2}}, {{"axis", Int(0)}}, {Longs({2, 0, 2})}},
      {"GatherElements", {{3, 2}}, {}, {Longs({1, 2}, {2, 0})}},
      {"Concat", {{2, 3}, {2, 1}, {2, 2}}, {{"axis", Int(-1)}}},
      {"Concat", {{2, 3}, {1, 3}}, {{"axis", Int(0)}}},
      {"Split", {{5, 2}}, {{"axis", Int(0)}}, {Longs({2, 3})}, 2},
  });
}

/// The outputs named "d0", "d1" ... of a model with one input x, double[shape].
StatusOr<std::vector<Value>> Derivatives(GraphBuilder& g, const Tensor& x, int count) {
  for (int i = 0; i < count; ++i) g.Output(Name("d", i));
  SX_ASSIGN_OR_RETURN(const auto session, Session::Create(g.model()));
  return session->Run({{"x", x}});
}

GraphBuilder WithInput(const Shape& shape) {
  GraphBuilder g;
  g.Input("x", Type::Tensor(DataType::kDouble, shape));
  return g;
}

TEST_CASE("Higher derivatives, in whatever order the nodes stand", "[gradient]") {
  GraphBuilder g = WithInput({2});
  AddGradientNode(g, {"x"}, {}, "d1", {"x"}, {"d2"});
  AddGradientNode(g, {"x"}, {}, "d0", {"x"}, {"d1"});
  AddGradientNode(g, {"x"}, {}, "y", {"x"}, {"d0"});
  g.Constant("four", Tensor::Scalar(4.0));
  g.Node("Pow", {"x", "four"}, {"y"});
  const auto d = Derivatives(g, Tensor::Of<double>({2}, {1, 2}), 3);
  INFO(d.status().ToString());
  REQUIRE(d.ok());
  CHECK(Describe((*d)[0]) == "[2] 4 32");
  CHECK(Describe((*d)[1]) == "[2] 12 48");
  CHECK(Describe((*d)[2]) == "[2] 24 48");
}

TEST_CASE("Derivatives at other values, by inner values, and of what does not depend",
          "[gradient]") {
  GraphBuilder g = WithInput({2});
  g.Constant("other", Tensor::Of<double>({3}, {5, 6, 7}));
  g.Node("Exp", {"x"}, {"e"});
  g.Node("Mul", {"e", "e"}, {"y"});
  AddGradientNode(g, {"e"}, {}, "y", {"other"}, {"d0"});
  AddGradientNode(g, {"e", "x"}, {}, "y", {"e", "x"}, {"", "d1"});
  AddGradientNode(g, {"x"}, {"e"}, "y", {"x", "e"}, {"d2"});
  AddGradientNode(g, {"y"}, {}, "y", {"y"}, {"d3"});
  const auto d = Derivatives(g, Tensor::Of<double>({2}, {0, 0}), 4);
  REQUIRE(d.ok());
  CHECK(Describe((*d)[0]) == "[3] 10 12 14");
  CHECK(Describe((*d)[1]) == "[2] 0 0");
  CHECK(Describe((*d)[2]) == "[2] 0 0");
  CHECK(Describe((*d)[3]) == "[2] 1 1");
}

TEST_CASE("Derivatives by a choice and through numbers that are whole", "[gradient]") {
  GraphBuilder g = WithInput({3});
  g.Constant("two", Tensor::Scalar(2.0));
  g.Node("Greater", {"x", "two"}, {"large"});
  g.Node("Mul", {"x", "x"}, {"square"});
  g.Node("Where", {"large", "square", "x"}, {"chosen"});
  g.Node("Cast", {"x"}, {"whole"}, {{"to", Int(static_cast<int>(DataType::kInt64))}});
  g.Node("Cast", {"whole"}, {"again"}, {{"to", Int(static_cast<int>(DataType::kDouble))}});
  g.Node("Mul", {"chosen", "again"}, {"y"});
  AddGradientNode(g, {"x"}, {}, "y", {"x"}, {"d0"});
  const auto d = Derivatives(g, Tensor::Of<double>({3}, {1.5, 2.5, 3.5}), 1);
  REQUIRE(d.ok());
  CHECK(Describe((*d)[0]) == "[3] 1 10 21");
}

TEST_CASE("What cannot be differentiated is said", "[gradient]") {
  const auto message = [](const Names& xs, const std::string& y, const Names& inputs) {
    GraphBuilder g = WithInput({2, 2});
    g.Node("Det", {"x"}, {"determinant"});
    g.Node("Neg", {"determinant"}, {"result"});
    AddGradientNode(g, xs, {}, y, inputs, {"d0"});
    return std::string(Derivatives(g, Filled({2, 2}, 0), 1).status().message());
  };
  CHECK_THAT(message({"x"}, "result", {"x"}), Contains("(Det, #0) cannot be differentiated"));
  CHECK_THAT(message({"x"}, "resolt", {"x"}), Contains("did you mean 'result'"));
  CHECK_THAT(message({"x", "y"}, "result", {"x"}), Contains("1 inputs, but xs and zs name 2"));
  CHECK(message({"determinant"}, "result", {"determinant"}) == "");
  GraphBuilder g = WithInput({});
  AddGradientNode(g, {"x"}, {}, "d1", {"x"}, {"d0"});
  AddGradientNode(g, {"x"}, {}, "d0", {"x"}, {"d1"});
  CHECK_THAT(std::string(Derivatives(g, Filled({}, 0), 2).status().message()),
             Contains("nested deeper"));
}

}  // namespace
}  // namespace sardonyx
