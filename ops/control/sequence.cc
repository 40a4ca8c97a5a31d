// Sequences of tensors: making, changing, reading, splitting into and joining them.
#include <algorithm>

#include "ops/common/slices.h"
#include "ops/control/common.h"

namespace sardonyx {
namespace {

/// What a sequence's elements are known to be.
Type ElementOf(const Type& sequence) {
  return sequence.kind == Type::Kind::kSequence ? *sequence.inner : Type();
}

StatusOr<const Sequence*> ReadSequence(KernelContext& context, int i) {
  if (!context.value(i).is_sequence()) {
    return InvalidArgument("input ", i, " is ", context.value(i).ToString(),
                           ", expected a sequence");
  }
  return &context.value(i).sequence();
}

/// A position given by a scalar tensor, counted from the end where negative, within [0, limit].
StatusOr<int64_t> ReadPosition(const Tensor& tensor, int64_t size, int64_t limit) {
  SX_ASSIGN_OR_RETURN(const Ints values, ToInts(tensor));
  if (values.size() != 1) return InvalidArgument("position has ", values.size(), " elements");
  const int64_t position = values[0] < 0 ? values[0] + size : values[0];
  if (position < 0 || position > limit) {
    return InvalidArgument("position ", values[0], " is outside a sequence of ", size);
  }
  return position;
}

// ---- SequenceConstruct, SequenceEmpty ----

Status InferConstruct(InferContext& context) {
  Type inner = context.input(0);
  for (int i = 1; i < context.input_count(); ++i) {
    const DataType type = context.element(i);
    if (type != inner.element && type != DataType::kUndefined &&
        inner.element != DataType::kUndefined) {
      return InvalidArgument("input ", i, " is ", Name(type), " but input 0 is ",
                             Name(inner.element));
    }
    inner = MergeTypes(inner, context.input(i));
  }
  context.set_output(0, Type::Sequence(std::move(inner)));
  return absl::OkStatus();
}

Status RunConstruct(KernelContext& context) {
  Sequence sequence;
  for (int i = 0; i < context.input_count(); ++i) {
    SX_ASSIGN_OR_RETURN(Value value, Keep(context.value(i), context.environment().budget));
    sequence.push_back(std::move(value));
  }
  context.set_output(0, std::move(sequence));
  return absl::OkStatus();
}

struct SequenceEmptyAttrs : Attrs {
  DataType type = DataType::kFloat;
};

StatusOr<std::shared_ptr<Attrs>> ParseEmpty(ParseContext& context) {
  auto attrs = std::make_shared<SequenceEmptyAttrs>();
  attrs->type = context.DataTypeValue("dtype", DataType::kFloat);
  return std::shared_ptr<Attrs>(std::move(attrs));
}

Status InferEmpty(InferContext& context) {
  context.set_output(0, Type::Sequence(Type::Tensor(context.attrs<SequenceEmptyAttrs>().type)));
  return absl::OkStatus();
}

Status RunEmpty(KernelContext& context) {
  context.set_output(0, Sequence());
  return absl::OkStatus();
}

// ---- SequenceInsert, SequenceErase ----

Status InferInsert(InferContext& context) {
  const Type element = ElementOf(context.input(0));
  const bool known = element.element != DataType::kUndefined;
  if (known && context.element(1) != DataType::kUndefined &&
      element.element != context.element(1)) {
    return InvalidArgument("tensor is ", Name(context.element(1)),
                           " but the sequence's elements are ", Name(element.element));
  }
  context.set_output(0, Type::Sequence(Type::Tensor(known ? element.element : context.element(1))));
  return absl::OkStatus();
}

Status RunInsert(KernelContext& context) {
  SX_ASSIGN_OR_RETURN(const Sequence* const from, ReadSequence(context, 0));
  const auto size = static_cast<int64_t>(from->size());
  int64_t position = size;
  if (context.has_input(2)) {
    SX_ASSIGN_OR_RETURN(position, ReadPosition(context.input(2), size, size));
  }
  SX_ASSIGN_OR_RETURN(Value value, Keep(context.value(1), context.environment().budget));
  Sequence result = *from;
  result.insert(result.begin() + position, std::move(value));
  context.set_output(0, std::move(result));
  return absl::OkStatus();
}

Status RunErase(KernelContext& context) {
  SX_ASSIGN_OR_RETURN(const Sequence* const from, ReadSequence(context, 0));
  const auto size = static_cast<int64_t>(from->size());
  int64_t position = size - 1;
  if (context.has_input(1)) {
    SX_ASSIGN_OR_RETURN(position, ReadPosition(context.input(1), size, size - 1));
  }
  if (size == 0) return InvalidArgument("nothing can be erased from an empty sequence");
  Sequence result = *from;
  result.erase(result.begin() + position);
  context.set_output(0, std::move(result));
  return absl::OkStatus();
}

// ---- SequenceAt, SequenceLength ----

Status InferAt(InferContext& context) {
  context.set_output(0, ElementOf(context.input(0)));
  if (context.input(0).kind == Type::Kind::kSequence) {
    context.set_output(0, Type::Tensor(ElementOf(context.input(0)).element));
  }
  return absl::OkStatus();
}

Status RunAt(KernelContext& context) {
  SX_ASSIGN_OR_RETURN(const Sequence* const from, ReadSequence(context, 0));
  const auto size = static_cast<int64_t>(from->size());
  SX_ASSIGN_OR_RETURN(const int64_t position, ReadPosition(context.input(1), size, size - 1));
  context.set_output(0, (*from)[position]);
  return absl::OkStatus();
}

Status InferLength(InferContext& context) {
  context.set_output(0, Type::Tensor(DataType::kInt64, Shape{}));
  return absl::OkStatus();
}

Status RunLength(KernelContext& context) {
  SX_ASSIGN_OR_RETURN(const Sequence* const from, ReadSequence(context, 0));
  context.output(0).data<int64_t>()[0] = static_cast<int64_t>(from->size());
  return absl::OkStatus();
}

// ---- SplitToSequence, ConcatFromSequence ----

struct SplitAttrs : Attrs {
  int64_t axis = 0;
  bool keepdims = true;
};

StatusOr<std::shared_ptr<Attrs>> ParseSplit(ParseContext& context) {
  auto attrs = std::make_shared<SplitAttrs>();
  attrs->axis = context.Int("axis", 0);
  attrs->keepdims = context.Flag("keepdims", true);
  return std::shared_ptr<Attrs>(std::move(attrs));
}

Status InferSplit(InferContext& context) {
  context.set_output(0, Type::Sequence(Type::Tensor(context.element(0))));
  return absl::OkStatus();
}

// An empty tensor may have a dimension that no memory stands behind.
constexpr int64_t kMaxParts = 1 << 20;

/// Sizes of the parts along an axis of `size`.
StatusOr<Ints> SplitSizes(const Tensor& split, int64_t size) {
  const bool every_slice = !split.defined() || split.rank() == 0;
  if (every_slice && size > kMaxParts) {
    return LimitExceeded("an axis of ", size, " is split into more than ", kMaxParts, " parts");
  }
  if (!split.defined()) return Ints(size, 1);
  SX_ASSIGN_OR_RETURN(Ints sizes, ToInts(split));
  if (split.rank() == 0) {
    const int64_t part = sizes.empty() ? 0 : sizes[0];
    if (part <= 0) return InvalidArgument("split is ", part, ", expected a positive size");
    sizes.assign(size / part, part);
    if (size % part != 0) sizes.push_back(size % part);
    return sizes;
  }
  int64_t rest = size;
  for (int64_t part : sizes) {
    if (part < 0 || part > rest) return InvalidArgument("split does not sum up to ", size);
    rest -= part;
  }
  if (rest != 0) return InvalidArgument("split does not sum up to ", size);
  return sizes;
}

Status RunSplit(KernelContext& context) {
  const auto& attrs = context.attrs<SplitAttrs>();
  const Tensor& input = context.input(0);
  SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(attrs.axis, input.rank()));
  SX_ASSIGN_OR_RETURN(const Ints sizes, SplitSizes(context.input(1), input.dim(axis)));
  Sequence result;
  int64_t begin = 0;
  for (int64_t size : sizes) {
    SX_ASSIGN_OR_RETURN(Tensor part,
                        TakeRange(input, axis, begin, size, context.environment().budget));
    // keepdims counts only where every part is a single slice by default.
    if (!attrs.keepdims && !context.has_input(1)) {
      part = part.Reshaped(WithoutAxis(part.shape(), axis));
    }
    result.emplace_back(std::move(part));
    begin += size;
  }
  context.set_output(0, std::move(result));
  return absl::OkStatus();
}

struct ConcatAttrs : Attrs {
  int64_t axis = 0;
  bool new_axis = false;
};

StatusOr<std::shared_ptr<Attrs>> ParseConcat(ParseContext& context) {
  auto attrs = std::make_shared<ConcatAttrs>();
  context.Require("axis");
  attrs->axis = context.Int("axis", 0);
  attrs->new_axis = context.Flag("new_axis", false);
  return std::shared_ptr<Attrs>(std::move(attrs));
}

Status InferConcat(InferContext& context) {
  context.set_output(0, Type::Tensor(ElementOf(context.input(0)).element));
  return absl::OkStatus();
}

Status RunConcat(KernelContext& context) {
  const auto& attrs = context.attrs<ConcatAttrs>();
  SX_ASSIGN_OR_RETURN(const Sequence* const parts, ReadSequence(context, 0));
  if (parts->empty()) return InvalidArgument("an empty sequence cannot be concatenated");
  for (const Value& part : *parts) {
    if (!part.is_tensor() || part.tensor().type() != parts->front().tensor().type()) {
      return InvalidArgument("the sequence's elements differ in type");
    }
  }
  const Tensor& first = parts->front().tensor();
  const int rank = first.rank() + (attrs.new_axis ? 1 : 0);
  SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(attrs.axis, rank));
  const auto shape_of = [&](const Value& part) {
    const Shape& shape = part.tensor().shape();
    return attrs.new_axis ? WithAxis(shape, axis, 1) : shape;
  };
  Shape result = shape_of(parts->front());
  result[axis] = 0;
  for (const Value& part : *parts) {
    Shape shape = shape_of(part);
    if (shape.rank() != rank) return InvalidArgument("the sequence's elements differ in rank");
    const auto sum = CheckedAdd(result[axis], shape[axis]);
    if (!sum) return LimitExceeded("the result is too large");
    shape[axis] = result[axis];
    if (shape != result) {
      return InvalidArgument("elements of shapes ", first.shape().ToString(), " and ",
                             part.tensor().shape().ToString(),
                             " cannot be concatenated along axis ", axis);
    }
    result[axis] = *sum;
  }
  SX_ASSIGN_OR_RETURN(Tensor* const output, context.Allocate(0, first.type(), result));
  int64_t begin = 0;
  for (const Value& part : *parts) {
    const Shape shape = shape_of(part);
    PutRange(part.tensor().Reshaped(shape), axis, begin, *output);
    begin += shape[axis];
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<OpDef> SequenceOps() {
  return {
      {.name = "SequenceConstruct",
       .versions = {11},
       .min_inputs = 1,
       .max_inputs = kVariadic,
       .infer = InferConstruct,
       .kernels = {SimpleKernel<RunConstruct>("sequenceconstruct.reference")}},
      {.name = "SequenceEmpty",
       .versions = {11},
       .parse = ParseEmpty,
       .infer = InferEmpty,
       .kernels = {SimpleKernel<RunEmpty>("sequenceempty.reference")}},
      {.name = "SequenceInsert",
       .versions = {11},
       .min_inputs = 2,
       .max_inputs = 3,
       .infer = InferInsert,
       .kernels = {SimpleKernel<RunInsert>("sequenceinsert.reference")}},
      {.name = "SequenceErase",
       .versions = {11},
       .min_inputs = 1,
       .max_inputs = 2,
       .infer = InferSameAsInput,
       .kernels = {SimpleKernel<RunErase>("sequenceerase.reference")}},
      {.name = "SequenceAt",
       .versions = {11},
       .min_inputs = 2,
       .max_inputs = 2,
       .infer = InferAt,
       .kernels = {SimpleKernel<RunAt>("sequenceat.reference")}},
      {.name = "SequenceLength",
       .versions = {11},
       .min_inputs = 1,
       .max_inputs = 1,
       .infer = InferLength,
       .kernels = {SimpleKernel<RunLength>("sequencelength.reference")}},
      {.name = "SplitToSequence",
       .versions = {11, 24},
       .min_inputs = 1,
       .max_inputs = 2,
       .parse = ParseSplit,
       .infer = InferSplit,
       .kernels = {SimpleKernel<RunSplit>("splittosequence.reference")}},
      {.name = "ConcatFromSequence",
       .versions = {11},
       .min_inputs = 1,
       .max_inputs = 1,
       .parse = ParseConcat,
       .infer = InferConcat,
       .kernels = {SimpleKernel<RunConcat>("concatfromsequence.reference")}},
  };
}

}  // namespace sardonyx
