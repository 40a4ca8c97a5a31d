// Conv and ConvTranspose as operators: types, automatic padding, errors.
#include "tests/seeds/every_kernel.h"

namespace sardonyx {
namespace {

Tensor As(DataType type, const Tensor& floats) {
  auto tensor = Tensor::Create(type, floats.shape());
  REQUIRE(tensor.ok());
  const Status status = Dispatch(type, Floats{}, [&]<typename T>() {
    for (int64_t i = 0; i < floats.size(); ++i) {
      tensor->data<T>()[i] = static_cast<T>(floats.data<float>()[i]);
    }
    return absl::OkStatus();
  });
  REQUIRE(status.ok());
  return *tensor;
}

TEST_CASE("Conv computes on every floating-point type", "[conv]") {
  const Tensor x = SmallIntegers({1, 2, 5, 5}, 1), w = SmallIntegers({3, 2, 3, 3}, 2);
  const Tensor expected = ByReference("Conv", 22, {}, {x, w});
  for (const DataType type : {DataType::kDouble, DataType::kFloat16, DataType::kBFloat16}) {
    const Tensor y = ByReference("Conv", 22, {}, {As(type, x), As(type, w)});
    CHECK(y.type() == type);
    CHECK(NormwiseError(y, expected) <= (type == DataType::kBFloat16 ? 4e-3 : 0));
  }
}

TEST_CASE("a Conv of four spatial axes is computed right or refused", "[conv]") {
  const Tensor x = SmallIntegers({2, 2, 3, 2, 3, 2}, 1), w = SmallIntegers({4, 2, 2, 2, 1, 2}, 2);
  CheckEveryKernel("Conv", 22, {}, {x, w}, ByReference("Conv", 22, {}, {x, w}), 1);
}

TEST_CASE("automatic padding keeps the size", "[conv]") {
  // SAME_UPPER puts the odd row or column behind, SAME_LOWER in front.
  const Tensor x = SmallIntegers({1, 1, 6, 5}, 3), w = SmallIntegers({1, 1, 2, 4}, 4);
  const auto same = [&](const char* mode) { return Attributes{{"auto_pad", {std::string(mode)}}}; };
  const auto padded = [&](std::vector<int64_t> pads) {
    return ByReference("Conv", 11, {{"pads", IntsAttribute(std::move(pads))}}, {x, w});
  };
  CheckEveryKernel("Conv", 11, same("SAME_UPPER"), {x, w}, padded({0, 1, 1, 2}));
  CheckEveryKernel("Conv", 11, same("SAME_LOWER"), {x, w}, padded({1, 2, 0, 1}));
  CheckEveryKernel("Conv", 11, same("VALID"), {x, w}, padded({0, 0, 0, 0}));
}

TEST_CASE("ConvTranspose is the adjoint of Conv", "[conv]") {
  // <Conv(x), y> = <x, ConvTranspose(y)> for all x and y, exactly on whole numbers.
  struct Case {
    std::vector<int64_t> strides, dilations, pads, output_padding;
    int64_t group;
  };
  const Case cases[] = {{{1, 1}, {1, 1}, {0, 0, 0, 0}, {0, 0}, 1},
                        {{2, 2}, {1, 1}, {1, 1, 1, 1}, {1, 0}, 1},
                        {{2, 3}, {2, 1}, {0, 1, 2, 0}, {1, 2}, 2},
                        {{3, 1}, {1, 3}, {1, 2, 0, 3}, {2, 0}, 2}};
  for (const Case& c : cases) {
    Attributes conv = {{"strides", IntsAttribute(c.strides)},
                       {"dilations", IntsAttribute(c.dilations)},
                       {"pads", IntsAttribute(c.pads)},
                       {"group", IntAttribute(c.group)}};
    Attributes transposed = conv;
    transposed["output_padding"] = IntsAttribute(c.output_padding);
    const Tensor w = SmallIntegers({6, 4 / c.group, 3, 2}, 5);
    const Tensor y = SmallIntegers({2, 6, 4, 5}, 6);
    for (const auto& [kernel, back] : OnEveryKernel("ConvTranspose", 11, transposed, {y, w})) {
      INFO(kernel << " " << back.ToString());
      const Tensor x = SmallIntegers(back.shape(), 7);
      const Tensor forth = ByReference("Conv", 11, conv, {x, w});
      REQUIRE(forth.shape() == y.shape());
      double left = 0, right = 0;
      for (int64_t i = 0; i < y.size(); ++i) left += forth.data<float>()[i] * y.data<float>()[i];
      for (int64_t i = 0; i < x.size(); ++i) right += back.data<float>()[i] * x.data<float>()[i];
      CHECK(left == right);
      CHECK(left != 0);
    }
  }
}

TEST_CASE("ConvTranspose's output_shape sets the padding", "[conv]") {
  const Tensor x = Count({1, 1, 3, 3}), w = FloatTensor({1, 1, 2, 2}, {1, 1, 1, 1});
  const Tensor bias = FloatTensor({1}, {0.5f});
  const Attributes shape = {{"strides", IntsAttribute({2, 2})},
                            {"output_shape", IntsAttribute({7, 5})}};
  const Tensor y = ByReference("ConvTranspose", 11, shape, {x, w, bias});
  CHECK(y.shape() == Shape{1, 1, 7, 5});
  // Rows are filled to 6; the seventh gets the bias alone. One column of padding goes in front.
  CHECK(y.data<float>()[0] == 0.5f);
  CHECK(y.data<float>()[1] == 1.5f);
  CHECK(y.data<float>()[6 * 5] == 0.5f);
}

void CheckError(const std::string& op, const Attributes& attributes,
                const std::vector<Value>& inputs, const std::string& part) {
  const auto result = RunOp(op, 11, attributes, inputs);
  REQUIRE_FALSE(result.ok());
  INFO(result.status().ToString());
  CHECK(std::string(result.status().message()).find(part) != std::string::npos);
}

TEST_CASE("what is wrong with a Conv is said", "[conv][errors]") {
  const Tensor x = Count({1, 4, 8, 8}), w = Count({2, 4, 3, 3});
  CheckError("Conv", {}, {x, Count({2, 3, 3, 3})}, "4 channels and group=1 needs 4");
  CheckError("Conv", {{"group", IntAttribute(3)}}, {x, w}, "group=3");
  CheckError("Conv", {{"group", IntAttribute(0)}}, {x, w}, "not at least 1");
  CheckError("Conv", {{"group", IntAttribute(4)}}, {x, Count({2, 1, 3, 3})}, "no multiple of");
  CheckError("Conv", {{"strides", IntsAttribute({0, 1})}}, {x, w}, "'strides' has the element 0");
  CheckError("Conv", {{"strides", IntsAttribute({1})}}, {x, w}, "'strides' has 1 elements");
  CheckError("Conv", {{"dilations", IntsAttribute({1, -1})}}, {x, w}, "'dilations'");
  CheckError("Conv", {{"dilations", IntsAttribute({int64_t{1} << 62, 1})}}, {x, w}, "'dilations'");
  CheckError("Conv", {{"pads", IntsAttribute({0, 0, 0, -1})}}, {x, w}, "'pads'");
  CheckError("Conv", {{"dilations", IntsAttribute({8, 1})}}, {x, w}, "the kernel covers 17");
  CheckError("Conv", {{"kernel_shape", IntsAttribute({3, 4})}}, {x, w}, "kernel_shape");
  CheckError("Conv", {{"auto_pad", {std::string("SAME")}}}, {x, w}, "auto_pad");
  CheckError("Conv", {}, {x, w, Count({3})}, "(B) has shape [3]");
  CheckError("Conv", {}, {x, Count({2, 4, 3})}, "the same rank");
  CheckError("Conv", {}, {x, Tensor::Of<double>({2, 4, 1, 1}, {1, 2, 3, 4, 5, 6, 7, 8})}, "double");
  CheckError("Conv", {}, {Tensor::Of<int32_t>({1, 1, 1}, {1}), w}, "int32");
  CheckError("ConvTranspose", {{"output_padding", IntsAttribute({2, 0})}}, {x, Count({4, 1, 3, 3})},
             "output_padding");
  CheckError("ConvTranspose", {{"pads", IntsAttribute({9, 0, 9, 0})}}, {x, Count({4, 1, 3, 3})},
             "leaves nothing");
  CheckError("ConvTranspose", {}, {x, Count({3, 1, 3, 3})}, "4 channels");
}

TEST_CASE("an empty batch gives an empty result", "[conv]") {
  for (const auto& [kernel, y] :
       OnEveryKernel("Conv", 11, {}, {Count({0, 2, 5, 5}), Count({3, 2, 3, 3})})) {
    INFO(kernel);
    CHECK(y.shape() == Shape{0, 3, 3, 3});
  }
}

}  // namespace
}  // namespace sardonyx
