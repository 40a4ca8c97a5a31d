#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tests/test_ops.h"

namespace sardonyx {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// A tensor of 1, 2, 3, ... in steps that no sum or product of small ones hides.
template <typename T>
Tensor Count(Shape shape, double scale = 1) {
  std::vector<T> values;
  for (int64_t i = 0; i < shape.Elements(); ++i) {
    values.push_back(static_cast<T>(static_cast<double>(i + 1) * scale));
  }
  return Tensor::Of<T>(std::move(shape), absl::MakeConstSpan(values));
}

/// The element of `x` at the index of the output, its own axes counted from the end.
template <typename T>
T At(const Tensor& x, const Shape& out, int64_t position) {
  int64_t offset = 0, stride = 1;
  for (int i = out.rank() - 1, axis = x.rank() - 1; i >= 0; --i, --axis) {
    const int64_t index = position % out[i];
    position /= out[i];
    if (axis < 0) continue;
    if (x.dim(axis) != 1) offset += index * stride;
    stride *= x.dim(axis);
  }
  return x.data<T>()[offset];
}

struct Shapes {
  Shape a, b, out;
};
const Shapes kShapes[] = {
    {{}, {}, {}},
    {{3}, {}, {3}},
    {{}, {2, 3}, {2, 3}},
    {{2, 3, 4}, {2, 3, 4}, {2, 3, 4}},
    {{2, 3, 4}, {4}, {2, 3, 4}},
    {{2, 3, 4}, {3, 1}, {2, 3, 4}},
    {{2, 1, 4}, {1, 3, 1}, {2, 3, 4}},
    {{1, 5, 1, 7}, {6, 1, 3, 1}, {6, 5, 3, 7}},
    {{37}, {1}, {37}},
    {{1}, {37}, {37}},
    {{0, 3}, {1, 3}, {0, 3}},
    {{2, 1, 1, 1, 2, 1, 1, 2, 1}, {3, 1, 1, 2}, {2, 1, 1, 1, 2, 3, 1, 2, 2}},
    {{1, 64, 300}, {64, 1}, {1, 64, 300}},
};

TEST_CASE("binary operators broadcast", "[elementwise]") {
  for (const Shapes& shapes : kShapes) {
    const Tensor a = Count<float>(shapes.a), b = Count<float>(shapes.b, 0.5);
    for (const char* op : {"Sub", "Div", "Max", "Min", "Mul", "Add"}) {
      for (const KernelDef& kernel : FindOp("", op)->kernels) {
        for (int threads : {1, 3}) {
          INFO(op << " by " << std::string(kernel.name) << " on " << shapes.a.ToString() << " and "
                  << shapes.b.ToString());
          const auto y = RunOp(op, 14, {}, {a, b}, 1, std::string(kernel.name), threads);
          REQUIRE(y.ok());
          const Tensor& out = (*y)[0].tensor();
          REQUIRE(out.shape() == shapes.out);
          for (int64_t i = 0; i < out.size(); ++i) {
            const float p = At<float>(a, out.shape(), i), q = At<float>(b, out.shape(), i);
            const std::string name = op;
            const float wanted = name == "Sub"   ? p - q
                                 : name == "Div" ? p / q
                                 : name == "Max" ? std::max(p, q)
                                 : name == "Min" ? std::min(p, q)
                                 : name == "Mul" ? p * q
                                                 : p + q;
            REQUIRE(out.data<float>()[i] == wanted);
          }
        }
      }
    }
  }
}

TEST_CASE("integers wrap, and divide by zero to zero", "[elementwise]") {
  const int32_t least = std::numeric_limits<int32_t>::min();
  const Tensor a = Tensor::Of<int32_t>({5}, {least, least, 7, -7, least});
  const Tensor b = Tensor::Of<int32_t>({5}, {-1, 1, -2, 2, 0});
  const auto check = [&](const char* op, int opset, std::vector<int32_t> wanted,
                         const std::map<std::string, Attribute>& attributes = {}) {
    INFO(op);
    const auto y = RunOp(op, opset, attributes, {a, b});
    REQUIRE(y.ok());
    for (size_t i = 0; i < wanted.size(); ++i) {
      CHECK((*y)[0].tensor().data<int32_t>()[i] == wanted[i]);
    }
  };
  check("Add", 14, {std::numeric_limits<int32_t>::max(), least + 1, 5, -5, least});
  check("Mul", 14, {least, least, -14, -14, 0});
  check("Div", 14, {least, least, -3, -3, 0});
  check("Mod", 13, {0, 0, -1, 1, 0});
  check("Mod", 13, {0, 0, 1, -1, 0}, {{"fmod", {int64_t{1}}}});
  const auto narrow = RunOp(
      "Mul", 14, {}, {Tensor::Of<uint16_t>({1}, {65535}), Tensor::Of<uint16_t>({1}, {65535})});
  REQUIRE(narrow.ok());
  CHECK((*narrow)[0].tensor().data<uint16_t>()[0] == 1);
}

TEST_CASE("Mod of floats takes the divisor's sign unless fmod", "[elementwise]") {
  const Tensor a = Tensor::Of<float>({6}, {5.5f, -5.5f, 5.5f, kInf, 1.0f, -1.0f});
  const Tensor b = Tensor::Of<float>({6}, {2.0f, 2.0f, -2.0f, 2.0f, 0.0f, kInf});
  const auto floor = RunOp("Mod", 28, {}, {a, b});
  const auto trunc = RunOp("Mod", 28, {{"fmod", {int64_t{1}}}}, {a, b});
  REQUIRE(floor.ok());
  REQUIRE(trunc.ok());
  const float* f = (*floor)[0].tensor().data<float>();
  const float* t = (*trunc)[0].tensor().data<float>();
  CHECK(f[0] == 1.5f);
  CHECK(f[1] == 0.5f);
  CHECK(f[2] == -0.5f);
  CHECK(std::isnan(f[3]));
  CHECK(std::isnan(f[4]));
  CHECK(f[5] == kInf);
  CHECK(t[1] == -1.5f);
  CHECK(t[2] == 1.5f);
  CHECK(std::isnan(t[4]));
  CHECK(t[5] == -1.0f);
}

TEST_CASE("Pow mixes types and keeps the base's", "[elementwise]") {
  const auto check = [](const Tensor& a, const Tensor& b, std::vector<double> wanted) {
    const auto y = RunOp("Pow", 15, {}, {a, b});
    REQUIRE(y.ok());
    CHECK((*y)[0].tensor().type() == a.type());
    const auto values = ToDoubles((*y)[0].tensor());
    REQUIRE(values.ok());
    REQUIRE(values->size() == wanted.size());
    for (size_t i = 0; i < wanted.size(); ++i) CHECK((*values)[i] == Approx(wanted[i]));
  };
  check(Tensor::Of<float>({3}, {1.5f, 2.0f, 3.0f}), Tensor::Scalar<int64_t>(2), {2.25, 4, 9});
  check(Tensor::Of<float>({2}, {2.0f, -2.0f}), Tensor::Scalar(3.0f), {8, -8});
  check(Tensor::Of<float>({2}, {4.0f, 9.0f}), Tensor::Of<double>({2}, {0.5, -0.5}), {2, 1.0 / 3});
  check(Tensor::Of<int32_t>({3}, {2, -3, 1}), Tensor::Of<int64_t>({3}, {10, 3, -4}),
        {1024, -27, 1});
  check(Tensor::Of<int64_t>({2}, {4, 7}), Tensor::Of<float>({2}, {0.5f, 2.0f}), {2, 49});
  check(Tensor::Of<Half>({1}, {Half(3.0f)}), Tensor::Scalar<uint8_t>(2), {9});
}

TEST_CASE("comparisons, with NaN and strings", "[elementwise]") {
  const Tensor a = Tensor::Of<float>({4}, {1, 2, kNan, kInf});
  const Tensor b = Tensor::Of<float>({4}, {1, 1, kNan, kInf});
  const std::pair<const char*, std::vector<bool>> cases[] = {
      {"Equal", {true, false, false, true}},         {"Greater", {false, true, false, false}},
      {"GreaterOrEqual", {true, true, false, true}}, {"Less", {false, false, false, false}},
      {"LessOrEqual", {true, false, false, true}},
  };
  for (const auto& [op, wanted] : cases) {
    const auto y = RunOp(op, 19, {}, {a, b});
    REQUIRE(y.ok());
    REQUIRE((*y)[0].tensor().type() == DataType::kBool);
    for (size_t i = 0; i < wanted.size(); ++i) {
      INFO(op << " " << i);
      CHECK((*y)[0].tensor().data<bool>()[i] == wanted[i]);
    }
  }
  const auto text =
      RunOp("Equal", 19, {},
            {Tensor::Of<std::string>({2}, {"a", "b"}), Tensor::Of<std::string>({1}, {"b"})});
  REQUIRE(text.ok());
  CHECK_FALSE((*text)[0].tensor().data<bool>()[0]);
  CHECK((*text)[0].tensor().data<bool>()[1]);
}

TEST_CASE("shifts by counts out of range leave the sign", "[elementwise]") {
  const Tensor a = Tensor::Of<int8_t>({5}, {-8, 64, -1, 5, -128});
  const Tensor b = Tensor::Of<int8_t>({5}, {1, 1, 8, -1, 7});
  const auto right = RunOp("BitShift", 28, {{"direction", {std::string("RIGHT")}}}, {a, b});
  const auto left = RunOp("BitShift", 28, {{"direction", {std::string("LEFT")}}}, {a, b});
  REQUIRE(right.ok());
  REQUIRE(left.ok());
  const int8_t wanted_right[] = {-4, 32, -1, 0, -1}, wanted_left[] = {-16, -128, 0, 0, 0};
  for (int i = 0; i < 5; ++i) {
    CHECK((*right)[0].tensor().data<int8_t>()[i] == wanted_right[i]);
    CHECK((*left)[0].tensor().data<int8_t>()[i] == wanted_left[i]);
  }
  CHECK_FALSE(RunOp("BitShift", 11, {{"direction", {std::string("UP")}}}, {a, b}).ok());
  CHECK_FALSE(RunOp("BitShift", 11, {}, {a, b}).ok());
}

TEST_CASE("broadcasting before opset 7", "[elementwise]") {
  const Tensor a = Count<float>({2, 3, 4}), b = Count<float>({3}, 10);
  const Attribute one{int64_t{1}};
  const auto y = RunOp("Add", 6, {{"broadcast", one}, {"axis", one}}, {a, b});
  REQUIRE(y.ok());
  REQUIRE((*y)[0].tensor().shape() == a.shape());
  for (int64_t i = 0; i < 24; ++i) {
    CHECK((*y)[0].tensor().data<float>()[i] == a.data<float>()[i] + b.data<float>()[(i / 4) % 3]);
  }
  CHECK_FALSE(RunOp("Add", 6, {}, {a, b}).ok());                    // broadcast is not set
  CHECK_FALSE(RunOp("Add", 6, {{"broadcast", one}}, {a, b}).ok());  // 3 against 4
  CHECK_FALSE(RunOp("Add", 6, {{"broadcast", one}, {"axis", {int64_t{3}}}}, {a, b}).ok());
  CHECK_FALSE(RunOp("Add", 6, {{"broadcast", one}, {"axis", {int64_t{-9}}}}, {a, b}).ok());
  CHECK_FALSE(RunOp("Add", 7, {{"broadcast", one}}, {a, b}).ok());  // no such attribute
  CHECK(RunOp("Add", 6, {{"broadcast", one}}, {a, Count<float>({1, 1, 1, 1})}).ok());
}

TEST_CASE("PRelu along channels, old and new", "[elementwise]") {
  const Tensor x = Count<float>({2, 3, 2}, -1), slope = Count<float>({3}, 0.5);
  const auto old_form = RunOp("PRelu", 6, {}, {x, slope});
  const auto new_form = RunOp("PRelu", 16, {}, {x, slope.Reshaped({3, 1})}, 1, "elementwise.simd");
  REQUIRE(old_form.ok());
  REQUIRE(new_form.ok());
  for (int64_t i = 0; i < 12; ++i) {
    const float wanted = x.data<float>()[i] * slope.data<float>()[(i / 2) % 3];
    CHECK((*old_form)[0].tensor().data<float>()[i] == wanted);
    CHECK((*new_form)[0].tensor().data<float>()[i] == wanted);
  }
  CHECK_FALSE(RunOp("PRelu", 16, {}, {slope, x}).ok());  // slope may not widen X
}

TEST_CASE("variadic operators", "[elementwise]") {
  const Tensor a = Tensor::Of<float>({2, 1}, {1, 5}), b = Tensor::Of<float>({3}, {2, kNan, -1});
  const Tensor c = Tensor::Scalar(3.0f);
  struct {
    const char* op;
    float wanted[6];
  } const cases[] = {{"Max", {3, kNan, 3, 5, kNan, 5}},
                     {"Min", {1, kNan, -1, 2, kNan, -1}},
                     {"Sum", {6, kNan, 3, 10, kNan, 7}},
                     {"Mean", {2, kNan, 1, 10.0f / 3, kNan, 7.0f / 3}}};
  for (const auto& [op, wanted] : cases) {
    for (const KernelDef& kernel : FindOp("", op)->kernels) {
      INFO(op << " by " << std::string(kernel.name));
      const auto y = RunOp(op, 13, {}, {a, b, c}, 1, std::string(kernel.name));
      REQUIRE(y.ok());
      REQUIRE((*y)[0].tensor().shape() == Shape({2, 3}));
      for (int i = 0; i < 6; ++i) {
        const float got = (*y)[0].tensor().data<float>()[i];
        if (std::isnan(wanted[i])) {
          CHECK(std::isnan(got));
        } else {
          CHECK(got == wanted[i]);
        }
      }
    }
  }
  const auto single = RunOp("Mean", 13, {}, {a});
  REQUIRE(single.ok());
  CHECK((*single)[0].tensor().data<float>()[1] == 5);
  CHECK_FALSE(RunOp("Sum", 6, {}, {a, b}).ok());  // no broadcasting before opset 8
}

TEST_CASE("binary operators refuse shapes and types that do not meet", "[elementwise]") {
  const Tensor f = Count<float>({2, 3});
  const auto shapes = RunOp("Add", 14, {}, {f, Count<float>({4})});
  CHECK(shapes.status().message().find("[2,3] and [4]") != absl::string_view::npos);
  const auto types = RunOp("Add", 14, {}, {f, Count<int32_t>({2, 3})});
  CHECK(types.status().message().find("float and int32") != absl::string_view::npos);
  CHECK_FALSE(RunOp("And", 7, {}, {f, f}).ok());
}

}  // namespace
}  // namespace sardonyx
