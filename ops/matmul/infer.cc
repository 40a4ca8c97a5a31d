// Attributes, types and shapes of MatMul and Gemm, and of com.microsoft's FusedMatMul and
// FusedGemm.
#include "ops/common/infer.h"

#include "ops/common/require_input.h"
#include "ops/matmul/matmul.h"

namespace sardonyx {
namespace {

using ProductTypes = TypeList<float, double, Half, BFloat16, int32_t, int64_t, uint32_t, uint64_t>;

/// An error where both sizes are known and differ.
Status CheckInner(const Dim& a, const Dim& b, const SymbolicShape& a_shape,
                  const SymbolicShape& b_shape) {
  if (!a.known() || !b.known() || a.value == b.value) return absl::OkStatus();
  return InvalidArgument("A has shape ", ToString(a_shape), " and B ", ToString(b_shape),
                         ": the inner dimensions ", a.value, " and ", b.value, " must be equal");
}

}  // namespace

StatusOr<std::optional<SymbolicShape>> MatMulResult(const SymbolicShape& a,
                                                    const SymbolicShape& b) {
  if (a.empty() || b.empty()) {
    return InvalidArgument("A has shape ", ToString(a), " and B ", ToString(b),
                           ", but neither may be a scalar");
  }
  SX_RETURN_IF_ERROR(CheckInner(a.back(), b.size() == 1 ? b[0] : b[b.size() - 2], a, b));
  const SymbolicShape a_batch(a.begin(), a.size() < 2 ? a.begin() : a.end() - 2);
  const SymbolicShape b_batch(b.begin(), b.size() < 2 ? b.begin() : b.end() - 2);
  SX_ASSIGN_OR_RETURN(std::optional<SymbolicShape> result, BroadcastSymbolic(&a_batch, &b_batch));
  if (a.size() > 1) result->push_back(a[a.size() - 2]);
  if (b.size() > 1) result->push_back(b.back());
  return result;
}

Status CheckGemmBias(const SymbolicShape* c, const SymbolicShape& result) {
  bool fits = c == nullptr || c->size() <= result.size();
  for (size_t i = 0; fits && c != nullptr && i < c->size(); ++i) {
    const Dim& have = (*c)[i];
    const Dim& want = result[result.size() - c->size() + i];
    fits = !have.known() || have.value == 1 || !want.known() || have.value == want.value;
  }
  if (fits) return absl::OkStatus();
  return InvalidArgument("C has shape ", ToString(*c), ", which does not broadcast to ",
                         ToString(result));
}

StatusOr<std::shared_ptr<Attrs>> ParseMatMul(ParseContext&) {
  return std::make_shared<MatMulAttrs>();
}

StatusOr<std::shared_ptr<Attrs>> ParseFusedMatMul(ParseContext& context) {
  auto attrs = std::make_shared<MatMulAttrs>();
  attrs->a = {context.Flag("transA", false), context.Flag("transBatchA", false)};
  attrs->b = {context.Flag("transB", false), context.Flag("transBatchB", false)};
  attrs->alpha = context.Float("alpha", 1);
  return attrs;
}

namespace {

std::shared_ptr<GemmAttrs> ReadGemm(ParseContext& context) {
  auto attrs = std::make_shared<GemmAttrs>();
  attrs->alpha = context.Float("alpha", 1);
  attrs->beta = context.Float("beta", 1);
  attrs->trans_a = context.Flag("transA", false);
  attrs->trans_b = context.Flag("transB", false);
  return attrs;
}

}  // namespace

StatusOr<std::shared_ptr<Attrs>> ParseGemm(ParseContext& context) {
  if (context.version() < 11) RequireInput(context, 2, "C");
  // Without it C had to have Y's shape; reading C as broadcast then changes nothing.
  if (context.version() < 7) context.Ignore("broadcast");
  return ReadGemm(context);
}

StatusOr<std::shared_ptr<Attrs>> ParseFusedGemm(ParseContext& context) {
  auto attrs = ReadGemm(context);
  for (const char* name : {"activation_alpha", "activation_beta", "activation_gamma"}) {
    context.Ignore(name);  // what the activation has no use for
  }
  attrs->activation = ReadActivation(context, [&](const char* name, float fallback) {
    return context.Float(absl::StrCat("activation_", name), fallback);
  });
  return attrs;
}

Status InferMatMul(InferContext& context) {
  const auto& attrs = context.attrs<MatMulAttrs>();
  const bool bias = attrs.bias;
  if (context.input_count() != attrs.inputs()) {
    return InvalidArgument("takes two inputs, but has ", context.input_count());
  }
  SX_ASSIGN_OR_RETURN(const DataType element, CommonElement(context, ProductTypes{}, {0, 1}));
  const SymbolicShape *a = context.shape(0), *b = context.shape(1);
  std::optional<SymbolicShape> result;
  if (a != nullptr && b != nullptr) {
    SX_ASSIGN_OR_RETURN(result, MatMulResult(attrs.a.Seen(*a, static_cast<int>(a->size())),
                                             attrs.b.Seen(*b, static_cast<int>(b->size()))));
  }
  if (const SymbolicShape* c = bias ? context.shape(2) : nullptr; c != nullptr && result) {
    const auto columns = ToShape(*c);
    if (columns && result->back().known() && columns->Elements() != result->back().value) {
      return InvalidArgument("the bias has shape ", ToString(*c), ", but the product ",
                             ToString(*result), " has ", result->back().value, " columns");
    }
  }
  context.set_output(0, element, std::move(result));
  return absl::OkStatus();
}

Status InferFusedMatMul(InferContext& context) {
  SX_RETURN_IF_ERROR(CommonElement(context, Floats{}, {0, 1}).status());
  return InferMatMul(context);
}

Status InferGemm(InferContext& context) {
  const auto& attrs = context.attrs<GemmAttrs>();
  SX_ASSIGN_OR_RETURN(const DataType element, CommonElement(context, ProductTypes{}, {0, 1, 2}));
  const SymbolicShape *a = context.shape(0), *b = context.shape(1);
  if ((a != nullptr && a->size() != 2) || (b != nullptr && b->size() != 2)) {
    return InvalidArgument("A and B must be matrices, but have shapes ", a ? ToString(*a) : "?",
                           " and ", b ? ToString(*b) : "?");
  }
  SymbolicShape result(2);
  if (a != nullptr) result[0] = (*a)[attrs.trans_a];
  if (b != nullptr) result[1] = (*b)[!attrs.trans_b];
  if (a != nullptr && b != nullptr) {
    SX_RETURN_IF_ERROR(CheckInner((*a)[!attrs.trans_a], (*b)[attrs.trans_b], *a, *b));
  }
  SX_RETURN_IF_ERROR(CheckGemmBias(context.shape(2), result));
  context.set_output(0, element, std::move(result));
  return absl::OkStatus();
}

}  // namespace sardonyx
