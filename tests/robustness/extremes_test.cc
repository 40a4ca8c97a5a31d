// Values of inputs and attributes that operators cannot work with, or only just: each is one clear
// error, or what the specification makes of it. Tables of single families hold more of the kind.
#include <catch2/catch.hpp>
#include <chrono>
#include <ctime>
#include <limits>

#include "runtime/session/session.h"
#include "tests/graph_builder.h"
#include "tests/op_outcome.h"

namespace sardonyx {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kHuge = int64_t{1} << 40;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();
const Value kNone;

void Check(const std::vector<OpCase>& cases) {
  for (const OpCase& c : cases) CHECK(Fault(c) == "");
}

Value Scalar(int64_t value) { return Longs({}, {value}); }

TEST_CASE("axes beyond every rank are errors", "[robust]") {
  const Value x = Counted({2, 3});
  for (const int64_t axis : {int64_t{2}, int64_t{-3}, kHuge, kMin, kMax}) {
    const std::string expected = absl::StrCat("error: axis ", axis);
    const std::string quantized = absl::StrCat("error: attribute 'axis' is ", axis);
    const Attributes by = {{"axis", Int(axis)}};
    Check({
        {"Softmax", 13, by, {x}, expected},
        {"LogSoftmax", 13, by, {x}, expected},
        {"Hardmax", 13, by, {x}, expected},
        {"ArgMax", 13, by, {x}, expected},
        {"ArgMin", 13, by, {x}, expected},
        {"LpNormalization", 22, by, {x}, expected},
        {"LayerNormalization", 17, by, {x, Counted({3})}, expected},
        {"RMSNormalization", 23, by, {x, Counted({3})}, expected},
        {"QuantizeLinear", 13, by, {x, Counted({3})}, quantized},
        {"ReduceSum", 13, {}, {x, Longs({axis})}, expected},
        {"ReduceMax", 18, {}, {x, Longs({axis})}, expected},
        {"CumSum", 14, {}, {x, Scalar(axis)}, expected},
        {"SplitToSequence", 11, by, {x}, expected},
    });
  }
}

TEST_CASE("reductions of nothing", "[robust]") {
  const Value none = Counted({0, 2});
  const Value rows = Longs({0});
  Check({
      {"ReduceSum", 13, {}, {none, rows}, "[1,2] 0 0"},
      {"ReduceProd", 18, {}, {none, rows}, "[1,2] 1 1"},
      {"ReduceMax", 20, {}, {none, rows}, "[1,2] -inf -inf"},
      {"ReduceMin", 20, {}, {none, rows}, "[1,2] inf inf"},
      {"ArgMax", 13, {{"axis", Int(0)}}, {none}, "error: "},
      {"Softmax", 13, {{"axis", Int(0)}}, {none}, "[0,2]"},
  });
}

TEST_CASE("whole numbers divided by zero, and the least by -1", "[robust]") {
  const Value low = Longs({kMin, 7}), minus = Longs({-1, 0});
  const Attributes fmod = {{"fmod", Int(1)}};
  Check({
      {"Div", 14, {}, {low, minus}, "[2] -9.22337e+18 0"},
      {"Mod", 13, {}, {low, minus}, "[2] 0 0"},
      {"Mod", 13, fmod, {low, minus}, "[2] 0 0"},
      {"Abs", 13, {}, {Longs({kMin})}, "[1] -9.22337e+18"},
      {"Neg", 13, {}, {Longs({kMin})}, "[1] -9.22337e+18"},
      {"ReduceMean", 18, {}, {Longs({0}, {})}, "[1] 0"},
      {"Pow", 15, {}, {Longs({0, 2}), Longs({-1, kMax})}, "[2] 0 0"},
      {"Cast",
       13,
       {{"to", Int(7)}},
       {Reals({3}, {kNan, kInf, -kInf})},
       "[3] 0 9.22337e+18 -9.22337e+18"},
  });
}

TEST_CASE("sizes that divide by zero or overflow", "[robust]") {
  const Value image = Counted({1, 2, 4, 4});
  const Value qkv = Counted({1, 2, 4});
  const auto heads = [](int64_t q, int64_t kv) {
    return Attributes{{"q_num_heads", Int(q)}, {"kv_num_heads", Int(kv)}};
  };
  const auto groups = [](int64_t n) { return Attributes{{"num_groups", Int(n)}}; };
  const auto hidden = [](int64_t n) { return Attributes{{"hidden_size", Int(n)}}; };
  const Value w = Counted({1, 4, 1}), r = Counted({1, 4, 4}), steps = Counted({2, 1, 1});
  const std::vector<Value> attended = {qkv, qkv, qkv},
                           grouped = {image, Counted({2}), Counted({2})};
  Check({
      {"Attention", 23, heads(0, 0), attended, "error: num_heads"},
      {"Attention", 23, heads(2, 0), attended, "error: num_heads"},
      {"Attention", 23, heads(-1, -1), attended, "error: num_heads"},
      {"Attention", 23, heads(3, 3), attended, "error: "},
      {"Attention", 23, heads(kMax, kMax), attended, "error: "},
      {"GroupNormalization", 21, groups(0), grouped, "error: num_groups"},
      {"GroupNormalization", 21, groups(-2), grouped, "error: num_groups"},
      {"GroupNormalization", 21, groups(kMax), grouped, "error: "},
      {"LRN", 13, {{"size", Int(0)}}, {image}, "error: size"},
      {"LRN", 13, {{"size", Int(kMin)}}, {image}, "error: size"},
      {"RNN", 22, hidden(kMin), {steps, w, r}, "error: hidden_size"},
      {"RNN", 22, hidden(kMax), {steps, w, r}, "error: "},
      {"RNN", 22, hidden(4), {steps, w, r, kNone, Tensor::Of<int32_t>({1}, {3})}, "error: "},
      {"RNN", 22, hidden(4), {steps, w, r, kNone, Tensor::Of<int32_t>({1}, {-1})}, "error: "},
      {"MaxPool", 22, {{"kernel_shape", IntList({kMax, kMax})}}, {image}, "error: "},
      {"AveragePool",
       22,
       {{"kernel_shape", IntList({2, 2})}, {"pads", IntList({kMax, 0, kMax, 0})}},
       {image},
       "error: pads"},
      {"LpPool",
       22,
       {{"kernel_shape", IntList({2, 2})}, {"p", Int(0)}},
       {image},
       "error: attribute 'p' is 0"},
      {"MaxRoiPool", 22, {{"pooled_shape", IntList({0, 2})}}, {image, Counted({1, 5})}, "error: "},
      {"RoiAlign",
       22,
       {{"output_height", Int(kHuge)}, {"output_width", Int(kHuge)}},
       {image, Counted({1, 4}), Longs({0})},
       "error: "},
      {"RoiAlign", 22, {}, {image, Counted({1, 4}), Longs({1})}, "error: "},
      {"RoiAlign", 22, {}, {image, Counted({1, 4}), Longs({kMin})}, "error: "},
      {"OneHot", 11, {}, {Longs({0}), Longs({-1}), Reals({2}, {0, 1})}, "error: depth"},
      {"OneHot", 11, {}, {Longs({0}), Longs({kMax}), Reals({2}, {0, 1})}, "error: "},
      {"OneHot", 11, {}, {Longs({kMin, kMax}), Longs({2}), Reals({2}, {0, 1})}, "[2,2] 0 0 0 0"},
      {"ReverseSequence", 10, {}, {Counted({2, 1}), Longs({3})}, "error: "},
      {"ReverseSequence", 10, {}, {Counted({2, 1}), Longs({kMin})}, "error: "},
      {"SplitToSequence", 11, {}, {Counted({4}), Scalar(0)}, "error: "},
      {"SplitToSequence", 11, {}, {Counted({4}), Scalar(kMin)}, "error: "},
      {"Resize", 19, {}, {Counted({2}), kNone, Reals({1}, {kNan})}, "error: "},
      {"Resize", 19, {}, {Counted({2}), kNone, Reals({1}, {kInf})}, "error: "},
      {"Resize", 19, {}, {Counted({2}), kNone, Reals({1}, {0})}, "error: "},
      {"Resize", 19, {}, {Counted({2}), kNone, kNone, Longs({kMax})}, "error: "},
      {"STFT", 17, {}, {Counted({1, 8, 1}), Scalar(0), kNone, Scalar(4)}, "error: "},
      {"STFT", 17, {}, {Counted({1, 8, 1}), Scalar(kMin), kNone, Scalar(kMax)}, "error: "},
      {"HannWindow", 17, {}, {Scalar(-1)}, "error: size is -1"},
      {"HannWindow", 17, {}, {Scalar(kMax)}, "error: too large"},
      {"HannWindow", 17, {}, {Scalar(0)}, "[0]"},
      {"QuantizeLinear",
       21,
       {{"block_size", Int(kMin)}, {"axis", Int(0)}},
       {Counted({4}), Counted({2})},
       "error: block_size"},
      {"DequantizeLinear",
       21,
       {{"block_size", Int(kMax)}, {"axis", Int(0)}},
       {Tensor::Of<int8_t>({4}, {1, 2, 3, 4}), Counted({2})},
       "error: "},
      {"NegativeLogLikelihoodLoss", 13, {}, {Counted({1, 3}), Longs({3})}, "error: "},
      {"NegativeLogLikelihoodLoss", 13, {}, {Counted({1, 3}), Longs({kMin})}, "error: "},
      {"SoftmaxCrossEntropyLoss", 13, {}, {Counted({1, 3}), Longs({-4})}, "error: "},
      {"RandomNormal", 22, {{"shape", IntList({kHuge, kHuge})}}, {}, "error: too large"},
      {"RandomUniform", 22, {{"shape", IntList({-1})}}, {}, "error: "},
      {"Multinomial", 22, {{"sample_size", Int(0)}}, {Counted({1, 2})}, "error: sample_size"},
      {"Multinomial", 22, {{"sample_size", Int(kMax)}}, {Counted({1, 2})}, "error: "},
      {"Det", 22, {}, {Counted({2, 3})}, "error: "},
      {"Trilu", 14, {}, {Counted({1, 2}), Scalar(kMax)}, "[1,2] 0 0"},
      {"Trilu", 14, {}, {Counted({1, 2}), Scalar(kMin)}, "[1,2] 0 1"},
      {"EyeLike", 22, {{"k", Int(kMin)}}, {Counted({1, 2})}, "[1,2] 0 0"},
      {"GatherND", 13, {{"batch_dims", Int(kMax)}}, {Counted({2}), Longs({1, 1}, {0})}, "error: "},
      {"NonMaxSuppression",
       11,
       {},
       {Reals({1, 2, 4}, {kNan, kNan, kNan, kNan, 0, 0, 1, 1}), Reals({1, 1, 2}, {kNan, 1}),
        Longs({kMax}), Reals({1}, {0.5f}), Reals({1}, {0})},
       "[1,3] 0 0 1"},
      {"TopK", 11, {}, {Reals({2}, {kNan, kNan}), Longs({2})}, "[2] nan nan; [2] 0 1", 2},
  });
}

TEST_CASE("long results end at the memory limit or at the deadline", "[robust]") {
  GraphBuilder window, range;
  const Type scalar = Type::Tensor(DataType::kInt64, Shape{});
  window.Input("n", scalar);
  window.Node("HammingWindow", {"n"}, {"y"});
  range.Input("n", scalar);
  range.Constant("start", Tensor::Scalar<int64_t>(0));
  range.Constant("step", Tensor::Scalar<int64_t>(1));
  range.Node("Range", {"start", "n", "step"}, {"y"});
  for (GraphBuilder* g : {&window, &range}) {
    g->Output("y");
    const auto run = [&](int64_t memory) {
      const auto session = Session::Create(g->model(), {.memory_limit = memory});
      REQUIRE(session.ok());
      const RunControl control(RunControl::Clock::now() + std::chrono::milliseconds(20));
      const Tensor n = Tensor::Scalar(int64_t{1} << 28);
      return (*session)->Run({{"n", n}}, {.control = &control}).status().code();
    };
    CHECK(run(int64_t{64} << 20) == absl::StatusCode::kResourceExhausted);
    CHECK(run(int64_t{4} << 30) == absl::StatusCode::kDeadlineExceeded);
  }
}

double ProcessorSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Runs a node on x with a deadline of 5 ms, which it must not miss by far.
void CheckEndsSoon(const std::string& op, const Attributes& attributes, const Tensor& x,
                   const std::string& domain = "") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr double kSeconds = 6;
#else
  constexpr double kSeconds = 0.3;
#endif
  INFO(op);
  GraphBuilder g;
  g.Input("x", Type::Tensor(x.type(), x.shape()));
  g.Node(op, {"x"}, {"y"}, attributes, domain);
  g.Output("y");
  const auto session = Session::Create(g.model(), {.threads = 1});
  REQUIRE(session.ok());
  const double before = ProcessorSeconds();
  const RunControl control(RunControl::Clock::now() + std::chrono::milliseconds(5));
  const auto outputs = (*session)->Run({{"x", x}}, {.control = &control});
  CHECK(outputs.status().code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(ProcessorSeconds() - before < kSeconds);
}

TEST_CASE("much work on a single item ends at the deadline", "[robust]") {
  constexpr int64_t kSize = 1800;
  Tensor matrix = *Tensor::Create(DataType::kDouble, {kSize, kSize});
  for (int64_t i = 0; i < kSize; ++i) matrix.data<double>()[i * kSize + i] = 1;
  CheckEndsSoon("Det", {}, matrix);
  CheckEndsSoon("Inverse", {}, matrix, "com.microsoft");
  CheckEndsSoon("TfIdfVectorizer",
                {{"mode", Text("TF")},
                 {"min_gram_length", Int(2)},
                 {"max_gram_length", Int(2)},
                 {"max_skip_count", Int(kHuge)},
                 {"ngram_counts", IntList({0, 0})},
                 {"ngram_indexes", IntList({0})},
                 {"pool_int64s", IntList({0, 0})}},
                *Tensor::Create(DataType::kInt64, {100'000}));
}

}  // namespace
}  // namespace sardonyx
