// Transpose: a strided copy, which joins axes that stay together and works in tiles.
#include "ops/common/int_inputs.h"
#include "ops/common/strided_copy.h"
#include "ops/shape/defs.h"
#include "runtime/gradient.h"

namespace sardonyx {
namespace {

struct TransposeAttrs : Attrs {
  std::optional<Ints> perm;

  /// The input axis that output axis i is; the reverse order where none was given.
  int Source(int i, int rank) const { return perm ? static_cast<int>((*perm)[i]) : rank - 1 - i; }
};

StatusOr<std::shared_ptr<Attrs>> ParseTranspose(ParseContext& context) {
  auto attrs = std::make_shared<TransposeAttrs>();
  if (context.Has("perm")) {
    attrs->perm = context.IntList("perm");
    auto normal = NormalizeAxes(*attrs->perm, static_cast<int>(attrs->perm->size()));
    if (!normal.ok()) return InvalidArgument("perm: ", normal.status().message());
    attrs->perm = *std::move(normal);
  }
  return attrs;
}

Status InferTranspose(InferContext& context) {
  const auto& attrs = context.attrs<TransposeAttrs>();
  const SymbolicShape* data = context.shape(0);
  if (data == nullptr) {
    context.set_output(
        0, context.element(0),
        attrs.perm ? std::optional(SymbolicShape(attrs.perm->size())) : std::nullopt);
    return absl::OkStatus();
  }
  const int rank = static_cast<int>(data->size());
  if (attrs.perm && static_cast<int>(attrs.perm->size()) != rank) {
    return InvalidArgument("perm has ", attrs.perm->size(), " axes, but data ", ToString(*data),
                           " has rank ", rank);
  }
  SymbolicShape result(rank);
  for (int i = 0; i < rank; ++i) result[i] = (*data)[attrs.Source(i, rank)];
  context.set_output(0, context.element(0), std::move(result));
  return absl::OkStatus();
}

Status RunTranspose(KernelContext& context) {
  const auto& attrs = context.attrs<TransposeAttrs>();
  const Tensor& data = context.input(0);
  Tensor& output = context.output(0);
  const Ints strides = data.shape().Strides();
  StridedView from{.offset = 0, .strides = Ints(data.rank())};
  for (int i = 0; i < data.rank(); ++i) from.strides[i] = strides[attrs.Source(i, data.rank())];
  return CopyStrided(context, output.shape().dims(), data, from, output,
                     {0, output.shape().Strides()});
}

Status TransposeGradient(GradientContext& context) {
  NodeBuilder::Attributes back;
  if (const auto& perm = context.attrs<TransposeAttrs>().perm) {
    std::vector<int64_t> inverse(perm->size());
    for (size_t i = 0; i < inverse.size(); ++i) inverse[(*perm)[i]] = static_cast<int64_t>(i);
    back = {{"perm", {std::move(inverse)}}};
  }
  context.set_input_gradient(0, context.Add("Transpose", {context.output_gradient()}, back));
  return absl::OkStatus();
}

}  // namespace

Node MakeTransposition(const Ints& permutation, ValueId from, ValueId to) {
  auto attrs = std::make_shared<TransposeAttrs>();
  attrs->perm = permutation;
  const OpDef* op = FindOp("", "Transpose");
  return {.op_type = std::string(op->name),
          .version = op->versions.back(),
          .inputs = {from},
          .outputs = {to},
          .op = op,
          .attrs = std::move(attrs)};
}

std::vector<OpDef> TransposeOps() {
  return {{.domain = "",
           .name = "Transpose",
           .versions = {1, 13, 21, 23, 24, 25},
           .min_inputs = 1,
           .max_inputs = 1,
           .parse = ParseTranspose,
           .infer = InferTranspose,
           .kernels = {SimpleKernel<RunTranspose>("transpose.strided")},
           .gradient = TransposeGradient}};
}

}  // namespace sardonyx
