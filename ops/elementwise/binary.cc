#include "ops/elementwise/binary.h"

#include <algorithm>

#include "ops/common/half.h"

namespace sardonyx {

StatusOr<std::shared_ptr<Attrs>> ParseBinary(ParseContext& context) {
  auto attrs = std::make_shared<BinaryAttrs>();
  if (context.version() < 6) context.Ignore("consumed_inputs");
  if (context.version() < 7) {
    attrs->legacy = true;
    attrs->broadcast = context.Flag("broadcast", false);
    if (context.Has("axis")) attrs->axis = context.Int("axis", 0);
  }
  return attrs;
}

std::vector<int> BinaryChannelsLast(const Graph& graph, const Node& node) {
  const bool aligned = static_cast<const BinaryAttrs&>(*node.attrs).axis.has_value();
  return aligned ? std::vector<int>() : ElementwiseChannelsLast(graph, node);
}

StatusOr<SymbolicShape> AlignSecond(const BinaryAttrs& attrs, const SymbolicShape& a,
                                    const SymbolicShape& b) {
  if (!attrs.legacy) return b;
  const auto ranks = [&] { return absl::StrCat("shapes ", ToString(a), " and ", ToString(b)); };
  if (!attrs.broadcast) {
    bool same = a.size() == b.size();
    for (size_t i = 0; same && i < a.size(); ++i) {
      same = !a[i].known() || !b[i].known() || a[i].value == b[i].value;
    }
    if (!same) return InvalidArgument(ranks(), " differ, and attribute 'broadcast' is not set");
    return b;
  }
  const bool single = std::all_of(b.begin(), b.end(), [](const Dim& d) { return d.value == 1; });
  if (single) return SymbolicShape();  // one element, whatever its rank
  if (b.size() > a.size()) return InvalidArgument(ranks(), ": the second must not be the longer");
  if (!attrs.axis) return b;
  const auto rank = static_cast<int64_t>(a.size());
  int64_t axis = *attrs.axis;
  if (axis < 0 && axis >= -rank) axis += rank;
  if (axis < 0 || axis > rank - static_cast<int64_t>(b.size())) {
    return InvalidArgument("attribute 'axis' is ", *attrs.axis, ", which does not fit ", ranks());
  }
  SymbolicShape aligned = b;
  aligned.resize(a.size() - static_cast<size_t>(axis), Dim(1));
  return aligned;
}

StatusOr<std::optional<SymbolicShape>> InferBinaryShape(InferContext& context, bool mixed) {
  SX_RETURN_IF_ERROR(CheckIsTensor(context, 0));
  SX_RETURN_IF_ERROR(CheckIsTensor(context, 1));
  const DataType a = context.element(0), b = context.element(1);
  if (!mixed && a != b && a != DataType::kUndefined && b != DataType::kUndefined) {
    return InvalidArgument("inputs have element types ", Name(a), " and ", Name(b),
                           ", which must be the same");
  }
  const SymbolicShape *first = context.shape(0), *second = context.shape(1);
  if (first == nullptr || second == nullptr) return std::optional<SymbolicShape>();
  SX_ASSIGN_OR_RETURN(const SymbolicShape aligned,
                      AlignSecond(context.attrs<BinaryAttrs>(), *first, *second));
  return BroadcastSymbolic(first, &aligned);
}

namespace {

/// The result where it is a size again; unknown otherwise.
Dim Combine(const Dim& a, const Dim& b, IntsOperation operation) {
  const bool known = a.known() && b.known();
  std::optional<int64_t> result;
  switch (operation) {
    case IntsOperation::kNone:
      break;
    case IntsOperation::kAdd:
      if (a.value == 0) return b;
      if (b.value == 0) return a;
      if (known) result = CheckedAdd(a.value, b.value);
      break;
    case IntsOperation::kSub:
      if (b.value == 0) return a;
      if (known) result = a.value - b.value;
      break;
    case IntsOperation::kMul:
      if (a.value == 1) return b;
      if (b.value == 1) return a;
      if (known) result = CheckedMul(a.value, b.value);
      break;
    case IntsOperation::kDiv:
      if (b.value == 1) return a;
      if (known && b.value != 0) result = a.value / b.value;
      break;
    case IntsOperation::kMin:
      if (known) result = std::min(a.value, b.value);
      if (a.SameAs(b)) return a;
      break;
    case IntsOperation::kMax:
      if (known) result = std::max(a.value, b.value);
      if (a.SameAs(b)) return a;
      break;
  }
  return result && *result >= 0 ? Dim(*result) : Dim();
}

}  // namespace

void InferInts(InferContext& context, IntsOperation operation) {
  if (operation == IntsOperation::kNone) return;
  // Narrower types wrap, and are not what shapes are computed in.
  if (context.element(0) != DataType::kInt64) return;
  const SymbolicShape* a_shape = context.shape(0);
  const SymbolicShape* b_shape = context.shape(1);
  if (a_shape == nullptr || b_shape == nullptr || a_shape->size() > 1 || b_shape->size() > 1) {
    return;
  }
  const auto a = context.ints(0), b = context.ints(1);
  if (!a || !b) return;
  const size_t n = a->size() == 1 ? b->size() : a->size();
  if (a->empty() || b->empty() || (b->size() != n && b->size() != 1)) return;
  SymbolicShape ints(n);
  for (size_t i = 0; i < n; ++i) {
    ints[i] = Combine((*a)[a->size() == 1 ? 0 : i], (*b)[b->size() == 1 ? 0 : i], operation);
  }
  context.set_ints(0, std::move(ints));
}

namespace {

using RowFunction = absl::FunctionRef<void(const BinaryOperands& at, int64_t n)>;

Status ForEachOperandRow(KernelContext& context, const Tensor& a, const Tensor& b,
                         const BinaryAttrs& attrs, double cost, RowFunction row) {
  Tensor& y = context.output(0);
  const auto a_size = static_cast<int64_t>(ElementSize(a.type()));
  const auto b_size = static_cast<int64_t>(ElementSize(b.type()));
  const auto y_size = static_cast<int64_t>(ElementSize(y.type()));
  Shape aligned = b.shape();
  if (attrs.legacy) {
    SX_ASSIGN_OR_RETURN(const SymbolicShape dims,
                        AlignSecond(attrs, ToSymbolic(a.shape()), ToSymbolic(b.shape())));
    if (auto known = ToShape(dims)) aligned = *std::move(known);
  }
  const Shape* shapes[] = {&a.shape(), &aligned};
  SX_ASSIGN_OR_RETURN(const BroadcastPlan plan, PlanBroadcast(y.shape(), shapes));
  const auto* a_data = static_cast<const std::byte*>(a.raw());
  const auto* b_data = static_cast<const std::byte*>(b.raw());
  auto* y_data = static_cast<std::byte*>(y.raw());
  return ForEachRow(context, plan, cost, [&](const int64_t* at, int64_t out, int64_t n) {
    row({.a = a_data + at[0] * a_size,
         .b = b_data + at[1] * b_size,
         .y = y_data + out * y_size,
         .a_step = plan.steps[0][0],
         .b_step = plan.steps[1][0]},
        n);
  });
}

/// Converts what a run reads to float, computes there, and converts back.
void RunHalfRow(BinaryRow row, const BinaryOperands& at, int64_t n, const BinaryAttrs& attrs) {
  constexpr int64_t kBlock = 512;
  float a[kBlock], b[kBlock], y[kBlock];
  const auto *from_a = static_cast<const Half*>(at.a), *from_b = static_cast<const Half*>(at.b);
  for (int64_t i = 0; i < n; i += kBlock) {
    const int64_t count = std::min(kBlock, n - i);
    HalfToFloat(from_a + i * at.a_step, at.a_step == 0 ? 1 : count, a);
    HalfToFloat(from_b + i * at.b_step, at.b_step == 0 ? 1 : count, b);
    row({.a = a, .b = b, .y = y, .a_step = at.a_step, .b_step = at.b_step}, count, attrs);
    FloatToHalf(y, count, static_cast<Half*>(at.y) + i);
  }
}

}  // namespace

Status RunBinaryRows(KernelContext& context, BinaryRow row, double cost) {
  return RunBinaryRows(context, row, cost, context.input(0), context.input(1),
                       context.attrs<BinaryAttrs>());
}

Status RunBinaryRows(KernelContext& context, BinaryRow row, double cost, const Tensor& a,
                     const Tensor& b, const BinaryAttrs& attrs) {
  return ForEachOperandRow(context, a, b, attrs, cost,
                           [&](const BinaryOperands& at, int64_t n) { row(at, n, attrs); });
}

Status RunFloatRows(KernelContext& context, BinaryRow row) {
  const Tensor &a = context.input(0), &b = context.input(1);
  const auto& attrs = context.attrs<BinaryAttrs>();
  if (a.type() == DataType::kFloat) return RunBinaryRows(context, row, 0.5, a, b, attrs);
  return ForEachOperandRow(context, a, b, attrs, 1, [&](const BinaryOperands& at, int64_t n) {
    RunHalfRow(row, at, n, attrs);
  });
}

}  // namespace sardonyx
