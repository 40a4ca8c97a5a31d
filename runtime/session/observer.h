// Seeing values while a run computes them.
#pragma once

#include <functional>

#include "absl/strings/string_view.h"
#include "runtime/base/tensor.h"

namespace sardonyx {

/// A value of the top graph that a layer has just computed. Layers are those of the compiled model:
/// values inside a fused one do not exist. Valid only until the observer returns, as its memory is
/// used again.
struct LayerOutput {
  int layer = 0;           // index into PlanReport::layers
  absl::string_view name;  // as the model names it
  const Value& value;
  bool channels_last = false;  // value is a tensor [N, D..., C] for the model's [N, C, D...]
};

/// Called after each layer for each of its outputs, on the thread that runs the model. A tensor
/// that exists in both layouts is seen in each, under one name. An error ends the run, with the
/// layer's node named before it.
using Observer = std::function<Status(const LayerOutput&)>;

/// The tensor of `output` with its axes in the model's order: the same elements where they lie so,
/// otherwise a copy. Errors: no memory for that.
StatusOr<Tensor> InModelLayout(const LayerOutput& output);

}  // namespace sardonyx
