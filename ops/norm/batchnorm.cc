// BatchNormalization: attributes, types, and the list of its kernels.
#include "ops/norm/batchnorm.h"

#include <cmath>

#include "ops/common/channels_last.h"
#include "ops/common/float_inputs.h"
#include "ops/common/readers.h"
#include "ops/norm/norm.h"

namespace sardonyx {
namespace {

StatusOr<std::shared_ptr<Attrs>> Parse(ParseContext& context) {
  auto attrs = std::make_shared<BatchNormAttrs>();
  const int version = context.version();
  attrs->epsilon = context.Float("epsilon", 1e-5f);
  attrs->momentum = context.Float("momentum", 0.9f);
  if (version < 9) attrs->spatial = context.Flag("spatial", true);
  if (version < 6) context.Ignore("consumed_inputs");
  bool statistics = false;  // asked for as outputs
  for (size_t i = 1; i < context.node().outputs.size(); ++i) {
    statistics = statistics || context.node().outputs[i] != kNoValue;
  }
  if (version >= 14) {
    attrs->training = context.Flag("training_mode", false);
    if (statistics && !attrs->training) {
      context.Fail("outputs beyond the first need attribute 'training_mode'");
    }
  } else {
    // Before training_mode, a node trains if it gives the statistics, unless is_test forbids it.
    attrs->training = statistics && !(version < 7 && context.Flag("is_test", false));
    if (version < 7) context.Ignore("is_test");
    if (statistics && !attrs->training) context.Fail("is_test is set, but statistics are outputs");
  }
  if (!(attrs->epsilon >= 0)) context.Fail("attribute 'epsilon' is negative or not a number");
  return attrs;
}

Status Infer(InferContext& context) {
  const auto& attrs = context.attrs<BatchNormAttrs>();
  for (int i = 0; i < 5; ++i) SX_RETURN_IF_ERROR(CheckFloatInput(context, i));
  const SymbolicShape* x = context.shape(0);
  context.set_output(0, context.element(0), x ? std::optional<SymbolicShape>(*x) : std::nullopt);
  std::optional<SymbolicShape> statistics;
  if (x != nullptr) {
    if (x->empty()) return InvalidArgument("input X is a scalar");
    if (attrs.spatial) {
      const Dim channels = x->size() == 1 ? Dim(1) : attrs.channels_last ? x->back() : (*x)[1];
      static constexpr absl::string_view kNames[] = {"X", "scale", "B", "mean", "variance"};
      for (int i = 1; i < 5; ++i) SX_RETURN_IF_ERROR(CheckVector(context, i, channels, kNames[i]));
      statistics = SymbolicShape{channels};
    } else {
      if (x->size() < 2) return InvalidArgument("input X has rank 1, but is not spatial");
      const Type features = Type::Tensor(DataType::kFloat, SymbolicShape(x->begin() + 1, x->end()));
      const auto wanted = features.StaticShape();
      for (int i = 1; i < 5; ++i) {
        const auto given = context.input(i).StaticShape();
        if (given && wanted && given->Elements() != wanted->Elements()) {
          return InvalidArgument("input #", i, " has shape ", given->ToString(), ", but one of ",
                                 wanted->ToString(), " is needed");
        }
      }
      statistics = features.shape;
    }
  }
  for (int i = 1; i < context.output_count(); ++i) {
    context.set_output(i, context.element(3), statistics);
  }
  return absl::OkStatus();
}

const BatchNormAttrs& AttrsOf(const Node& node) {
  return static_cast<const BatchNormAttrs&>(*node.attrs);
}

StatusOr<bool> AbsorbActivation(Graph& graph, int index, const std::vector<int>&,
                                const std::vector<int>& uses) {
  const Node& node = graph.nodes[index];
  const BatchNormAttrs& attrs = AttrsOf(node);
  if (attrs.training || attrs.activation ||
      graph.value(node.outputs[0]).type.element != DataType::kFloat) {
    return false;
  }
  const int reader = OnlyReader(graph, index, uses);
  if (reader < 0 || graph.nodes[reader].inputs[0] != node.outputs[0]) return false;
  const auto activation = ActivationOf(graph, graph.nodes[reader]);
  if (!activation) return false;
  auto fused = std::make_shared<BatchNormAttrs>(attrs);
  fused->activation = *activation;
  graph.nodes[index].attrs = std::move(fused);
  TakeOutputOf(graph, index, reader);
  return true;
}

std::vector<int> ChannelsLastInputs(const Graph& graph, const Node& node) {
  const BatchNormAttrs& attrs = AttrsOf(node);
  if (attrs.training || !attrs.spatial) return {};
  return FirstInputChannelsLast(graph, node);
}

void Convert(Graph&, Node& node) {
  auto attrs = std::make_shared<BatchNormAttrs>(AttrsOf(node));
  attrs->channels_last = true;
  node.attrs = std::move(attrs);
}

}  // namespace

BatchNormShape ViewBatchNorm(const BatchNormAttrs& attrs, const Shape& x) {
  if (x.rank() < 2) return {.batch = x.Elements()};
  if (!attrs.spatial) return {.batch = x[0], .channels = x.Elements(1, x.rank())};
  if (attrs.channels_last) {
    return {.batch = x.Elements(0, x.rank() - 1), .channels = x[x.rank() - 1]};
  }
  return {.batch = x[0], .channels = x[1], .plane = x.Elements(2, x.rank())};
}

std::optional<Affine> AffineOf(const Graph& graph, const Node& batchnorm, int64_t channels) {
  const BatchNormAttrs& attrs = AttrsOf(batchnorm);
  if (attrs.training || !attrs.spatial) return std::nullopt;
  std::vector<double> parts[4];
  for (int i = 0; i < 4; ++i) {
    const Tensor* tensor = graph.constant(batchnorm.inputs[static_cast<size_t>(i) + 1]);
    if (tensor == nullptr || tensor->size() != channels) return std::nullopt;
    auto values = ToDoubles(*tensor);
    if (!values.ok()) return std::nullopt;
    parts[i] = *std::move(values);
  }
  Affine affine;
  for (size_t c = 0; c < parts[0].size(); ++c) {
    const double factor = parts[0][c] / std::sqrt(parts[3][c] + static_cast<double>(attrs.epsilon));
    affine.factor.push_back(factor);
    affine.shift.push_back(parts[1][c] - parts[2][c] * factor);
  }
  return affine;
}

std::string NotFloatInference(const PrepareContext& context) {
  if (context.attrs<BatchNormAttrs>().training) return "does not train";
  for (int i = 0; i < 5; ++i) {
    if (context.element(i) != DataType::kFloat) {
      return absl::StrCat("works on float, not ", Name(context.element(i)));
    }
  }
  return "";
}

OpDef BatchNormalizationOp() {
  return {.domain = "",
          .name = "BatchNormalization",
          .versions = {1, 6, 7, 9, 14, 15},
          .min_inputs = 5,
          .max_inputs = 5,
          .max_outputs = 5,
          .parse = Parse,
          .infer = Infer,
          .kernels = {BatchNormNative(), BatchNormOneDnnKernel(), BatchNormReference()},
          .rewrites = {{"batchnorm+activation", AbsorbActivation}},
          .in_place = {0},
          .channels_last = {.inputs = ChannelsLastInputs, .convert = Convert}};
}

}  // namespace sardonyx
