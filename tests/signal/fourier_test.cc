// Transforms against sums written out, windows and mel weights against their formulas.
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <complex>
#include <numbers>
#include <random>

#include "runtime/session/session.h"
#include "tests/graph_builder.h"
#include "tests/op_outcome.h"

namespace sardonyx {
namespace {

using Complex = std::complex<double>;

std::vector<Complex> Naive(const std::vector<Complex>& x, double sign) {
  const size_t n = x.size();
  std::vector<Complex> y(n);
  for (size_t k = 0; k < n; ++k) {
    for (size_t i = 0; i < n; ++i) {
      y[k] += x[i] * std::polar(1.0, sign * 2 * std::numbers::pi * static_cast<double>(k * i % n) /
                                         static_cast<double>(n));
    }
  }
  return y;
}

template <typename T = double>
Tensor Pack(const std::vector<Complex>& x) {
  Tensor tensor = *Tensor::Create(kTypeOf<T>, {1, static_cast<int64_t>(x.size()), 2});
  for (size_t i = 0; i < x.size(); ++i) {
    tensor.data<T>()[2 * i] = static_cast<T>(x[i].real());
    tensor.data<T>()[2 * i + 1] = static_cast<T>(x[i].imag());
  }
  return tensor;
}

double Distance(const std::vector<Complex>& a, const Tensor& b) {
  const std::vector<double> parts = *ToDoubles(b);
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    worst = std::max(worst, std::abs(a[i] - Complex(parts[2 * i], parts[2 * i + 1])));
  }
  return worst;
}

TEST_CASE("DFT of every length is the sum that defines it, and the inverse undoes it", "[signal]") {
  std::mt19937 random(5);
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (int n : {1, 2, 3, 4, 5, 6, 7, 8, 12, 17, 64, 97, 100, 128, 243}) {
    INFO("length " << n);
    std::vector<Complex> x(n);
    for (Complex& v : x) v = {uniform(random), uniform(random)};
    const auto forward = RunOp("DFT", 20, {}, {Pack(x)});
    REQUIRE(forward.ok());
    CHECK(Distance(Naive(x, -1), forward->front().tensor()) < 1e-12 * n);
    const auto back = RunOp("DFT", 20, {{"inverse", Int(1)}}, {forward->front()});
    REQUIRE(back.ok());
    CHECK(Distance(x, back->front().tensor()) < 1e-13 * n);
  }
}

TEST_CASE("a DFT of float is accurate to its last bits at every length", "[signal]") {
  std::mt19937 random(6);
  std::uniform_int_distribution<int> whole(-100, 100);
  for (int n : {2, 3, 4, 5, 8, 10, 15, 16, 31, 37, 64, 96, 100, 210, 323, 1000, 1024, 1155, 2003}) {
    INFO("length " << n);
    std::vector<Complex> x(n);
    for (Complex& v : x) v = {whole(random) / 64.0, whole(random) / 64.0};
    const std::vector<Complex> expected = Naive(x, -1);
    double largest = 0;
    for (const Complex& v : expected) largest = std::max(largest, std::abs(v));
    const auto found = RunOp("DFT", 20, {}, {Pack<float>(x)});
    REQUIRE(found.ok());
    CHECK(Distance(expected, found->front().tensor()) < 4e-7 * largest);
  }
}

TEST_CASE("the DFT of real numbers is exactly symmetric", "[signal]") {
  for (int n : {7, 10, 16, 37, 60}) {
    INFO("length " << n);
    Tensor x = *Tensor::Create(DataType::kFloat, {1, n, 1});
    for (int i = 0; i < n; ++i) x.data<float>()[i] = std::sin(1.7f * static_cast<float>(i * i));
    const auto found = RunOp("DFT", 20, {}, {x});
    REQUIRE(found.ok());
    const std::vector<double> y = *ToDoubles(found->front().tensor());
    for (size_t k = 0; k < static_cast<size_t>(n); ++k) {
      const size_t mirror = k == 0 ? 0 : static_cast<size_t>(n) - k;
      CHECK(y[2 * k] == y[2 * mirror]);
      CHECK(y[2 * k + 1] == -y[2 * mirror + 1]);
    }
  }
}

TEST_CASE("a one-sided DFT holds half, from which the signal comes back", "[signal]") {
  for (int n : {2, 5, 8, 9}) {
    INFO("length " << n);
    const Value x = Counted({1, n, 1});
    const auto half = RunOp("DFT", 20, {{"onesided", Int(1)}}, {x});
    REQUIRE(half.ok());
    REQUIRE(half->front().tensor().shape() == Shape{1, n / 2 + 1, 2});
    const Attributes back = {{"onesided", Int(1)}, {"inverse", Int(1)}};
    const auto y = RunOp("DFT", 20, back, {half->front(), Longs({}, {n})});
    REQUIRE(y.ok());
    REQUIRE(y->front().tensor().shape() == Shape{1, n, 1});
    for (int i = 0; i < n; ++i) {
      CHECK(y->front().tensor().data<float>()[i] == Approx(i).margin(1e-5));
    }
  }
}

TEST_CASE("a long DFT: the same on any number of threads, undone by its inverse, stopped in time",
          "[signal]") {
  for (const int64_t n : {int64_t{1} << 16, int64_t{70'000}}) {
    Tensor x = *Tensor::Create(DataType::kDouble, {1, n, 2});
    std::mt19937 random(1);
    for (double& v : x.span<double>()) v = static_cast<double>(random()) / 4e9;
    const auto one = RunOp("DFT", 20, {}, {x}), three = RunOp("DFT", 20, {}, {x}, 1, "", 3);
    REQUIRE(one.ok());
    REQUIRE(three.ok());
    const auto a = (*one)[0].tensor().span<double>(), b = (*three)[0].tensor().span<double>();
    CHECK(std::equal(a.begin(), a.end(), b.begin()));
    const auto back = RunOp("DFT", 20, {{"inverse", {int64_t{1}}}}, {(*three)[0]});
    REQUIRE(back.ok());
    double worst = 0;
    for (int64_t i = 0; i < 2 * n; ++i) {
      worst =
          std::max(worst, std::abs((*back)[0].tensor().data<double>()[i] - x.data<double>()[i]));
    }
    CHECK(worst < 1e-12);
  }
  GraphBuilder g;
  const Shape shape{1, 3'000'000, 2};
  g.Input("x", Type::Tensor(DataType::kDouble, shape));
  g.Node("DFT", {"x"}, {"y"});
  g.Output("y");
  const auto session = Session::Create(g.model());
  REQUIRE(session.ok());
  const RunControl control(RunControl::Clock::now() + std::chrono::milliseconds(5));
  const auto result =
      (*session)->Run({{"x", *Tensor::Create(DataType::kDouble, shape)}}, {.control = &control});
  CHECK(result.status().code() == absl::StatusCode::kDeadlineExceeded);
}

TEST_CASE("tables: DFT, STFT, windows, mel weights", "[signal]") {
  constexpr int64_t kHuge = int64_t{1} << 62;
  const Value kNone;
  const Value one = Reals({1, 2, 1}, {1, 1}), pair = Counted({1, 2, 2});
  const Attributes onesided = {{"onesided", Int(1)}};
  const Attributes symmetric = {{"periodic", Int(0)}};
  const Value hertz = Reals({}, {0});
  const std::vector<OpCase> cases = {
      {"DFT", 17, {}, {one}, "[1,2,2] 2 0 0 0"},
      {"DFT", 17, {{"axis", Int(0)}}, {one}, "[1,2,2] 1 0 1 0"},
      {"DFT", 20, {}, {one, Longs({}, {4})}, "[1,4,2] 2 0 1 -1 0 0 1 1"},
      {"DFT", 20, {}, {one, Longs({}, {1})}, "[1,1,2] 1 0"},
      {"DFT", 20, {}, {one, kNone, Longs({}, {2})}, "error: is the last"},
      {"DFT", 20, {}, {one, kNone, Longs({}, {3})}, "error: axis 3"},
      {"DFT", 20, {}, {one, Longs({}, {0})}, "error: dft_length is 0"},
      {"DFT", 20, {}, {one, Longs({}, {kHuge})}, "error: dft_length"},
      {"DFT", 20, {}, {one, Longs({2, 2})}, "error: one element"},
      {"DFT", 20, {}, {Counted({1, 2, 3})}, "error: last dimension is 3"},
      {"DFT", 20, onesided, {pair}, "error: needs real input"},
      {"DFT", 20, {}, {Counted({2})}, "error: rank 2"},
      {"STFT",
       17,
       {},
       {Reals({1, 4, 1}, {1, 1, 1, 1}), Longs({}, {2}), kNone, Longs({}, {2})},
       "[1,2,2,2] 2 0 0 0 2 0 0 0"},
      {"STFT",
       17,
       {},
       {Reals({1, 3, 1}, {1, 2, 3}), Longs({}, {1}), Reals({2}, {1, 0})},
       "[1,2,2,2] 1 0 1 0 2 0 2 0"},
      {"STFT", 17, {}, {one, Longs({}, {0}), kNone, Longs({}, {2})}, "error: frame_step is 0"},
      {"STFT", 17, {}, {one, Longs({}, {1}), kNone, Longs({}, {3})}, "error: frame_length is 3"},
      {"STFT", 17, {}, {one, Longs({}, {1}), Reals({2}, {1, 1}), Longs({}, {1})}, "error: window"},
      {"STFT", 17, {}, {pair, Longs({}, {1})}, "error: real signal"},
      {"HannWindow", 17, {}, {Longs({}, {4})}, "[4] 0 0.5 1 0.5"},
      {"HannWindow", 17, symmetric, {Longs({}, {3})}, "[3] 0 1 0"},
      {"HannWindow", 17, symmetric, {Longs({}, {1})}, "[1] 1"},
      {"HammingWindow", 17, symmetric, {Longs({}, {3})}, "[3] 0.0869565 1 0.0869565"},
      {"BlackmanWindow", 17, {}, {Longs({}, {2})}, "[2] 0 1"},
      {"HannWindow", 17, {{"output_datatype", Int(7)}}, {Longs({}, {2})}, "[2] 0 1"},
      {"HannWindow", 17, {{"output_datatype", Int(8)}}, {Longs({}, {2})}, "error: not supported"},
      {"HannWindow", 17, {}, {Longs({}, {-1})}, "error: size is -1"},
      {"HannWindow", 17, {}, {Longs({}, {kHuge})}, "error: too large"},
      {"MelWeightMatrix",
       17,
       {},
       {Longs({}, {1}), Longs({}, {4}), Longs({}, {8000}), hertz, Reals({}, {4000})},
       "[3,1] 1 0 0"},
      {"MelWeightMatrix",
       17,
       {},
       {Longs({}, {1}), Longs({}, {4}), Longs({}, {0}), hertz, hertz},
       "error: sample_rate is 0"},
      {"MelWeightMatrix",
       17,
       {},
       {Longs({}, {1}), Longs({}, {kHuge}), Longs({}, {1}), hertz, hertz},
       "error: too large"},
      {"MelWeightMatrix",
       17,
       {},
       {Longs({}, {1}), Longs({}, {4}), Longs({}, {1}), Reals({}, {2}), hertz},
       "error: above"},
  };
  for (const OpCase& c : cases) CHECK(Fault(c) == "");
}

}  // namespace
}  // namespace sardonyx
