// Attributes, shapes and plans of the reductions, and their OpDefs.
#include <algorithm>

#include "ops/common/infer.h"
#include "ops/reduce/reduce.h"
#include "runtime/gradient.h"

namespace sardonyx {
namespace {

StatusOr<std::shared_ptr<Attrs>> ParseReduce(ParseContext& context) {
  auto attrs = std::make_shared<ReduceAttrs>();
  attrs->keepdims = context.Flag("keepdims", true);
  if (context.version() < AxesInputSince(context.node().op_type)) {
    attrs->axes = context.IntList("axes");
  } else {
    attrs->noop_with_empty_axes = context.Flag("noop_with_empty_axes", false);
  }
  return attrs;
}

/// Which axes are reduced. Errors: an axis out of range.
StatusOr<std::vector<bool>> ReducedAxes(const ReduceAttrs& attrs, const Ints& axes, int rank) {
  if (axes.empty()) return std::vector<bool>(rank, !attrs.noop_with_empty_axes);
  std::vector<bool> reduced(rank, false);
  for (const int64_t axis : axes) {
    SX_ASSIGN_OR_RETURN(const int normal, NormalizeAxis(axis, rank));
    reduced[normal] = true;
  }
  return reduced;
}

Status InferReduce(InferContext& context) {
  const auto& attrs = context.attrs<ReduceAttrs>();
  const bool extreme =
      context.node().op_type == "ReduceMax" || context.node().op_type == "ReduceMin";
  DataType element;
  if (extreme) {
    SX_ASSIGN_OR_RETURN(
        element, CommonElement(context, ReduceTypes{} + TypeList<int8_t, uint8_t, bool>{}, {0}));
  } else {
    SX_ASSIGN_OR_RETURN(element, CommonElement(context, ReduceTypes{}, {0}));
  }
  Ints axes = attrs.axes;
  bool axes_known = true;
  std::optional<int64_t> axes_count;
  if (context.has_input(1)) {
    if (context.version() < AxesInputSince(context.node().op_type)) {
      return InvalidArgument("takes one input at opset ", context.version(),
                             ", axes being an attribute");
    }
    SX_RETURN_IF_ERROR(CommonElement(context, TypeList<int64_t>{}, {1}).status());
    axes_known = context.value(1) != nullptr;
    if (axes_known) {
      SX_ASSIGN_OR_RETURN(axes, ToInts(*context.value(1)));
    }
  }
  const SymbolicShape* shape = context.shape(0);
  std::optional<SymbolicShape> result;
  if (shape != nullptr && axes_known) {
    SX_ASSIGN_OR_RETURN(const std::vector<bool> reduced,
                        ReducedAxes(attrs, axes, static_cast<int>(shape->size())));
    result.emplace();
    for (size_t i = 0; i < shape->size(); ++i) {
      if (!reduced[i]) result->push_back((*shape)[i]);
      if (reduced[i] && attrs.keepdims) result->push_back(1);
    }
  } else if (shape != nullptr && attrs.keepdims) {
    result.emplace(shape->size());
  }
  context.set_output(0, element, std::move(result));
  return absl::OkStatus();
}

/// Each element of the output's gradient, for all elements that it was reduced from.
ValueId Spread(GradientContext& context) {
  const auto& attrs = context.attrs<ReduceAttrs>();
  ValueId gradient = context.output_gradient(), axes = context.input(1);
  if (!attrs.axes.empty()) {
    axes = context.Constant(
        Tensor::Of<int64_t>({static_cast<int64_t>(attrs.axes.size())}, attrs.axes));
  }
  if (!attrs.keepdims && axes != kNoValue) gradient = context.Add("Unsqueeze", {gradient, axes});
  return context.Add("Expand", {gradient, context.Add("Shape", {context.input(0)})});
}

Status ReduceSumGradient(GradientContext& context) {
  context.set_input_gradient(0, Spread(context));
  return absl::OkStatus();
}

Status ReduceMeanGradient(GradientContext& context) {
  const ValueId spread = Spread(context);
  const ValueId count = context.Add(
      "Div", {context.Add("Size", {context.input(0)}), context.Add("Size", {context.output()})});
  const ValueId divisor = context.Add("CastLike", {count, spread});
  context.set_input_gradient(0, context.Add("Div", {spread, divisor}));
  return absl::OkStatus();
}

}  // namespace

StatusOr<ReducePlan> PlanReduction(const KernelContext& context) {
  const auto& attrs = context.attrs<ReduceAttrs>();
  Ints axes = attrs.axes;
  if (context.has_input(1)) {
    SX_ASSIGN_OR_RETURN(axes, ToInts(context.input(1)));
  }
  const Shape& shape = context.input(0).shape();
  SX_ASSIGN_OR_RETURN(const std::vector<bool> reduced, ReducedAxes(attrs, axes, shape.rank()));
  ReducePlan plan;
  if (shape.Elements() == 0) {  // results of nothing; sizes beside the zero might overflow
    plan.inner.size = 0;
    plan.count = 0;
    return plan;
  }
  struct Part : ReducePlan::Run {
    bool reduced;
  };
  std::vector<Part> parts;  // from the innermost outwards
  int64_t step = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    if (shape[i] == 1) continue;
    if (!parts.empty() && parts.back().reduced == reduced[i]) {
      parts.back().size *= shape[i];
    } else {
      parts.push_back({{shape[i], step}, reduced[i]});
    }
    step *= shape[i];
  }
  if (!parts.empty()) {
    plan.inner = parts[0];
    plan.inner_reduced = parts[0].reduced;
  }
  for (size_t i = parts.size(); i-- > 1;) {
    (parts[i].reduced ? plan.reduced : plan.kept).push_back(parts[i]);
    (parts[i].reduced ? plan.steps : plan.rows) *= parts[i].size;
  }
  plan.count = plan.steps * (plan.inner_reduced ? plan.inner.size : 1);
  return plan;
}

std::vector<OpDef> ReductionOps() {
  const auto reduction = [](absl::string_view name, std::vector<int> versions,
                            KernelDef reference) {
    OpDef op{.name = name,
             .versions = std::move(versions),
             .min_inputs = 1,
             .max_inputs = 2,
             .parse = ParseReduce,
             .infer = InferReduce};
    if (KernelDef native = ReduceNative(name); native.prepare != nullptr) {
      op.kernels.push_back(native);
    }
    op.kernels.push_back(reference);
    return op;
  };
  return {
      WithGradient(
          reduction("ReduceSum", {1, 11, 13}, SimpleKernel<RunReduceSum>("reduce_sum.reference")),
          ReduceSumGradient),
      WithGradient(reduction("ReduceMean", {1, 11, 13, 18},
                             SimpleKernel<RunReduceMean>("reduce_mean.reference")),
                   ReduceMeanGradient),
      reduction("ReduceSumSquare", {1, 11, 13, 18},
                SimpleKernel<RunReduceSumSquare>("reduce_sum_square.reference")),
      reduction("ReduceL1", {1, 11, 13, 18}, SimpleKernel<RunReduceL1>("reduce_l1.reference")),
      reduction("ReduceL2", {1, 11, 13, 18}, SimpleKernel<RunReduceL2>("reduce_l2.reference")),
      reduction("ReduceProd", {1, 11, 13, 18},
                SimpleKernel<RunReduceProd>("reduce_prod.reference")),
      reduction("ReduceLogSum", {1, 11, 13, 18, 28},
                SimpleKernel<RunReduceLogSum>("reduce_log_sum.reference")),
      reduction("ReduceLogSumExp", {1, 11, 13, 18, 28},
                SimpleKernel<RunReduceLogSumExp>("reduce_log_sum_exp.reference")),
      reduction("ReduceMax", {1, 11, 12, 13, 18, 20},
                SimpleKernel<RunReduceMax>("reduce_max.reference")),
      reduction("ReduceMin", {1, 11, 12, 13, 18, 20},
                SimpleKernel<RunReduceMin>("reduce_min.reference")),
  };
}

}  // namespace sardonyx
