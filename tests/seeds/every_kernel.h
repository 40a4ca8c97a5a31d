// Running one operator by every kernel that takes it, for the worked examples.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "tests/graph_builder.h"
#include "tests/test_ops.h"

namespace sardonyx {

using Attributes = std::map<std::string, Attribute>;

/// A float tensor of these numbers.
inline Tensor FloatTensor(Shape shape, std::vector<float> values) {
  return Tensor::Of<float>(std::move(shape), absl::MakeConstSpan(values));
}

/// 0, 1, 2, ... plus `first`.
inline Tensor Count(const Shape& shape, float first = 0) {
  std::vector<float> values(static_cast<size_t>(shape.Elements()));
  for (size_t i = 0; i < values.size(); ++i) values[i] = first + static_cast<float>(i);
  return FloatTensor(shape, values);
}

/// Small whole numbers without a pattern: sums of products of them are exact in float.
inline Tensor SmallIntegers(const Shape& shape, uint32_t seed) {
  std::vector<float> values(static_cast<size_t>(shape.Elements()));
  uint32_t state = seed * 2654435761u + 1;
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(static_cast<int>(state >> 16) % 7 - 3);
  }
  return FloatTensor(shape, values);
}

/// What every kernel that takes the node gives, by its name; each has succeeded. Those that take it
/// channels-last do so too, and have kChannelsLastSuffix after their name.
inline std::map<std::string, Tensor> OnEveryKernel(const std::string& op, int opset,
                                                   const Attributes& attributes,
                                                   const std::vector<Value>& inputs,
                                                   int threads = 2) {
  std::map<std::string, Tensor> results;
  const OpDef* def = FindOp("", op);
  REQUIRE(def != nullptr);
  for (const KernelDef& kernel : def->kernels) {
    for (const absl::string_view suffix : {absl::string_view(), kChannelsLastSuffix}) {
      const std::string name = absl::StrCat(kernel.name, suffix);
      const auto outputs = RunOp(op, opset, attributes, inputs, 1, name, threads);
      if (outputs.status().code() == absl::StatusCode::kUnimplemented) continue;
      INFO(name << ": " << outputs.status().ToString());
      REQUIRE(outputs.ok());
      results[name] = outputs->front().tensor();
    }
  }
  REQUIRE_FALSE(results.empty());
  return results;
}

/// The reference kernel's result.
inline Tensor ByReference(const std::string& op, int opset, const Attributes& attributes,
                          const std::vector<Value>& inputs) {
  const auto outputs = RunOp(op, opset, attributes, inputs);
  INFO(outputs.status().ToString());
  REQUIRE(outputs.ok());
  return outputs->front().tensor();
}

/// max|a - b| / max|b|
inline double NormwiseError(const Tensor& a, const Tensor& b) {
  double error = 0, norm = 0;
  const auto x = ToDoubles(a), y = ToDoubles(b);
  if (!x.ok() || !y.ok() || x->size() != y->size()) return INFINITY;
  for (size_t i = 0; i < x->size(); ++i) {
    const double difference = std::abs((*x)[i] - (*y)[i]);
    error = std::isnan(difference) ? INFINITY : std::max(error, difference);
    norm = std::max(norm, std::abs((*y)[i]));
  }
  return norm == 0 ? error : error / norm;
}

/// Equal shapes and elements, but for Winograd, whose transforms round, within its bound.
inline void CheckSame(const std::string& kernel, const Tensor& result, const Tensor& expected) {
  INFO(kernel);
  CHECK(result.type() == expected.type());
  CHECK(result.shape().ToString() == expected.shape().ToString());
  const bool winograd = kernel.find("winograd") != std::string::npos;
  CHECK(NormwiseError(result, expected) <= (winograd ? 5e-5 : 0));
}

/// Every kernel gives `expected`, those of all three backends among them unless `least` is lower.
inline void CheckEveryKernel(const std::string& op, int opset, const Attributes& attributes,
                             const std::vector<Value>& inputs, const Tensor& expected,
                             size_t least = 3) {
  const auto results = OnEveryKernel(op, opset, attributes, inputs);
  CHECK(results.size() >= least);
  for (const auto& [kernel, result] : results) CheckSame(kernel, result, expected);
}

}  // namespace sardonyx
