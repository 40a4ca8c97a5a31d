// The result of one operator as a line of text, for tables of cases.
#pragma once

#include <string>

#include "absl/strings/str_join.h"
#include "tests/test_ops.h"

namespace sardonyx {

using Attributes = std::map<std::string, Attribute>;

inline Attribute Int(int64_t value) { return {value}; }
inline Attribute IntList(std::vector<int64_t> values) { return {std::move(values)}; }
inline Attribute Text(std::string value) { return {std::move(value)}; }

inline Value Longs(Shape shape, std::vector<int64_t> values) {
  return Tensor::Of<int64_t>(std::move(shape), values);
}
inline Value Longs(std::vector<int64_t> values) {
  const int64_t count = static_cast<int64_t>(values.size());
  return Longs({count}, std::move(values));
}
inline Value Reals(Shape shape, std::vector<float> values) {
  return Tensor::Of<float>(std::move(shape), values);
}
inline Value Strings(Shape shape, std::vector<std::string> values) {
  return Tensor::Of<std::string>(std::move(shape), values);
}
inline Value Bools(std::initializer_list<bool> values) {
  return Tensor::Of<bool>({static_cast<int64_t>(values.size())}, values);
}
/// float[shape] of 0, 1, 2 ...
inline Value Counted(Shape shape) {
  Tensor tensor = *Tensor::Create(DataType::kFloat, std::move(shape));
  for (int64_t i = 0; i < tensor.size(); ++i) tensor.data<float>()[i] = static_cast<float>(i);
  return tensor;
}

/// "[2,2] 1 2 3 4"; of a sequence "([] 1, [] 2)", of a map "[2] a b: ([] 1, [] 2)"
inline std::string Describe(const Value& value) {
  if (value.is_map()) {
    return absl::StrCat(Describe(value.map().keys), ": ", Describe(value.map().values));
  }
  if (value.is_sequence()) {
    const auto describe = [](std::string* text, const Value& part) {
      absl::StrAppend(text, Describe(part));
    };
    return absl::StrCat("(", absl::StrJoin(value.sequence(), ", ", describe), ")");
  }
  if (!value.is_tensor()) return value.ToString();
  const Tensor& tensor = value.tensor();
  std::string text = tensor.shape().ToString();
  if (tensor.type() == DataType::kString) {
    for (const std::string& s : tensor.span<std::string>()) absl::StrAppend(&text, " ", s);
  } else {
    const auto values = ToDoubles(tensor);
    if (!values.ok()) return std::string(values.status().message());
    for (double v : *values) absl::StrAppend(&text, " ", v);
  }
  return text;
}

/// All outputs, joined by "; ", or "error: " and the message.
inline std::string Outcome(const std::string& op, int opset, const Attributes& attributes,
                           const std::vector<Value>& inputs, int outputs = 1,
                           const std::string& domain = "", const std::string& kernel = "") {
  const auto result = RunOp(op, opset, attributes, inputs, outputs, kernel, 1, domain);
  if (!result.ok()) return absl::StrCat("error: ", result.status().message());
  return absl::StrJoin(*result, "; ", [](std::string* text, const Value& value) {
    absl::StrAppend(text, Describe(value));
  });
}

/// One row of a table. An `expected` that begins with "error: " need only occur in the message.
struct OpCase {
  std::string op;
  int opset;
  Attributes attributes;
  std::vector<Value> inputs;
  std::string expected;
  int outputs = 1;
  std::string domain = "";
};

/// A row with an operator of com.microsoft.
inline OpCase Contrib(std::string op, Attributes attributes, std::vector<Value> inputs,
                      std::string expected, int outputs = 1) {
  return {std::move(op),       1,       std::move(attributes), std::move(inputs),
          std::move(expected), outputs, "com.microsoft"};
}

/// What came out where it is not what `c` expects; empty otherwise. `kernel` as RunOp takes it.
inline std::string Fault(const OpCase& c, const std::string& kernel = "") {
  const std::string outcome =
      Outcome(c.op, c.opset, c.attributes, c.inputs, c.outputs, c.domain, kernel);
  const bool as_expected = c.expected.rfind("error: ", 0) == 0
                               ? outcome.rfind("error: ", 0) == 0 &&
                                     outcome.find(c.expected.substr(7)) != std::string::npos
                               : outcome == c.expected;
  return as_expected ? "" : absl::StrCat(c.op, "-", c.opset, " ", kernel, ": ", outcome);
}

/// The first fault among the operator's kernels, of those that take the case.
inline std::string FaultOfAnyKernel(const OpCase& c) {
  const OpDef* op = FindOp(c.domain, c.op);
  if (op == nullptr) return absl::StrCat("no operator ", c.op);
  for (const KernelDef& kernel : op->kernels) {
    const std::string name(kernel.name);
    const auto result = RunOp(c.op, c.opset, c.attributes, c.inputs, c.outputs, name, 1, c.domain);
    if (absl::IsUnimplemented(result.status()) && kernel.backend != Backend::kReference) continue;
    if (std::string fault = Fault(c, name); !fault.empty()) return fault;
  }
  return "";
}

/// Types and lists of integers that inference gives for inputs of which not all is known; element
/// and shape of output 0 in words, then " = " and its integers where they are known.
inline std::string Inferred(const std::string& op, int opset, const Attributes& attributes,
                            std::vector<InferContext::Input> inputs) {
  Node node{.op_type = op, .version = opset, .attributes = attributes, .op = FindOp("", op)};
  for (size_t i = 0; i < inputs.size(); ++i) {
    node.inputs.push_back(inputs[i].type.is_tensor() ? static_cast<ValueId>(i) : kNoValue);
  }
  node.outputs = {100};
  if (node.op->parse != nullptr) {
    ParseContext parse(node);
    auto attrs = node.op->parse(parse);
    if (!attrs.ok()) return absl::StrCat("error: ", attrs.status().message());
    node.attrs = *attrs;
  }
  InferContext context(node, std::move(inputs), nullptr);
  if (const Status status = node.op->infer(context); !status.ok()) {
    return absl::StrCat("error: ", status.message());
  }
  const InferContext::Output& output = context.outputs()[0];
  std::string text = output.type.ToString();
  if (output.ints) absl::StrAppend(&text, " = ", ToString(*output.ints));
  return text;
}

}  // namespace sardonyx
