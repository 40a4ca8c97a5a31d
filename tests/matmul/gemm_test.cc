// The matrix product against double precision: sizes around every edge of its blocks, every layout
// of its operands, every part of its epilogue, and the same bits for any number of threads.
#include "ops/matmul/gemm.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "runtime/base/memory.h"

namespace sardonyx {
namespace {

using Layout = GemmProblem::Layout;

struct Case {
  int64_t m, n, k;
  bool trans_a = false, trans_b = false;
  bool pack_a = false, pack_b = false;
  int64_t count = 1;
  Activation activation = {};
  bool row_bias = false, column_bias = false, residual = false;
  float alpha = 1, beta = 1, offset = 0;
};

std::vector<float> Random(int64_t size, uint32_t seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> values(-1, 1);
  std::vector<float> random(static_cast<size_t>(size));
  for (float& x : random) x = values(generator);
  return random;
}

struct Data {
  explicit Data(const Case& c)
      : a(Random(c.count * c.m * c.k, 1)),
        b(Random(c.count * c.k * c.n, 2)),
        rows(Random(c.m, 3)),
        columns(Random(c.n, 4)),
        residual(Random(c.count * c.m * c.n, 5)) {}
  std::vector<float> a, b, rows, columns, residual;
};

GemmProblem::Operand Strides(bool transposed, int64_t rows, int64_t columns) {
  return {.layout = Layout::kStrided,
          .row_stride = transposed ? 1 : columns,
          .column_stride = transposed ? rows : 1};
}

std::vector<float> Compute(const Case& c, const Data& data, int threads) {
  GemmProblem problem{.m = c.m, .n = c.n, .k = c.k, .count = c.count, .c_stride = c.n};
  problem.a = Strides(c.trans_a, c.m, c.k);
  problem.b = Strides(c.trans_b, c.k, c.n);
  std::shared_ptr<const PackedMatrix> a, b;
  if (c.pack_a) {
    a = PackedMatrix::Left(data.a.data(), problem.a.row_stride, problem.a.column_stride, c.m, c.k);
    problem.a.layout = Layout::kPacked;
  }
  if (c.pack_b) {
    b = PackedMatrix::Right(data.b.data(), problem.b.row_stride, problem.b.column_stride, c.k, c.n);
    problem.b.layout = Layout::kPacked;
  }
  const GemmPlan plan(problem, threads);
  auto scratch = *AllocateBytes(plan.scratch_bytes(), nullptr);
  std::vector<float> y(static_cast<size_t>(c.count * c.m * c.n), -77.0f);
  ThreadPool pool(threads);
  const RunControl control;
  const Status status = plan.Run(
      [&](int64_t i) {
        GemmOperands operands{.a = c.pack_a ? a->data() : data.a.data() + i * c.m * c.k,
                              .b = c.pack_b ? b->data() : data.b.data() + i * c.k * c.n,
                              .c = y.data() + i * c.m * c.n};
        operands.epilogue = {
            .alpha = c.alpha,
            .beta = c.beta,
            .offset = c.offset,
            .row_bias = c.row_bias ? data.rows.data() : nullptr,
            .column_bias = c.column_bias ? data.columns.data() : nullptr,
            .residual = c.residual ? data.residual.data() + i * c.m * c.n : nullptr,
            .residual_stride = c.n,
            .activation = c.activation};
        return operands;
      },
      nullptr, {scratch.get(), static_cast<size_t>(plan.scratch_bytes())}, pool, control);
  REQUIRE(status.ok());
  return y;
}

std::vector<double> Oracle(const Case& c, const Data& data) {
  const auto a = Strides(c.trans_a, c.m, c.k), b = Strides(c.trans_b, c.k, c.n);
  std::vector<double> y;
  for (int64_t q = 0; q < c.count; ++q) {
    const float* left = data.a.data() + (c.pack_a ? 0 : q * c.m * c.k);
    const float* right = data.b.data() + (c.pack_b ? 0 : q * c.k * c.n);
    for (int64_t i = 0; i < c.m; ++i) {
      for (int64_t j = 0; j < c.n; ++j) {
        double sum = 0;
        for (int64_t p = 0; p < c.k; ++p) {
          sum += static_cast<double>(left[i * a.row_stride + p * a.column_stride]) *
                 right[p * b.row_stride + j * b.column_stride];
        }
        double added = c.offset;
        if (c.row_bias) added += data.rows[i];
        if (c.column_bias) added += data.columns[j];
        if (c.residual) added += data.residual[(q * c.m + i) * c.n + j];
        const double x = c.alpha * sum + c.beta * added;
        // The activations here bend at 0 or are smooth: float is accurate enough after the sum.
        y.push_back(c.activation ? Apply(c.activation, static_cast<float>(x)) : x);
      }
    }
  }
  return y;
}

double NormwiseError(const std::vector<float>& y, const std::vector<double>& expected) {
  double error = 0, norm = 1e-30;
  for (size_t i = 0; i < y.size(); ++i) {
    const double off = std::abs(y[i] - expected[i]);
    error = std::isnan(off) ? std::numeric_limits<double>::infinity() : std::max(error, off);
    norm = std::max(norm, std::abs(expected[i]));
  }
  return error / norm;
}

void Check(const Case& c) {
  INFO("m " << c.m << " n " << c.n << " k " << c.k << " transposed " << c.trans_a << c.trans_b
            << " packed " << c.pack_a << c.pack_b << " count " << c.count << " "
            << ToString(c.activation));
  const Data data(c);
  const std::vector<float> one = Compute(c, data, 1);
  CHECK(NormwiseError(one, Oracle(c, data)) < 5e-6);
  for (int threads : {2, 3}) {
    const std::vector<float> more = Compute(c, data, threads);
    CHECK(std::memcmp(one.data(), more.data(), one.size() * sizeof(float)) == 0);
  }
}

TEST_CASE("sums of some columns wait for the next blocks of depth", "[gemm]") {
  Check({.m = 500, .n = 390, .k = 810, .pack_b = true, .column_bias = true});
  Check({.m = 500, .n = 390, .k = 400, .row_bias = true, .residual = true});
}

TEST_CASE("a product of any size is right", "[gemm]") {
  for (int64_t m : {1, 2, 3, 4, 5, 7, 8, 9, 17, 33}) {
    for (int64_t n : {1, 2, 7, 15, 16, 17, 47, 48, 49, 97}) {
      for (int64_t k : {1, 2, 5, 31, 33, 64}) Check({.m = m, .n = n, .k = k});
    }
  }
  for (int64_t k : {0, 191, 192, 193, 400, 577}) {
    Check({.m = 13, .n = 50, .k = k});
    Check({.m = 1, .n = 70, .k = k});
    Check({.m = 70, .n = 1, .k = k});
  }
}

TEST_CASE("operands may be transposed and packed", "[gemm]") {
  for (const auto& [m, n, k] : {std::array<int64_t, 3>{1, 130, 250},
                                {130, 1, 250},
                                {3, 65, 200},
                                {6, 65, 200},
                                {70, 95, 210},
                                {130, 600, 70},
                                {300, 40, 300}}) {
    for (int bits = 0; bits < 16; ++bits) {
      Check({.m = m,
             .n = n,
             .k = k,
             .trans_a = (bits & 1) != 0,
             .trans_b = (bits & 2) != 0,
             .pack_a = (bits & 4) != 0,
             .pack_b = (bits & 8) != 0});
    }
  }
}

TEST_CASE("many products are computed at once", "[gemm]") {
  Check({.m = 3, .n = 5, .k = 7, .count = 50});
  Check({.m = 1, .n = 9, .k = 30, .trans_b = true, .count = 20});
  Check({.m = 40, .n = 50, .k = 60, .count = 9});
  Check({.m = 33, .n = 65, .k = 200, .trans_b = true, .count = 5});
  Check({.m = 50, .n = 70, .k = 30, .pack_a = true, .count = 4});
}

TEST_CASE("rows beyond the cache's share are cut into blocks", "[gemm]") {
  Check({.m = 3000, .n = 100, .k = 20});
  Check({.m = 3001, .n = 50, .k = 200, .pack_a = true});
}

TEST_CASE("the epilogue is applied to whole sums", "[gemm]") {
  using Kind = Activation::Kind;
  const std::vector<Activation> activations = {
      {},
      {.kind = Kind::kRelu},
      {.kind = Kind::kClip, .a = -0.5f, .b = 2},
      {.kind = Kind::kLeakyRelu, .a = 0.1f},
      {.kind = Kind::kSigmoid},
      {.kind = Kind::kTanh},
      {.kind = Kind::kHardSigmoid, .a = 0.2f, .b = 0.5f},
      {.kind = Kind::kHardSwish},
      {.kind = Kind::kSwish, .a = 1},
      {.kind = Kind::kGelu},
      {.kind = Kind::kGeluTanh},
  };
  for (const Activation& activation : activations) {
    for (const auto& [m, n, k] : {std::array<int64_t, 3>{21, 53, 210}, {1, 53, 10}, {53, 1, 10}}) {
      Check({.m = m,
             .n = n,
             .k = k,
             .trans_b = true,
             .activation = activation,
             .row_bias = true,
             .alpha = 0.5f});
      Check({.m = m,
             .n = n,
             .k = k,
             .activation = activation,
             .column_bias = true,
             .residual = true,
             .alpha = 2,
             .beta = 0.25f,
             .offset = 1});
    }
  }
}

TEST_CASE("NaN and infinity spread as far as arithmetic says", "[gemm]") {
  const Case c{.m = 9, .n = 50, .k = 40, .activation = {.kind = Activation::Kind::kRelu}};
  for (Activation::Kind kind : {Activation::Kind::kRelu, Activation::Kind::kSigmoid,
                                Activation::Kind::kTanh, Activation::Kind::kLeakyRelu}) {
    Case with = c;
    with.activation = {.kind = kind, .a = 0.5f};
    Data data(with);
    data.a[3 * 40 + 7] = std::numeric_limits<float>::quiet_NaN();
    data.b[5 * 50 + 49] = std::numeric_limits<float>::infinity();
    const std::vector<float> y = Compute(with, data, 1);
    for (int64_t i = 0; i < 9; ++i) {
      for (int64_t j = 0; j < 50; ++j) {
        const float x = y[i * 50 + j];
        if (i == 3) {
          CHECK(std::isnan(x));
        } else if (j == 49) {
          CHECK(x == Apply(with.activation, data.a[i * 40 + 5] > 0 ? INFINITY : -INFINITY));
        } else {
          CHECK(std::isfinite(x));
        }
      }
    }
  }
}

TEST_CASE("a product stops when it is told to", "[gemm]") {
  const Case c{.m = 64, .n = 64, .k = 64};
  const Data data(c);
  GemmProblem problem{.m = 64, .n = 64, .k = 64, .c_stride = 64};
  problem.a = problem.b = Strides(false, 64, 64);
  const GemmPlan plan(problem, 1);
  auto scratch = *AllocateBytes(plan.scratch_bytes(), nullptr);
  std::vector<float> y(64 * 64);
  ThreadPool pool(1);
  RunControl control;
  control.Stop();
  const Status status = plan.Run(
      [&](int64_t) { return GemmOperands{.a = data.a.data(), .b = data.b.data(), .c = y.data()}; },
      nullptr, {scratch.get(), static_cast<size_t>(plan.scratch_bytes())}, pool, control);
  CHECK(status.code() == absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace sardonyx
