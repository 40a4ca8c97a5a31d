// Convolutions that take in whole layers before them, once layouts are chosen: on every kernel of
// theirs they give what the reference gives for the layers one by one.
#include <catch2/catch.hpp>

#include "ops/common/caches.h"
#include "runtime/session/session.h"
#include "tests/seeds/every_kernel.h"

namespace sardonyx {
namespace {

/// Fractions, so that rounding differs where the order of sums does.
Tensor Numbers(const Shape& shape, uint32_t seed) {
  Tensor tensor = SmallIntegers(shape, seed);
  for (int64_t i = 0; i < tensor.size(); ++i) tensor.data<float>()[i] *= 0.37f;
  return tensor;
}

Type Image(const Shape& shape, bool symbolic) {
  if (!symbolic) return Type::Tensor(DataType::kFloat, shape);
  SymbolicShape dims = ToSymbolic(shape);
  for (const int axis : {0, 2, 3}) dims[axis] = Dim(absl::StrCat("d", axis));
  return Type::Tensor(DataType::kFloat, dims);
}

struct Fused {
  std::string op, native, reference;
};

Tensor OutputOf(const GraphBuilder& builder, const std::map<std::string, Value>& inputs,
                SessionOptions options) {
  auto session = Session::Create(builder.model(), std::move(options));
  INFO(session.status().ToString());
  REQUIRE(session.ok());
  const auto outputs = (*session)->Run(inputs);
  INFO(outputs.status().ToString());
  REQUIRE(outputs.ok());
  return outputs->front().tensor();
}

/// The layer with that operator in the native plan; there must be one.
LayerReport FindLayer(const GraphBuilder& builder, const std::map<std::string, Value>& inputs,
                      const std::string& op) {
  auto session = Session::Create(builder.model(), {.backend = BackendChoice::kNative});
  REQUIRE(session.ok());
  std::map<std::string, Shape> shapes;
  for (const auto& [name, value] : inputs) shapes[name] = value.tensor().shape();
  const auto report = (*session)->Describe(shapes);
  INFO(report.status().ToString());
  REQUIRE(report.ok());
  for (const LayerReport& layer : report->layers) {
    if (layer.op == op) return layer;
  }
  FAIL("there is no layer " << op);
  return {};
}

void Check(const GraphBuilder& builder, const std::map<std::string, Value>& inputs,
           const Fused& fused) {
  const Tensor expected =
      OutputOf(builder, inputs, {.backend = BackendChoice::kReference, .optimize = false});
  const LayerReport layer = FindLayer(builder, inputs, fused.op);
  CHECK(layer.kernel == fused.native);
  CHECK(layer.multiply_adds > 0);
  const Tensor alone = OutputOf(builder, inputs, {.backend = BackendChoice::kNative, .threads = 1});
  CHECK(alone.shape() == expected.shape());
  CHECK(NormwiseError(alone, expected) < 5e-6);
  for (const int threads : {2, 3}) {
    const Tensor shared =
        OutputOf(builder, inputs, {.backend = BackendChoice::kNative, .threads = threads});
    CHECK(
        std::equal(alone.data<float>(), alone.data<float>() + alone.size(), shared.data<float>()));
  }
  const Tensor plain = OutputOf(
      builder, inputs,
      {.backend = BackendChoice::kAuto, .kernels = {{layer.output_names.at(0), fused.reference}}});
  CHECK(NormwiseError(plain, expected) < 5e-6);
}

// ---- A 1x1 convolution before a depthwise one ---------------------------------------------------

struct Block {
  int64_t batch, in, channels, height, width, kernel, stride, pad, dilation;
  const char* activation;
  bool bias;
};

// Fewer and more channels than vectors and panels hold; bands of several lines, images that end
// within one; windows of padding alone; all activations that such layers have.
constexpr Block kBlocks[] = {{1, 8, 48, 12, 12, 3, 1, 1, 1, "Relu", true},
                             {2, 3, 70, 9, 11, 3, 2, 1, 1, "Sigmoid", false},
                             {1, 24, 144, 56, 56, 3, 1, 1, 1, "Relu", true},
                             {1, 16, 96, 112, 112, 3, 2, 1, 1, "Relu", true},
                             {1, 5, 1, 7, 6, 5, 2, 2, 1, "", true},
                             {3, 40, 33, 5, 9, 5, 1, 2, 1, "HardSwish", true},
                             {1, 7, 20, 10, 8, 3, 1, 2, 2, "Relu", false},
                             {1, 300, 40, 6, 6, 3, 1, 1, 1, "Relu", true},
                             {2, 4, 17, 1, 1, 1, 1, 0, 1, "Relu", true},
                             {1, 4, 17, 9, 9, 2, 4, 0, 1, "LeakyRelu", true},
                             {1, 4, 8, 3, 3, 2, 1, 4, 1, "", true}};

std::string ActivatedConv(GraphBuilder& builder, const std::string& name, const std::string& x,
                          Tensor weights, const Block& block,
                          std::map<std::string, Attribute> attributes) {
  const int64_t channels = weights.dim(0);
  std::vector<std::string> inputs = {x, builder.Constant(name + "_w", std::move(weights))};
  if (block.bias) inputs.push_back(builder.Constant(name + "_b", Numbers({channels}, 5)));
  builder.Node("Conv", inputs, {name}, std::move(attributes));
  if (*block.activation == '\0') return name;
  builder.Node(block.activation, {name}, {name + "_activated"});
  return name + "_activated";
}

/// With so many images that what lies between the layers is too large to be worth storing.
Block Enlarged(Block block) {
  const int64_t image = block.channels * block.height * block.width * 4;
  block.batch = 4 * SystemCaches().l2 / image + 1;
  return block;
}

GraphBuilder Expanded(const Block& block, bool symbolic) {
  GraphBuilder builder;
  builder.Input("x", Image({block.batch, block.in, block.height, block.width}, symbolic));
  const std::string wide =
      ActivatedConv(builder, "wide", "x", Numbers({block.channels, block.in, 1, 1}, 1), block, {});
  const std::string deep = ActivatedConv(
      builder, "deep", wide, Numbers({block.channels, 1, block.kernel, block.kernel}, 2), block,
      {{"group", IntAttribute(block.channels)},
       {"strides", IntsAttribute({block.stride, block.stride})},
       {"dilations", IntsAttribute({block.dilation, block.dilation})},
       {"pads", IntsAttribute(std::vector<int64_t>(4, block.pad))}});
  builder.Output(deep);
  return builder;
}

TEST_CASE("A depthwise Conv takes in the 1x1 Conv before it", "[conv][fused]") {
  const Fused fused{"ExpandedDepthwiseConv", "conv.expanded_depthwise",
                    "conv.expanded_depthwise_reference"};
  for (const Block& given : kBlocks) {
    for (const bool symbolic : {false, true}) {
      const Block block = symbolic ? given : Enlarged(given);
      CAPTURE(block.in, block.channels, block.height, block.width, block.kernel, symbolic);
      Check(Expanded(block, symbolic),
            {{"x", Numbers({block.batch, block.in, block.height, block.width}, 3)}}, fused);
    }
  }
}

std::vector<std::string> NativeOps(const GraphBuilder& builder) {
  auto session = Session::Create(builder.model(), {.backend = BackendChoice::kNative});
  REQUIRE(session.ok());
  const auto report = (*session)->Describe();
  REQUIRE(report.ok());
  std::vector<std::string> ops;
  for (const LayerReport& layer : report->layers) {
    if (layer.op != "Transpose") ops.push_back(layer.op);
  }
  return ops;
}

TEST_CASE("A small 1x1 Conv, or one that others read, stays a layer of its own", "[conv][fused]") {
  CHECK(NativeOps(Expanded(kBlocks[0], false)) == std::vector<std::string>{"Conv", "Conv"});
  GraphBuilder builder = Expanded(Enlarged(kBlocks[0]), false);
  CHECK(NativeOps(builder) == std::vector<std::string>{"ExpandedDepthwiseConv"});
  builder.Output("wide_activated");
  CHECK(NativeOps(builder) == std::vector<std::string>{"Conv", "Conv"});
}

// ---- Concat, BatchNormalization and activation before a 1x1 convolution
// --------------------------

struct Joined {
  int64_t batch, height, width, out;
  std::vector<int64_t> channels;
  const char* activation;
};

GraphBuilder Preactivated(const Joined& joined, bool symbolic) {
  GraphBuilder builder;
  std::vector<std::string> parts;
  int64_t all = 0;
  for (const int64_t channels : joined.channels) {
    const std::string name = absl::StrCat("x", parts.size());
    builder.Input(name, Image({joined.batch, channels, joined.height, joined.width}, symbolic));
    const std::string part = "part" + name;  // of a convolution, so that it is channels-last
    const uint32_t seed = static_cast<uint32_t>(20 + parts.size());
    builder.Node("Conv",
                 {name, builder.Constant("w" + name, Numbers({channels, channels, 1, 1}, seed))},
                 {part});
    parts.push_back(part);
    all += channels;
  }
  const std::string whole = "whole";
  if (parts.size() > 1) {
    builder.Node("Concat", parts, {whole}, {{"axis", IntAttribute(1)}});
  } else {  // not the convolution itself, which would absorb what follows
    builder.Node("MaxPool", parts, {whole}, {{"kernel_shape", IntsAttribute({1, 1})}});
  }
  Tensor variance = Numbers({all}, 4);
  for (int64_t i = 0; i < all; ++i) variance.data<float>()[i] += 2;
  builder.Node(
      "BatchNormalization",
      {whole, builder.Constant("scale", Numbers({all}, 1)),
       builder.Constant("shift", Numbers({all}, 2)), builder.Constant("mean", Numbers({all}, 3)),
       builder.Constant("variance", std::move(variance))},
      {"normal"});
  builder.Node(joined.activation, {"normal"}, {"active"});
  builder.Node("Conv",
               {"active", builder.Constant("w", Numbers({joined.out, all, 1, 1}, 6)),
                builder.Constant("b", Numbers({joined.out}, 7))},
               {"y"});
  builder.Output("y");
  return builder;
}

TEST_CASE("A 1x1 Conv takes in Concat and BatchNormalization before it", "[conv][fused]") {
  const Fused fused{"PreactivatedConv", "conv.preactivated", "conv.preactivated_reference"};
  const Joined cases[] = {{1, 8, 8, 32, {16, 16}, "Relu"},
                          {2, 7, 5, 40, {64, 32, 3, 1, 32, 50}, "Relu"},
                          {1, 9, 9, 70, {24}, "Sigmoid"},
                          {1, 14, 14, 128, {256, 300, 70}, "Relu"},
                          {1, 5, 5, 48, {256, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32}, "Relu"},
                          {1, 1, 1, 1, {1, 1}, "Relu"}};
  for (const Joined& joined : cases) {
    for (const bool symbolic : {false, true}) {
      CAPTURE(joined.height, joined.out, joined.channels, symbolic);
      std::map<std::string, Value> inputs;
      for (const int64_t channels : joined.channels) {
        inputs[absl::StrCat("x", inputs.size())] =
            Numbers({joined.batch, channels, joined.height, joined.width},
                    static_cast<uint32_t>(10 + inputs.size()));
      }
      Check(Preactivated(joined, symbolic), inputs, fused);
    }
  }
}

// ---- A gate and a residual around a 1x1 convolution ---------------------------------------------

TEST_CASE("A 1x1 Conv takes in the gate of a squeeze-and-excite block", "[conv][fused]") {
  const Fused fused{"PreactivatedConv", "conv.preactivated", "conv.preactivated_reference"};
  for (const bool symbolic : {false, true}) {
    for (const bool residual : {false, true}) {
      for (const bool first : {false, true}) {
        CAPTURE(symbolic, residual, first);
        GraphBuilder builder;
        const int64_t images = symbolic ? 3 : SystemCaches().l2 / (37 * 5 * 7 * 4) + 1;
        const Shape shape{images, 37, 5, 7};
        builder.Input("x", Image(shape, symbolic));
        builder.Node("Conv", {"x", builder.Constant("w0", Numbers({37, 37, 1, 1}, 1))}, {"c"});
        builder.Node("GlobalAveragePool", {"c"}, {"p"});
        builder.Node("Conv", {"p", builder.Constant("w1", Numbers({37, 37, 1, 1}, 2))}, {"f"});
        builder.Node("Sigmoid", {"f"}, {"gate"});
        builder.Node(
            "Mul",
            first ? std::vector<std::string>{"gate", "c"} : std::vector<std::string>{"c", "gate"},
            {"gated"});
        builder.Node("Conv", {"gated", builder.Constant("w2", Numbers({37, 37, 1, 1}, 4))}, {"y"});
        if (residual) builder.Node("Add", {"y", "c"}, {"z"});
        builder.Output(residual ? "z" : "y");
        Check(builder, {{"x", Numbers(shape, 3)}}, fused);
      }
    }
  }
}

}  // namespace
}  // namespace sardonyx
