// SwiGLU: Y = A sigmoid(alpha A) B (Shazeer, arXiv:2002.05202).
#include <cmath>

#include "ops/attention/ops.h"
#include "ops/common/accumulate.h"
#include "ops/common/infer.h"

namespace sardonyx {
namespace {

struct SwiGluAttrs : Attrs {
  double alpha = 1;
};

StatusOr<std::shared_ptr<Attrs>> ParseSwiGlu(ParseContext& context) {
  auto attrs = std::make_shared<SwiGluAttrs>();
  attrs->alpha = context.Float("alpha", 1);
  return attrs;
}

Status InferSwiGlu(InferContext& context) {
  SX_ASSIGN_OR_RETURN(const DataType element, CommonElement(context, Floats{}, {0, 1}));
  const SymbolicShape *a = context.shape(0), *b = context.shape(1);
  std::optional<SymbolicShape> shape;
  if (a != nullptr) shape = *a;
  if (b != nullptr) {
    if (shape && shape->size() != b->size()) {
      return InvalidArgument("A has shape ", ToString(*a), " and B ", ToString(*b),
                             ", which must be the same");
    }
    if (!shape) shape = *b;
    for (size_t i = 0; i < b->size(); ++i) {
      SX_ASSIGN_OR_RETURN((*shape)[i],
                          MergeDims((*shape)[i], (*b)[i], absl::StrCat("dimension ", i)));
    }
  }
  context.set_output(0, element, std::move(shape));
  return absl::OkStatus();
}

Status RunSwiGlu(KernelContext& context) {
  const double alpha = context.attrs<SwiGluAttrs>().alpha;
  return Dispatch(context.input(0).type(), Floats{}, [&]<typename T>() {
    const T *a = context.input(0).data<T>(), *b = context.input(1).data<T>();
    T* y = context.output(0).data<T>();
    return context.ParallelFor(context.output(0).size(), 12, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const double gate = Widen(a[i]);
        y[i] = Narrow<T>(gate / (1 + std::exp(-alpha * gate)) * Widen(b[i]));
      }
    });
  });
}

}  // namespace

OpDef SwiGluOp() {
  return {.name = "SwiGLU",
          .versions = {28},
          .min_inputs = 2,
          .max_inputs = 2,
          .parse = ParseSwiGlu,
          .infer = InferSwiGlu,
          .kernels = {SimpleKernel<RunSwiGlu>("swiglu.reference")},
          .in_place = {0}};
}

}  // namespace sardonyx
