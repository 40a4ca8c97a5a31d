#include "ops/attention/composed.h"

#include <algorithm>

#include "ops/attention/attention_reference.h"
#include "ops/common/accumulate.h"
#include "ops/common/infer.h"

namespace sardonyx {

Status RunAttention(KernelContext& context, const AttentionCall& call) {
  Node node;
  node.attrs = std::make_shared<AttentionAttrs>(call.attrs);
  std::vector<Value> inputs, outputs;
  for (const Tensor* tensor : {&call.query, &call.key, &call.value, &call.mask, &call.past_key,
                               &call.past_value, &call.nonpad_length, &call.sink}) {
    inputs.push_back(tensor->defined() ? Value(*tensor) : Value());
  }
  for (const Tensor* tensor : {call.y, call.present_key, call.present_value, call.scores}) {
    outputs.push_back(tensor != nullptr ? Value(*tensor) : Value());
  }
  std::vector<const Value*> given;
  for (const Value& value : inputs) given.push_back(value.is_none() ? nullptr : &value);
  std::vector<Value*> wanted;
  for (Value& value : outputs) wanted.push_back(value.is_none() ? nullptr : &value);
  KernelContext inner(node, context.environment(), nullptr, given, wanted);
  return RunAttentionReference(inner);
}

Status ReadContribAttention(ParseContext& context, AttentionAttrs* attrs, float* filter) {
  context.Require("num_heads");
  attrs->q_heads = attrs->kv_heads = context.Int("num_heads", 1);
  if (attrs->q_heads < 1) {
    return InvalidArgument("num_heads is ", attrs->q_heads, ", but must be positive");
  }
  attrs->causal = context.Flag("unidirectional", false);
  // 0 stands for the default, as where the attribute is left out.
  if (const double scale = context.Float("scale", 0); scale != 0) attrs->scale = scale;
  *filter = context.Float("mask_filter_value", -10000.0f);
  return absl::OkStatus();
}

StatusOr<Dim> AddLengths(const Dim& a, const Dim& b) {
  if (!a.known() || !b.known()) return Dim();
  if (const auto sum = CheckedAdd(a.value, b.value)) return Dim(*sum);
  return InvalidArgument(a.value, " and ", b.value, " are too large to add");
}

StatusOr<Dim> MultiplyDims(const Dim& a, const Dim& b) {
  if (!a.known() || !b.known()) return Dim();
  if (const auto product = CheckedMul(a.value, b.value)) return Dim(*product);
  return InvalidArgument(a.value, " and ", b.value, " are too large to multiply");
}

Status CopyHeads(const KernelContext& context, int64_t batch, const Tensor& from,
                 const HeadsView& from_view, const Tensor& bias, int64_t bias_offset, Tensor& to,
                 const HeadsView& to_view) {
  const int64_t heads = from_view.heads, length = from_view.length, size = from_view.size;
  return Dispatch(from.type(), Floats{}, [&]<typename T>() {
    return context.ParallelFor(batch * heads * length, 1.0 * size, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t row = i % length, head = i / length % heads, b = i / length / heads;
        const T* x = from.data<T>() + from_view.At(b, head, row);
        T* y = to.data<T>() + to_view.At(b, head, row);
        if (!bias.defined()) {
          std::copy_n(x, size, y);
          continue;
        }
        const T* added = bias.data<T>() + bias_offset + head * size;
        for (int64_t e = 0; e < size; ++e) y[e] = Narrow<T>(Widen(x[e]) + Widen(added[e]));
      }
    });
  });
}

StatusOr<Tensor> TakeHeads(const KernelContext& context, int64_t batch, const Tensor& from,
                           const HeadsView& view, const Tensor& bias, int64_t bias_offset) {
  const Shape shape = {batch, view.length, view.heads * view.size};
  SX_ASSIGN_OR_RETURN(Tensor taken, context.Temporary(from.type(), shape));
  SX_RETURN_IF_ERROR(CopyHeads(context, batch, from, view, bias, bias_offset, taken,
                               HeadsView(shape, view.heads)));
  return taken;
}

Tensor HalfOf(const Tensor& tensor, int index) {
  const Shape shape(tensor.shape().dims().subspan(1));
  auto* data = static_cast<std::byte*>(const_cast<void*>(tensor.raw()));
  const int64_t bytes = tensor.bytes() / 2;
  return Tensor::Borrow(tensor.type(), shape, bytes == 0 ? data : data + index * bytes, nullptr);
}

namespace {

/// Which of the forms that PaddingMask names a mask of this shape has.
enum class MaskForm { kLengths, kEndsAndStarts, kKeys, kRows, kPositions };

StatusOr<MaskForm> FormOf(const SymbolicShape& shape, const Dim& batch, const Dim& rows,
                          const Dim& total) {
  const auto is = [](const Dim& have, const Dim& want) {
    return !have.known() || !want.known() || have.value == want.value;
  };
  if (shape.size() == 1) {
    if (is(shape[0], batch)) return MaskForm::kLengths;
    if (shape[0].value % 2 == 0 && shape[0].value / 2 == batch.value) {
      return MaskForm::kEndsAndStarts;
    }
  } else if (shape.size() >= 2 && shape.size() <= 4 && is(shape[0], batch)) {
    if (shape.size() == 2 && is(shape[1], total)) return MaskForm::kKeys;
    if (shape.size() == 3 && is(shape[1], rows) && is(shape[2], total)) return MaskForm::kRows;
    const auto holds = [](const Dim& have, const Dim& want) {
      return !have.known() || !want.known() || have.value >= want.value;
    };
    if (shape.size() == 4 && is(shape[1], Dim(1)) && is(shape[2], shape[3]) &&
        holds(shape[3], total)) {
      return MaskForm::kPositions;
    }
  }
  return InvalidArgument("the mask has shape ", ToString(shape), "; with a batch of ",
                         batch.ToString(), ", ", rows.ToString(), " queries and ", total.ToString(),
                         " keys it must be [batch], [2 * batch], [batch, keys], ",
                         "[batch, queries, keys] or [batch, 1, positions, positions]");
}

/// Is the key seen by the query of that row?
bool Seen(MaskForm form, const Tensor& keys, int64_t batch, int64_t batches, int64_t row,
          int64_t past, int64_t key) {
  const int32_t* data = keys.data<int32_t>();
  switch (form) {
    case MaskForm::kLengths:
      return key < data[batch];
    case MaskForm::kEndsAndStarts:
      return key < data[batch] && key >= data[batches + batch];
    case MaskForm::kKeys:
      return data[batch * keys.dim(1) + key] != 0;
    case MaskForm::kRows:
      return data[(batch * keys.dim(1) + row) * keys.dim(2) + key] != 0;
    case MaskForm::kPositions:
      return data[(batch * keys.dim(2) + past + row) * keys.dim(3) + key] != 0;
  }
  return true;
}

}  // namespace

StatusOr<Tensor> MakeMask(const KernelContext& context, const PaddingMask& mask, DataType type,
                          int64_t batch, int64_t rows, int64_t past, int64_t total) {
  if (!mask.keys.defined()) return mask.bias;
  SX_ASSIGN_OR_RETURN(const MaskForm form,
                      FormOf(ToSymbolic(mask.keys.shape()), Dim(batch), Dim(rows), Dim(total)));
  const bool has_bias = mask.bias.defined();
  const int64_t heads = has_bias ? mask.bias.dim(1) : 1;
  SX_ASSIGN_OR_RETURN(Tensor result, context.Temporary(type, {batch, heads, rows, total}));
  SX_RETURN_IF_ERROR(Dispatch(type, Floats{}, [&]<typename T>() {
    const double cost = 2.0 * static_cast<double>(total);
    return context.ParallelFor(batch * heads * rows, cost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t row = i % rows, head = i / rows % heads, b = i / rows / heads;
        const T* added = nullptr;
        if (has_bias) {
          const int64_t from = mask.bias.dim(0) == 1 ? 0 : b;
          added = mask.bias.data<T>() + ((from * heads + head) * rows + row) * total;
        }
        T* y = result.data<T>() + i * total;
        for (int64_t key = 0; key < total; ++key) {
          const bool seen = Seen(form, mask.keys, b, batch, row, past, key);
          const double bias = added == nullptr ? 0.0 : Widen(added[key]);
          y[key] = Narrow<T>(bias + (seen ? 0.0 : static_cast<double>(mask.filter)));
        }
      }
    });
  }));
  return result;
}

Status CheckKeyMask(const InferContext& context, int i, const Dim& batch, const Dim& rows,
                    const Dim& total) {
  SX_RETURN_IF_ERROR(CommonElement(context, TypeList<int32_t>{}, {i}).status());
  const SymbolicShape* shape = context.shape(i);
  return shape == nullptr ? absl::OkStatus() : FormOf(*shape, batch, rows, total).status();
}

Status CheckScoreBias(const InferContext& context, int i, const Dim& batch, const Dim& heads,
                      const Dim& rows, const Dim& total) {
  const SymbolicShape* shape = context.shape(i);
  if (shape == nullptr) return absl::OkStatus();
  const SymbolicShape wanted = {batch, heads, rows, total};
  bool fits = shape->size() == wanted.size();
  for (size_t axis = 0; fits && axis < wanted.size(); ++axis) {
    const Dim &have = (*shape)[axis], &want = wanted[axis];
    fits =
        !have.known() || !want.known() || have.value == want.value || (axis < 2 && have.value == 1);
  }
  if (fits) return absl::OkStatus();
  return InvalidArgument("attention_bias has shape ", ToString(*shape), ", not ", ToString(wanted),
                         ", of which the first two may be 1");
}

}  // namespace sardonyx
