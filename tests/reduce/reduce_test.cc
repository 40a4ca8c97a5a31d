// The reductions against plain sums in double, on every kernel.
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "tests/test_ops.h"

namespace sardonyx {
namespace {

using Doubles = std::vector<double>;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Tensor Random(const Shape& shape, int seed) {
  Tensor tensor = *Tensor::Create(DataType::kFloat, shape);
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(0.25f, 1.5f);
  for (float& x : tensor.span<float>()) x = uniform(generator);
  return tensor;
}

const std::map<std::string, std::function<double(const Doubles&)>>& Oracles() {
  static const auto fold = [](double start, auto step) {
    return [=](const Doubles& x) {
      double total = start;
      for (const double v : x) total = step(total, v);
      return total;
    };
  };
  static const auto sum = fold(0, [](double a, double b) { return a + b; });
  static const auto squares = fold(0, [](double a, double b) { return a + b * b; });
  static const std::map<std::string, std::function<double(const Doubles&)>> oracles = {
      {"ReduceSum", sum},
      {"ReduceMean", [](const Doubles& x) { return sum(x) / x.size(); }},
      {"ReduceSumSquare", squares},
      {"ReduceL1", fold(0, [](double a, double b) { return a + std::abs(b); })},
      {"ReduceL2", [](const Doubles& x) { return std::sqrt(squares(x)); }},
      {"ReduceProd", fold(1, [](double a, double b) { return a * b; })},
      {"ReduceLogSum", [](const Doubles& x) { return std::log(sum(x)); }},
      {"ReduceLogSumExp",
       [](const Doubles& x) {
         return std::log(fold(0, [](double a, double b) { return a + std::exp(b); })(x));
       }},
      {"ReduceMax", fold(-kInfinity, [](double a, double b) { return std::max(a, b); })},
      {"ReduceMin", fold(kInfinity, [](double a, double b) { return std::min(a, b); })},
  };
  return oracles;
}

/// What each result is made from, in the order of the results.
std::vector<Doubles> Groups(const Tensor& x, const std::vector<bool>& reduced) {
  std::vector<Doubles> groups(1);
  int64_t results = 1;
  for (int i = 0; i < x.rank(); ++i) results *= reduced[i] ? 1 : x.dim(i);
  groups.resize(results);
  for (int64_t i = 0; i < x.size(); ++i) {
    int64_t rest = i, at = 0, step = 1;
    for (int axis = x.rank() - 1; axis >= 0; --axis) {
      if (!reduced[axis]) {
        at += rest % x.dim(axis) * step;
        step *= x.dim(axis);
      }
      rest /= x.dim(axis);
    }
    groups[at].push_back(x.data<float>()[i]);
  }
  return groups;
}

struct Case {
  Shape shape;
  std::vector<int64_t> axes;
};

TEST_CASE("reductions agree with sums in double", "[reduce]") {
  const Case cases[] = {
      {{}, {}},
      {{1}, {0}},
      {{7}, {-1}},
      {{3, 4}, {0}},
      {{3, 4}, {1}},
      {{3, 4}, {0, 1}},
      {{3, 4}, {}},
      {{2, 3, 4, 5}, {0, 2}},
      {{2, 3, 4, 5}, {1, 3}},
      {{2, 3, 4, 5}, {-1, -2}},
      {{2, 1, 37}, {0}},
      {{5, 133}, {1}},
      {{3, 41, 2}, {1}},
      {{0, 3}, {1}},
      {{2, 0, 3}, {1}},
      {{1, 1, 1}, {1}},
      {{2, 2, 2, 2, 2}, {0, 2, 4}},
  };
  for (const auto& [op, oracle] : Oracles()) {
    for (const Case& c : cases) {
      const Tensor x = Random(c.shape, 7);
      std::vector<bool> reduced(c.shape.rank(), c.axes.empty());
      for (const int64_t axis : c.axes) reduced[*NormalizeAxis(axis, c.shape.rank())] = true;
      const auto groups = Groups(x, reduced);
      const Tensor axes = Tensor::Of<int64_t>({static_cast<int64_t>(c.axes.size())}, c.axes);
      for (const KernelDef& kernel : FindOp("", op)->kernels) {
        INFO(kernel.name << " of " << c.shape.ToString() << " over " << c.axes.size() << " axes");
        const auto y =
            RunOp(op, 18, {{"keepdims", {int64_t{0}}}}, {x, axes}, 1, std::string(kernel.name), 2);
        REQUIRE(y.ok());
        const Tensor& result = (*y)[0].tensor();
        REQUIRE(result.size() == static_cast<int64_t>(groups.size()));
        double error = 0, size = 0;
        for (size_t i = 0; i < groups.size(); ++i) {
          const double expected = oracle(groups[i]), got = result.data<float>()[i];
          if (std::isnan(expected)) {
            CHECK(std::isnan(got));
          } else if (std::isinf(expected)) {
            CHECK(got == expected);
          } else {
            error = std::max(error, std::abs(got - expected));
            size = std::max(size, std::abs(expected));
          }
        }
        CHECK(error <= 5e-7 * size);
      }
    }
  }
}

TEST_CASE("reductions take axes as an attribute before they were an input", "[reduce]") {
  const Tensor x = Tensor::Of<float>({2, 2}, {1, 2, 3, 4});
  const Attribute axes{std::vector<int64_t>{1}};
  const auto old = RunOp("ReduceSum", 11, {{"axes", axes}}, {x});
  REQUIRE(old.ok());
  CHECK((*old)[0].tensor().shape() == Shape{2, 1});
  CHECK((*old)[0].tensor().data<float>()[1] == 7);
  CHECK(RunOp("ReduceMean", 13, {{"axes", axes}}, {x}).ok());
  CHECK_FALSE(RunOp("ReduceSum", 13, {{"axes", axes}}, {x}).ok());
  CHECK_FALSE(RunOp("ReduceMean", 13, {}, {x, Tensor::Of<int64_t>({1}, {0})}).ok());
  CHECK_FALSE(RunOp("ReduceSum", 13, {}, {x, Tensor::Of<int64_t>({1}, {2})}).ok());
  CHECK_FALSE(RunOp("ReduceSum", 13, {}, {x, Tensor::Of<int64_t>({1}, {-3})}).ok());
}

TEST_CASE("no axes reduce nothing where the attribute says so", "[reduce]") {
  const Tensor x = Tensor::Of<float>({2}, {1, -3});
  const Tensor none = Tensor::Of<int64_t>({0}, {});
  const std::map<std::string, Attribute> noop = {{"noop_with_empty_axes", {int64_t{1}}}};
  const auto sum = RunOp("ReduceSum", 13, noop, {x, none});
  REQUIRE(sum.ok());
  CHECK((*sum)[0].tensor().shape() == Shape{2});
  CHECK((*sum)[0].tensor().data<float>()[1] == -3);
  const auto squares = RunOp("ReduceSumSquare", 18, noop, {x});
  REQUIRE(squares.ok());
  CHECK((*squares)[0].tensor().data<float>()[1] == 9);
}

TEST_CASE("integers and bools reduce exactly", "[reduce]") {
  const Tensor x = Tensor::Of<int32_t>({3}, {std::numeric_limits<int32_t>::min(), -1, 5});
  const auto one = [&](const char* op) {
    return (*RunOp(op, 20, {}, {x}))[0].tensor().data<int32_t>()[0];
  };
  CHECK(one("ReduceMax") == 5);
  CHECK(one("ReduceMin") == std::numeric_limits<int32_t>::min());
  CHECK(one("ReduceMean") == -715827881);
  CHECK(one("ReduceL1") == std::numeric_limits<int32_t>::min() + 6);
  const Tensor flags = Tensor::Of<bool>({2, 2}, {true, false, true, true});
  const auto all =
      RunOp("ReduceMin", 20, {{"keepdims", {int64_t{0}}}}, {flags, Tensor::Of<int64_t>({1}, {1})});
  REQUIRE(all.ok());
  CHECK_FALSE((*all)[0].tensor().data<bool>()[0]);
  CHECK((*all)[0].tensor().data<bool>()[1]);
}

TEST_CASE("NaN survives ReduceMax on every kernel", "[reduce]") {
  std::vector<float> values(40, 1.0f);
  values[17] = kNan;
  const Tensor x = Tensor::Of<float>({40}, values);
  for (const KernelDef& kernel : FindOp("", "ReduceMax")->kernels) {
    const auto y = RunOp("ReduceMax", 18, {}, {x}, 1, std::string(kernel.name));
    REQUIRE(y.ok());
    CHECK(std::isnan((*y)[0].tensor().data<float>()[0]));
  }
}

TEST_CASE("ArgMax breaks ties as asked", "[reduce]") {
  const Tensor x = Tensor::Of<float>({2, 3}, {1, 3, 3, kNan, 9, kNan});
  const auto run = [&](int64_t last) {
    return (*RunOp("ArgMax", 13, {{"axis", {int64_t{-1}}}, {"select_last_index", {last}}}, {x}))[0]
        .tensor();
  };
  CHECK(run(0).data<int64_t>()[0] == 1);
  CHECK(run(1).data<int64_t>()[0] == 2);
  CHECK(run(0).data<int64_t>()[1] == 0);
  CHECK(run(1).data<int64_t>()[1] == 2);
  CHECK_FALSE(RunOp("ArgMin", 13, {{"axis", {int64_t{2}}}}, {x}).ok());
  CHECK_FALSE(RunOp("ArgMin", 13, {}, {Random({0, 2}, 1)}).ok());
  CHECK(RunOp("ArgMin", 13, {{"axis", {int64_t{1}}}}, {Random({0, 2}, 1)}).ok());
}

TEST_CASE("CumSum and CumProd run both ways", "[reduce]") {
  const Tensor x = Tensor::Of<int64_t>({2, 3}, {1, 2, 3, 4, 5, 6});
  const auto run = [&](const char* op, int64_t axis, int64_t exclusive, int64_t reverse) {
    const auto y = RunOp(op, 26, {{"exclusive", {exclusive}}, {"reverse", {reverse}}},
                         {x, Tensor::Scalar<int64_t>(axis)});
    const auto span = (*y)[0].tensor().span<int64_t>();
    return std::vector<int64_t>(span.begin(), span.end());
  };
  CHECK(run("CumSum", 1, 0, 0) == std::vector<int64_t>{1, 3, 6, 4, 9, 15});
  CHECK(run("CumSum", -2, 0, 0) == std::vector<int64_t>{1, 2, 3, 5, 7, 9});
  CHECK(run("CumSum", 1, 1, 1) == std::vector<int64_t>{5, 3, 0, 11, 6, 0});
  CHECK(run("CumProd", 1, 1, 0) == std::vector<int64_t>{1, 1, 2, 1, 4, 20});
  CHECK(run("CumProd", 0, 0, 1) == std::vector<int64_t>{4, 10, 18, 4, 5, 6});
  CHECK_FALSE(RunOp("CumSum", 14, {}, {x, Tensor::Scalar<int64_t>(2)}).ok());
  CHECK_FALSE(RunOp("CumSum", 14, {}, {x, Tensor::Of<int64_t>({2}, {0, 1})}).ok());
}

TEST_CASE("Softmax and LogSoftmax agree with double on every kernel", "[reduce]") {
  for (const bool log : {false, true}) {
    const std::string op = log ? "LogSoftmax" : "Softmax";
    for (const auto& [shape, axis] : std::vector<std::pair<Shape, int64_t>>{
             {{1}, 0}, {{5}, 0}, {{3, 1000}, 1}, {{37, 70}, 0}, {{2, 3, 4}, 1}, {{2, 0, 3}, 2}}) {
      Tensor x = Random(shape, 11);
      for (float& v : x.span<float>()) v = v * 20 - 15;
      const int at = static_cast<int>(axis);
      const int64_t length = shape[at], inner = shape.Elements(at + 1, shape.rank());
      for (const KernelDef& kernel : FindOp("", op)->kernels) {
        INFO(kernel.name << " " << shape.ToString() << " axis " << axis);
        const auto y = RunOp(op, 13, {{"axis", {axis}}}, {x}, 1, std::string(kernel.name), 2);
        REQUIRE(y.ok());
        double error = 0;
        for (int64_t i = 0; i < x.size(); ++i) {
          const int64_t base = i / (length * inner) * length * inner + i % inner;
          double sum = 0;
          for (int64_t j = 0; j < length; ++j) {
            sum += std::exp(double{x.data<float>()[base + j * inner]});
          }
          const double value = x.data<float>()[i];
          const double expected = log ? value - std::log(sum) : std::exp(value) / sum;
          error = std::max(error, std::abs((*y)[0].tensor().data<float>()[i] - expected));
        }
        CHECK(error <= (log ? 30 : 1) * 5e-7);
      }
    }
  }
}

TEST_CASE("before opset 13 Softmax takes all axes from the given one", "[reduce]") {
  const Tensor x = Tensor::Of<float>({1, 2, 2}, {0, 0, 0, 0});
  const auto y = RunOp("Softmax", 11, {}, {x});
  REQUIRE(y.ok());
  CHECK((*y)[0].tensor().data<float>()[0] == 0.25f);
  const auto newer = RunOp("Softmax", 13, {}, {x});
  REQUIRE(newer.ok());
  CHECK((*newer)[0].tensor().data<float>()[0] == 0.5f);
  const auto hard = RunOp("Hardmax", 11, {}, {x});
  REQUIRE(hard.ok());
  CHECK((*hard)[0].tensor().data<float>()[0] == 1);
  CHECK((*hard)[0].tensor().data<float>()[2] == 0);
  CHECK_FALSE(RunOp("Softmax", 13, {{"axis", {int64_t{3}}}}, {x}).ok());
  CHECK_FALSE(RunOp("Softmax", 13, {}, {Tensor::Scalar<float>(1)}).ok());
}

}  // namespace
}  // namespace sardonyx
