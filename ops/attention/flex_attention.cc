// FlexAttention of ai.onnx.preview: attention whose scores and probabilities subgraphs may change.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/attention/attention.h"
#include "ops/attention/ops.h"
#include "ops/common/accumulate.h"
#include "ops/common/infer.h"

namespace sardonyx {
namespace {

struct FlexAttrs : Attrs {
  std::optional<double> scale;
  DataType precision = DataType::kUndefined;  // as Q's, float at least, where not given
  std::shared_ptr<Graph> score_mod, prob_mod;
};

StatusOr<std::shared_ptr<Attrs>> ParseFlex(ParseContext& context) {
  auto attrs = std::make_shared<FlexAttrs>();
  if (const double scale = context.Float("scale", 0); context.Has("scale")) attrs->scale = scale;
  SX_ASSIGN_OR_RETURN(attrs->precision, ParseSoftmaxPrecision(context, DataType::kUndefined));
  attrs->score_mod = context.GraphValue("score_mod");
  attrs->prob_mod = context.GraphValue("prob_mod");
  for (const auto& body : {attrs->score_mod, attrs->prob_mod}) {
    if (body != nullptr && (body->inputs.size() != 1 || body->outputs.size() != 1)) {
      return InvalidArgument("subgraph '", body->name, "' has ", body->inputs.size(),
                             " inputs and ", body->outputs.size(),
                             " outputs, but must have one of each");
    }
  }
  return attrs;
}

DataType Precision(const FlexAttrs& attrs, DataType type) {
  if (attrs.precision != DataType::kUndefined) return attrs.precision;
  return type == DataType::kDouble ? DataType::kDouble : DataType::kFloat;
}

Status InferFlex(InferContext& context) {
  const auto& attrs = context.attrs<FlexAttrs>();
  SX_ASSIGN_OR_RETURN(const DataType element, CommonElement(context, Floats{}, {0, 1, 2}));
  Dim sizes[3][4];
  static constexpr absl::string_view kNames[] = {"Q", "K", "V"};
  for (int i = 0; i < 3; ++i) {
    SX_RETURN_IF_ERROR(CheckRank(context, i, 4, kNames[i]));
    if (const SymbolicShape* shape = context.shape(i)) {
      std::copy(shape->begin(), shape->end(), sizes[i]);
    }
  }
  auto& [q, k, v] = sizes;
  SX_ASSIGN_OR_RETURN(q[0], MergeDims(q[0], k[0], "the batch"));
  SX_ASSIGN_OR_RETURN(q[0], MergeDims(q[0], v[0], "the batch"));
  SX_ASSIGN_OR_RETURN(k[1], MergeDims(k[1], v[1], "the number of K's and V's heads"));
  SX_ASSIGN_OR_RETURN(k[2], MergeDims(k[2], v[2], "the length of K and V"));
  SX_RETURN_IF_ERROR(MergeDims(q[3], k[3], "the head size of Q and K").status());
  if (q[1].known() && k[1].known() &&
      (k[1].value == 0 ? q[1].value != 0 : q[1].value % k[1].value != 0)) {
    return InvalidArgument("Q has ", q[1].value, " heads, which is no multiple of K's ",
                           k[1].value);
  }
  const Type scores =
      Type::Tensor(Precision(attrs, element), SymbolicShape{q[0], q[1], q[2], k[2]});
  for (const auto& body : {attrs.score_mod, attrs.prob_mod}) {
    if (body != nullptr) SX_RETURN_IF_ERROR(context.InferBody(*body, {scores}).status());
  }
  context.set_output(0, element, SymbolicShape{q[0], q[1], q[2], v[3]});
  return absl::OkStatus();
}

/// Runs `body`, if there is one, on the scores, whose shape and type it must keep.
Status Modify(KernelContext& context, const std::shared_ptr<Graph>& body, Tensor& scores) {
  if (body == nullptr) return absl::OkStatus();
  const Value input = scores;
  std::vector<Value> outputs;
  SX_RETURN_IF_ERROR(context.bodies().Run(*body, absl::MakeConstSpan(&input, 1), &outputs));
  if (outputs.size() != 1 || !outputs[0].is_tensor() ||
      outputs[0].tensor().type() != scores.type() ||
      outputs[0].tensor().shape() != scores.shape()) {
    return InvalidArgument("subgraph '", body->name, "' gave ",
                           outputs.size() == 1 ? outputs[0].ToString() : "no value", ", but ",
                           scores.ToString(), " was expected");
  }
  // The body's memory is used again by its next run, and its result may be its input.
  SX_ASSIGN_OR_RETURN(scores, outputs[0].tensor().Clone(context.environment().budget));
  return absl::OkStatus();
}

/// Sizes, and the head of K and V that a head of Q reads.
struct FlexShape {
  int64_t batch, heads, rows, size, kv_heads, columns, v_size;

  FlexShape(const Tensor& q, const Tensor& k, const Tensor& v)
      : batch(q.dim(0)),
        heads(q.dim(1)),
        rows(q.dim(2)),
        size(q.dim(3)),
        kv_heads(k.dim(1)),
        columns(k.dim(2)),
        v_size(v.dim(3)) {}
  /// Index of K's and V's matrix for row `i` of all rows of all heads.
  int64_t KeyMatrix(int64_t i) const {
    const int64_t head = i / rows % heads;
    return i / rows / heads * kv_heads + head / (heads / kv_heads);
  }
};

template <typename T, typename P>
Status ScoreRows(KernelContext& context, const FlexShape& shape, double scale, Tensor& scores) {
  const T *q = context.input(0).data<T>(), *k = context.input(1).data<T>();
  P* out = scores.data<P>();
  return context.ParallelFor(
      shape.batch * shape.heads * shape.rows, 2.0 * shape.columns * shape.size,
      [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const T* keys = k + shape.KeyMatrix(i) * shape.columns * shape.size;
          for (int64_t j = 0; j < shape.columns; ++j) {
            double sum = 0;
            for (int64_t e = 0; e < shape.size; ++e) {
              sum += Widen(q[i * shape.size + e]) * Widen(keys[j * shape.size + e]);
            }
            out[i * shape.columns + j] = static_cast<P>(sum * scale);
          }
        }
      });
}

template <typename P>
Status Normalize(KernelContext& context, const FlexShape& shape, Tensor& scores) {
  return context.ParallelFor(
      shape.batch * shape.heads * shape.rows, 20.0 * shape.columns,
      [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          P* row = scores.data<P>() + i * shape.columns;
          double greatest = -std::numeric_limits<double>::infinity(), sum = 0;
          for (int64_t j = 0; j < shape.columns; ++j) greatest = std::max(greatest, Widen(row[j]));
          for (int64_t j = 0; j < shape.columns; ++j) sum += std::exp(Widen(row[j]) - greatest);
          for (int64_t j = 0; j < shape.columns; ++j) {
            row[j] = static_cast<P>(std::exp(Widen(row[j]) - greatest) / sum);
          }
        }
      });
}

template <typename T, typename P>
Status MixRows(KernelContext& context, const FlexShape& shape, const Tensor& scores) {
  const T* v = context.input(2).data<T>();
  T* y = context.output(0).data<T>();
  return context.ParallelFor(shape.batch * shape.heads * shape.rows,
                             2.0 * shape.columns * shape.v_size, [&](int64_t begin, int64_t end) {
                               for (int64_t i = begin; i < end; ++i) {
                                 const T* values =
                                     v + shape.KeyMatrix(i) * shape.columns * shape.v_size;
                                 const P* row = scores.data<P>() + i * shape.columns;
                                 for (int64_t e = 0; e < shape.v_size; ++e) {
                                   double sum = 0;
                                   for (int64_t j = 0; j < shape.columns; ++j) {
                                     sum += Widen(row[j]) * Widen(values[j * shape.v_size + e]);
                                   }
                                   y[i * shape.v_size + e] = Narrow<T>(sum);
                                 }
                               }
                             });
}

Status RunFlex(KernelContext& context) {
  const auto& attrs = context.attrs<FlexAttrs>();
  const FlexShape shape(context.input(0), context.input(1), context.input(2));
  if (context.output(0).size() == 0) return absl::OkStatus();
  const DataType type = context.input(0).type(), precision = Precision(attrs, type);
  const double scale = attrs.scale.value_or(1 / std::sqrt(static_cast<double>(shape.size)));
  SX_ASSIGN_OR_RETURN(Tensor scores, context.Temporary(precision, {shape.batch, shape.heads,
                                                                   shape.rows, shape.columns}));
  SX_RETURN_IF_ERROR(Dispatch(type, Floats{}, [&]<typename T>() {
    return Dispatch(precision, Floats{},
                    [&]<typename P>() { return ScoreRows<T, P>(context, shape, scale, scores); });
  }));
  SX_RETURN_IF_ERROR(Modify(context, attrs.score_mod, scores));
  SX_RETURN_IF_ERROR(Dispatch(precision, Floats{},
                              [&]<typename P>() { return Normalize<P>(context, shape, scores); }));
  SX_RETURN_IF_ERROR(Modify(context, attrs.prob_mod, scores));
  return Dispatch(type, Floats{}, [&]<typename T>() {
    return Dispatch(precision, Floats{},
                    [&]<typename P>() { return MixRows<T, P>(context, shape, scores); });
  });
}

}  // namespace

OpDef FlexAttentionOp() {
  return {.domain = "ai.onnx.preview",
          .name = "FlexAttention",
          .versions = {1},
          .min_inputs = 3,
          .max_inputs = 3,
          .parse = ParseFlex,
          .infer = InferFlex,
          .kernels = {SimpleKernel<RunFlex>("flex_attention.reference")}};
}

}  // namespace sardonyx
