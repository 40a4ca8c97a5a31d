// Tables of cases for the operators of ai.onnx.ml.
#pragma once

#include <catch2/catch.hpp>

#include "tests/op_outcome.h"

namespace sardonyx {

inline Attribute FloatList(std::vector<float> values) { return {std::move(values)}; }
inline Attribute Words(std::vector<std::string> values) { return {std::move(values)}; }

struct MlCase {
  std::string op;
  Attributes attributes;
  std::vector<Value> inputs;
  std::string expected;  // as of OpCase
  int outputs = 1;
  int opset = 5;
};

inline void CheckMl(const std::vector<MlCase>& cases) {
  for (const MlCase& c : cases) {
    CHECK(Fault({c.op, c.opset, c.attributes, c.inputs, c.expected, c.outputs, "ai.onnx.ml"}) ==
          "");
  }
}

/// `attributes` with some of them replaced; one that is replaced by nothing is left out.
inline Attributes With(Attributes attributes,
                       std::map<std::string, std::optional<Attribute>> changes) {
  for (auto& [name, value] : changes) {
    attributes.erase(name);
    if (value) attributes[name] = std::move(*value);
  }
  return attributes;
}

}  // namespace sardonyx
