// The runtime's side of include/sardonyx/custom_op.h: the function table and what a call carries.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "include/sardonyx/custom_op.h"
#include "runtime/op.h"

namespace sardonyx {

/// A custom operator's attributes: what its parse function made, and what that may point to.
struct CustomAttrs : Attrs {
  explicit CustomAttrs(void (*release)(void*)) : release(release) {}
  ~CustomAttrs() override {
    if (release != nullptr && state != nullptr) release(state);
  }
  CustomAttrs(const CustomAttrs&) = delete;
  CustomAttrs& operator=(const CustomAttrs&) = delete;

  void (*release)(void*);
  void* state = nullptr;
  std::deque<std::string> strings;
  std::deque<Ints> ints;
  std::deque<std::vector<float>> floats;
  std::deque<Tensor> tensors;
};

/// What is being thrown, as an error: an application's code may do so against the rules.
Status CurrentException();

/// The table that every call gets.
const SardonyxOpHost& CustomOpHost();

}  // namespace sardonyx

/// One call of parse, infer or run: the context of that stage is set, the others are null.
struct SardonyxOpCall {
  sardonyx::ParseContext* parse = nullptr;
  sardonyx::CustomAttrs* kept = nullptr;  // with parse
  sardonyx::InferContext* infer = nullptr;
  sardonyx::KernelContext* kernel = nullptr;
  sardonyx::Status error = {};           // the first
  std::deque<sardonyx::Ints> dims = {};  // handed out during this call

  const sardonyx::Node& node() const {
    return parse != nullptr ? parse->node() : infer != nullptr ? infer->node() : kernel->node();
  }
  void Fail(sardonyx::Status status) {
    if (error.ok()) error = std::move(status);
  }
  /// The call's error, where the application's function returned `failed`.
  sardonyx::Status Outcome(int failed) const {
    if (!error.ok() || failed == 0) return error;
    return sardonyx::InvalidArgument("the custom operator failed without saying why (", failed,
                                     ")");
  }
};
