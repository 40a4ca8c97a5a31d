// com.microsoft's SkipLayerNormalization and SkipSimplifiedLayerNormalization: the layer
// normalization of a residual sum, which may be an output too.
#include "ops/common/contrib.h"
#include "ops/common/float_inputs.h"
#include "ops/norm/row_sums.h"

namespace sardonyx {
namespace {

constexpr int kInput = 0, kSkip = 1, kScale = 2;
constexpr int kSumOutput = 3;

/// What is added after normalization, if the operator has it, and to the sum before it.
int BetaInput(const LayerNormAttrs& attrs) { return attrs.center ? 3 : -1; }
int BiasInput(const LayerNormAttrs& attrs) { return attrs.center ? 4 : 3; }

template <bool center>
StatusOr<std::shared_ptr<Attrs>> Parse(ParseContext& context) {
  auto attrs = std::make_shared<LayerNormAttrs>();
  attrs->center = center;
  attrs->epsilon = static_cast<double>(context.Float("epsilon", 1e-12f));
  return attrs;
}

/// Errors unless the shape of skip is that of the input, or that with leading axes left out or 1.
Status CheckSkip(const SymbolicShape& input, const SymbolicShape& skip) {
  bool fits = !skip.empty() && skip.size() <= input.size(), repeats = false;
  for (size_t i = 1; fits && i <= skip.size(); ++i) {
    const Dim &have = skip[skip.size() - i], &want = input[input.size() - i];
    if (!have.known() || !want.known()) continue;
    repeats = repeats || (i > 1 && have.value == 1 && want.value != 1);
    fits = have.value == (repeats ? 1 : want.value);
  }
  if (fits) return absl::OkStatus();
  return InvalidArgument("skip has shape ", ToString(skip), ", neither that of the input, ",
                         ToString(input), ", nor that without leading axes");
}

Status Infer(InferContext& context) {
  const auto& attrs = context.attrs<LayerNormAttrs>();
  SX_ASSIGN_OR_RETURN(const DataType element,
                      CheckSameFloatInputs(context, 0, context.input_count()));
  const SymbolicShape *input = context.shape(kInput), *skip = context.shape(kSkip);
  std::optional<SymbolicShape> shape, moments;
  if (input != nullptr) {
    if (input->size() != 2 && input->size() != 3) {
      return InvalidArgument("the input has shape ", ToString(*input), ", not rank 2 or 3");
    }
    for (const int i : {kScale, BetaInput(attrs), BiasInput(attrs)}) {
      if (i >= 0) SX_RETURN_IF_ERROR(CheckVector(context, i, input->back(), "one row"));
    }
    if (skip != nullptr) SX_RETURN_IF_ERROR(CheckSkip(*input, *skip));
    shape = moments = *input;
    moments->back() = Dim(1);
  }
  context.set_output(0, element, shape);
  if (context.has_output(1)) context.set_output(1, DataType::kFloat, moments);
  if (context.has_output(2)) context.set_output(2, DataType::kFloat, moments);
  if (context.has_output(kSumOutput)) context.set_output(kSumOutput, element, shape);
  return absl::OkStatus();
}

template <Status (*normalize)(const KernelContext&, const RowSums&)>
Status Run(KernelContext& context) {
  const auto& attrs = context.attrs<LayerNormAttrs>();
  const Tensor &input = context.input(kInput), &skip = context.input(kSkip);
  const int bias = BiasInput(attrs), beta = BetaInput(attrs);
  const int last = input.rank() - 1;
  const int64_t skip_rows = skip.shape().Elements(0, skip.rank() - 1);
  const auto row_of = [skip_rows](int term, int64_t i) -> int64_t {
    if (term == kInput) return i;
    return term == kSkip ? i % skip_rows : 0;
  };
  const auto output = [&](int i) { return context.has_output(i) ? &context.output(i) : nullptr; };
  RowSums sums{.attrs = attrs,
               .rows = input.shape().Elements(0, last),
               .length = input.dim(last),
               .terms = {&input, &skip},
               .row_of = row_of};
  if (context.has_input(bias)) sums.terms.push_back(&context.input(bias));
  sums.scale = &context.input(kScale);
  if (beta >= 0 && context.has_input(beta)) sums.bias = &context.input(beta);
  sums.y = output(0);
  sums.mean = output(1);
  sums.inverse = output(2);
  sums.sum = output(kSumOutput);
  return normalize(context, sums);
}

OpDef SkipOp(StatusOr<std::shared_ptr<Attrs>> (*parse)(ParseContext&), int max_inputs) {
  return {.min_inputs = 3,
          .max_inputs = max_inputs,
          .max_outputs = 4,
          .parse = parse,
          .infer = Infer,
          .kernels = {SimpleKernel<Run<NormalizeNative>>("skip_layernorm.native", Backend::kNative,
                                                         RefusesAllButFloatRows),
                      SimpleKernel<Run<NormalizeReference>>("skip_layernorm.reference")}};
}

}  // namespace

OpDef SkipLayerNormalizationOp() {
  return AsContrib(SkipOp(Parse<true>, 5), "SkipLayerNormalization");
}

OpDef SkipSimplifiedLayerNormalizationOp() {
  return AsContrib(SkipOp(Parse<false>, 4), "SkipSimplifiedLayerNormalization");
}

}  // namespace sardonyx
