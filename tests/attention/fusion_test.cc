// Attention as exporters write it becomes one node, with the same results; what is no attention
// stays as it is.
#include <catch2/catch.hpp>

#include "runtime/session/session.h"
#include "tests/graph_builder.h"
#include "tests/seeds/every_kernel.h"

namespace sardonyx {
namespace {

constexpr int64_t kRows = 37, kHeads = 3, kSize = 8, kWidth = kHeads * kSize;

Tensor Sizes(std::vector<int64_t> sizes) {
  return Tensor::Of<int64_t>({static_cast<int64_t>(sizes.size())}, sizes);
}
Tensor Random(const Shape& shape, uint32_t seed) {
  Tensor tensor = SmallIntegers(shape, seed);
  for (float& x : tensor.span<float>()) x *= 0.1f;
  return tensor;
}

/// A builder with short words for what these graphs are made of.
struct Builder : GraphBuilder {
  Builder() : GraphBuilder(17) {}

  std::string New() { return "v" + std::to_string(count++); }
  std::string Add(const std::string& op, const std::vector<std::string>& inputs,
                  std::map<std::string, Attribute> attributes = {}) {
    const std::string name = New();
    Node(op, inputs, {name}, std::move(attributes));
    return name;
  }
  std::string Number(float value) { return Constant(New(), Tensor::Scalar(value)); }
  std::string Index(int64_t value) { return Constant(New(), Tensor::Scalar(value)); }
  std::string List(std::vector<int64_t> list) { return Constant(New(), Sizes(std::move(list))); }
  std::string Weights(int64_t rows, int64_t columns) {
    return Constant(New(), Random({rows, columns}, static_cast<uint32_t>(++count)));
  }
  std::string Linear(const std::string& x, int64_t from, int64_t to) {
    return Add("MatMul", {x, Weights(from, to)});
  }
  std::string Reshape(const std::string& x, std::vector<int64_t> shape) {
    return Add("Reshape", {x, List(std::move(shape))});
  }
  std::string Transpose(const std::string& x, std::vector<int64_t> perm) {
    return Add("Transpose", {x}, {{"perm", IntsAttribute(std::move(perm))}});
  }
  std::string Softmax(const std::string& x, int64_t axis = -1) {
    return Add("Softmax", {x}, {{"axis", IntAttribute(axis)}});
  }

  int count = 0;
};

/// What a graph computes from x, [batch, kRows, kWidth], as it is and simplified, on each backend;
/// whether it has become an Attention, and how many layers there are.
void Check(Builder& b, const Dim& declared, bool fused, size_t layers = 0) {
  const auto model = b.model();
  model->graph.values[model->graph.inputs[0]].type =
      Type::Tensor(DataType::kFloat, SymbolicShape{declared, Dim(kRows), Dim(kWidth)});
  for (const int64_t batch : {2, 1, 0}) {
    if (declared.known() && batch != declared.value) continue;
    const Tensor x = Random({batch, kRows, kWidth}, 77);
    std::vector<Value> expected;
    for (const auto& [backend, optimize] : {std::pair(BackendChoice::kReference, false),
                                            {BackendChoice::kReference, true},
                                            {BackendChoice::kAuto, true}}) {
      const auto session =
          Session::Create(model, {.backend = backend, .threads = 2, .optimize = optimize});
      INFO(session.status().ToString());
      REQUIRE(session.ok());
      const auto outputs = (*session)->Run({{"x", x}});
      INFO(outputs.status().ToString());
      REQUIRE(outputs.ok());
      if (!optimize) {
        expected = *outputs;
        continue;
      }
      REQUIRE((*outputs)[0].tensor().shape() == expected[0].tensor().shape());
      CHECK(NormwiseError((*outputs)[0].tensor(), expected[0].tensor()) < 5e-6);
      const auto report = (*session)->Describe();
      REQUIRE(report.ok());
      bool found = false;
      for (const auto& layer : report->layers) found = found || layer.op == "Attention";
      CHECK(found == fused);
      if (layers > 0) CHECK(report->layers.size() == layers);
    }
  }
}

const Dim kSymbol("N"), kTwo(2), kOne(1);

// ---- As exporters write it ---------------------------------------------------------------------

TEST_CASE("multi-head attention of length before batch is found", "[attention]") {
  for (const Dim& batch : {kOne, kTwo}) {  // torch.nn.MultiheadAttention
    Builder b;
    const std::string x = b.Input("x", {});
    const std::string first = b.Transpose(x, {1, 0, 2});
    const std::string qkv = b.Linear(first, kWidth, 3 * kWidth);
    const auto part = [&](int64_t i) {
      const std::string slice =
          b.Add("Slice", {qkv, b.List({i * kWidth}), b.List({(i + 1) * kWidth}), b.List({-1})});
      return b.Reshape(slice, {kRows, batch.value * kHeads, kSize});
    };
    const std::string q = b.Add("Div", {b.Transpose(part(0), {1, 0, 2}), b.Number(3)});
    const std::string k = b.Transpose(part(1), {1, 2, 0}), v = b.Transpose(part(2), {1, 0, 2});
    const std::string mixed = b.Add("MatMul", {b.Softmax(b.Add("MatMul", {q, k})), v});
    const std::string y = b.Reshape(b.Transpose(mixed, {1, 0, 2}), {kRows, batch.value, kWidth});
    b.Output(b.Linear(y, kWidth, 5));
    Check(b, batch, true, batch.value == 1 ? 0 : 5);
  }
}

/// Heads of a projection, as BERT has them: [batch, heads, rows, size].
std::string HeadsOf(Builder& b, const std::string& x, std::vector<int64_t> perm) {
  return b.Transpose(b.Reshape(b.Linear(x, kWidth, kWidth), {0, 0, kHeads, kSize}),
                     std::move(perm));
}

TEST_CASE("attention with a mask, of any batch, is found", "[attention]") {
  for (const Dim& batch : {kSymbol, kTwo}) {
    for (const Shape& mask : {Shape{1, 1, 1, kRows}, Shape{kRows, kRows}, Shape{kRows}, Shape{}}) {
      Builder b;
      const std::string x = b.Input("x", {});
      const std::string q = HeadsOf(b, x, {0, 2, 1, 3}), k = HeadsOf(b, x, {0, 2, 3, 1});
      const std::string v = HeadsOf(b, x, {0, 2, 1, 3});
      std::string scores = b.Add("Div", {b.Add("MatMul", {q, k}), b.Number(2)});
      if (mask.rank() > 0) scores = b.Add("Add", {b.Constant("mask", Random(mask, 5)), scores});
      const std::string mixed = b.Add("MatMul", {b.Softmax(scores, 3), v});
      b.Output(b.Reshape(b.Transpose(mixed, {0, 2, 1, 3}), {0, 0, kWidth}));
      INFO(mask.ToString());
      Check(b, batch, true, 5);  // projections, attention, a view
    }
  }
}

TEST_CASE("heads gathered or split from one product are found", "[attention]") {
  for (const bool gathers : {true, false}) {
    Builder b;
    const std::string x = b.Input("x", {});
    const std::string qkv = b.Linear(x, kWidth, 3 * kWidth);
    std::vector<std::string> part(3);
    if (gathers) {  // timm
      const std::string parts =
          b.Transpose(b.Reshape(qkv, {0, 0, 3, kHeads, kSize}), {2, 0, 3, 1, 4});
      for (int64_t i = 0; i < 3; ++i) part[i] = b.Add("Gather", {parts, b.Index(i)});
    } else {
      for (std::string& name : part) name = b.New();
      b.Node("Split", {qkv}, part, {{"axis", IntAttribute(2)}});
      for (std::string& name : part) {
        name = b.Transpose(b.Reshape(name, {0, 0, kHeads, kSize}), {0, 2, 1, 3});
      }
    }
    // torch's scaled_dot_product_attention multiplies both by the root of the scale.
    const std::string q = b.Add("Mul", {part[0], b.Number(0.5f)});
    const std::string k = b.Add("Mul", {b.Transpose(part[1], {0, 1, 3, 2}), b.Number(0.5f)});
    const std::string mixed = b.Add("MatMul", {b.Softmax(b.Add("MatMul", {q, k})), part[2]});
    b.Output(b.Reshape(b.Transpose(mixed, {0, 2, 1, 3}), {0, 0, kWidth}));
    Check(b, kSymbol, true, 3);
  }
}

TEST_CASE("attention of one head, its result not transposed, is found", "[attention]") {
  Builder b;
  const std::string x = b.Input("x", {});
  const std::string k = b.Transpose(x, {0, 2, 1});
  b.Output(b.Add("MatMul", {b.Softmax(b.Add("MatMul", {x, k})), x}));
  Check(b, kSymbol, true, 1);
}

// ---- What is no attention
// ------------------------------------------------------------------------

struct Broken {
  bool scores_are_output = false, other_axis = false, scale_behind_mask = false;
  bool probabilities_right = false, plain_keys = false;
  Shape mask;
};

void CheckNotFused(const Broken& how) {
  Builder b;
  const std::string x = b.Input("x", {});
  const std::string q = HeadsOf(b, x, {0, 2, 1, 3}), v = HeadsOf(b, x, {0, 2, 1, 3});
  const std::string k =
      how.plain_keys ? b.Reshape(x, {0, kHeads, kSize, -1}) : HeadsOf(b, x, {0, 2, 3, 1});
  const std::string product = b.Add("MatMul", {q, k});
  std::string scores = product;
  if (how.mask.rank() > 0) {
    scores = b.Add("Add", {scores, b.Constant("mask", Random(how.mask, 5))});
  }
  if (how.scale_behind_mask) scores = b.Add("Mul", {scores, b.Number(0.5f)});
  const std::string p = b.Softmax(scores, how.other_axis ? 2 : -1);
  const std::string y = how.probabilities_right ? b.Add("MatMul", {b.Transpose(v, {0, 1, 3, 2}), p})
                                                : b.Add("MatMul", {p, v});
  b.Output(y);
  if (how.scores_are_output) b.Output(product);
  Check(b, kSymbol, false);
}

TEST_CASE("what is no attention stays", "[attention]") {
  CheckNotFused({.scores_are_output = true});
  CheckNotFused({.other_axis = true});
  CheckNotFused({.scale_behind_mask = true, .mask = {1, 1, kRows, kRows}});
  CheckNotFused({.mask = {kRows, 1}});                    // one number for all keys
  CheckNotFused({.mask = {2, 1, kHeads, kRows, kRows}});  // makes the result larger
  CheckNotFused({.probabilities_right = true});
  CheckNotFused({.plain_keys = true});
}

}  // namespace
}  // namespace sardonyx
