// LinearAttention: attention as a recurrence over a state of one matrix for each key head.
#include <algorithm>
#include <cmath>

#include "ops/attention/ops.h"
#include "ops/common/accumulate.h"
#include "ops/common/infer.h"

namespace sardonyx {
namespace {

using LinearTypes = TypeList<float, Half, BFloat16>;
enum LinearInput { kQuery, kKey, kValue, kPastState, kDecay, kBeta };

struct LinearAttrs : Attrs {
  int64_t q_heads = 0, kv_heads = 0;  // positive; the first a multiple of the second
  double scale = 0;                   // 0: 1 / sqrt(key size)
  bool gated = false, delta = false;
};

StatusOr<std::shared_ptr<Attrs>> ParseLinear(ParseContext& context) {
  auto attrs = std::make_shared<LinearAttrs>();
  context.Require("q_num_heads");
  context.Require("kv_num_heads");
  context.Ignore("chunk_size");  // a hint for other ways of computing the same
  attrs->q_heads = context.Int("q_num_heads", 1);
  attrs->kv_heads = context.Int("kv_num_heads", 1);
  if (attrs->q_heads <= 0 || attrs->kv_heads <= 0 || attrs->q_heads % attrs->kv_heads != 0) {
    return InvalidArgument("q_num_heads is ", attrs->q_heads,
                           ", but must be a positive multiple of kv_num_heads, ", attrs->kv_heads);
  }
  attrs->scale = context.Float("scale", 0);
  const std::string rule = context.String("update_rule", "gated_delta");
  if (rule != "linear" && rule != "gated" && rule != "delta" && rule != "gated_delta") {
    return InvalidArgument("update_rule is '", rule,
                           "', but must be linear, gated, delta or gated_delta");
  }
  attrs->gated = rule == "gated" || rule == "gated_delta";
  attrs->delta = rule == "delta" || rule == "gated_delta";
  return attrs;
}

/// The last dimension of packed input i divided by its heads. Errors: no multiple of them.
StatusOr<Dim> HeadSize(const InferContext& context, int i, absl::string_view name, int64_t heads) {
  const SymbolicShape* shape = context.shape(i);
  if (shape == nullptr || !shape->back().known()) return Dim();
  if (shape->back().value % heads != 0) {
    return InvalidArgument(name, " has shape ", ToString(*shape), ", whose last dimension ",
                           shape->back().value, " is no multiple of its ", heads, " heads");
  }
  return Dim(shape->back().value / heads);
}

StatusOr<Dim> Product(const Dim& size, int64_t heads) {
  if (!size.known()) return Dim();
  const auto product = CheckedMul(size.value, heads);
  if (!product) return InvalidArgument("the heads are too large");
  return Dim(*product);
}

Status InferLinear(InferContext& context) {
  const auto& attrs = context.attrs<LinearAttrs>();
  SX_ASSIGN_OR_RETURN(const DataType element,
                      CommonElement(context, LinearTypes{}, {kQuery, kKey, kValue, kDecay, kBeta}));
  SX_ASSIGN_OR_RETURN(const DataType state_type,
                      CommonElement(context, LinearTypes{}, {kPastState}));
  if (context.has_input(kDecay) != attrs.gated || context.has_input(kBeta) != attrs.delta) {
    return InvalidArgument("decay must be given with the gated rules and beta with the delta ",
                           "rules, and with no others");
  }
  Dim batch, steps;
  static constexpr absl::string_view kNames[] = {"query", "key", "value", "", "decay", "beta"};
  for (const int i : {kQuery, kKey, kValue, kDecay, kBeta}) {
    SX_RETURN_IF_ERROR(CheckRank(context, i, 3, kNames[i]));
    if (const SymbolicShape* shape = context.shape(i)) {
      SX_ASSIGN_OR_RETURN(batch, MergeDims(batch, (*shape)[0], "the batch"));
      SX_ASSIGN_OR_RETURN(steps, MergeDims(steps, (*shape)[1], "the number of steps"));
    }
  }
  SX_ASSIGN_OR_RETURN(Dim key, HeadSize(context, kQuery, "query", attrs.q_heads));
  SX_ASSIGN_OR_RETURN(const Dim own_key, HeadSize(context, kKey, "key", attrs.kv_heads));
  SX_ASSIGN_OR_RETURN(key, MergeDims(key, own_key, "the head size"));
  SX_ASSIGN_OR_RETURN(Dim value, HeadSize(context, kValue, "value", attrs.kv_heads));
  SX_RETURN_IF_ERROR(CheckRank(context, kPastState, 4, "past_state"));
  if (const SymbolicShape* state = context.shape(kPastState)) {
    SX_ASSIGN_OR_RETURN(batch, MergeDims(batch, (*state)[0], "the batch"));
    SX_RETURN_IF_ERROR(MergeDims(Dim(attrs.kv_heads), (*state)[1], "the number of heads").status());
    SX_ASSIGN_OR_RETURN(key, MergeDims(key, (*state)[2], "the key size"));
    SX_ASSIGN_OR_RETURN(value, MergeDims(value, (*state)[3], "the value size"));
  }
  SX_ASSIGN_OR_RETURN(const Dim keys, Product(key, attrs.kv_heads));
  if (const SymbolicShape* decay = context.shape(kDecay);
      decay != nullptr && (*decay)[2].known() && keys.known() &&
      (*decay)[2].value != attrs.kv_heads && (*decay)[2].value != keys.value) {
    return InvalidArgument("decay has shape ", ToString(*decay), ", whose last dimension must be ",
                           attrs.kv_heads, " or ", keys.value);
  }
  if (const SymbolicShape* beta = context.shape(kBeta); beta != nullptr && (*beta)[2].known() &&
                                                        (*beta)[2].value != 1 &&
                                                        (*beta)[2].value != attrs.kv_heads) {
    return InvalidArgument("beta has shape ", ToString(*beta), ", whose last dimension must be ",
                           attrs.kv_heads, " or 1");
  }
  SX_ASSIGN_OR_RETURN(const Dim values, Product(value, attrs.q_heads));
  context.set_output(0, element, SymbolicShape{batch, steps, values});
  context.set_output(1, context.has_input(kPastState) ? state_type : element,
                     SymbolicShape{batch, Dim(attrs.kv_heads), key, value});
  return absl::OkStatus();
}

/// The recurrence of one key head of one sequence; `state` is [key size, value size].
template <typename T>
void RunHead(const KernelContext& context, int64_t batch, int64_t head, double* state,
             double* update, T* output) {
  const auto& attrs = context.attrs<LinearAttrs>();
  const Tensor &query = context.input(kQuery), &value = context.input(kValue);
  const int64_t steps = query.dim(1), keys = query.dim(2) / attrs.q_heads,
                values = value.dim(2) / attrs.kv_heads, group = attrs.q_heads / attrs.kv_heads;
  const double scale = attrs.scale == 0 ? 1 / std::sqrt(static_cast<double>(keys)) : attrs.scale;
  for (int64_t t = 0; t < steps; ++t) {
    const int64_t at = batch * steps + t;
    const T* k = context.input(kKey).data<T>() + (at * attrs.kv_heads + head) * keys;
    const T* v = value.data<T>() + (at * attrs.kv_heads + head) * values;
    if (attrs.gated) {
      const int64_t width = context.input(kDecay).dim(2);
      const bool shared = width == attrs.kv_heads;  // one decay for all keys of the head
      const T* decay = context.input(kDecay).data<T>() + at * width + (shared ? head : head * keys);
      for (int64_t i = 0; i < keys; ++i) {
        const double factor = std::exp(Widen(decay[shared ? 0 : i]));
        for (int64_t j = 0; j < values; ++j) state[i * values + j] *= factor;
      }
    }
    for (int64_t j = 0; j < values; ++j) update[j] = Widen(v[j]);
    if (attrs.delta) {
      const int64_t width = context.input(kBeta).dim(2);
      const double beta =
          Widen(context.input(kBeta).data<T>()[at * width + (width == 1 ? 0 : head)]);
      for (int64_t j = 0; j < values; ++j) {
        double recalled = 0;
        for (int64_t i = 0; i < keys; ++i) recalled += state[i * values + j] * Widen(k[i]);
        update[j] = beta * (update[j] - recalled);
      }
    }
    for (int64_t i = 0; i < keys; ++i) {
      for (int64_t j = 0; j < values; ++j) state[i * values + j] += Widen(k[i]) * update[j];
    }
    for (int64_t g = 0; output != nullptr && g < group; ++g) {
      const int64_t q_head = head * group + g;
      const T* q = query.data<T>() + (at * attrs.q_heads + q_head) * keys;
      for (int64_t j = 0; j < values; ++j) {
        double sum = 0;
        for (int64_t i = 0; i < keys; ++i) sum += Widen(q[i]) * state[i * values + j];
        output[(at * attrs.q_heads + q_head) * values + j] = Narrow<T>(scale * sum);
      }
    }
  }
}

Status RunLinear(KernelContext& context) {
  const auto& attrs = context.attrs<LinearAttrs>();
  const Tensor &query = context.input(kQuery), &past = context.input(kPastState);
  const int64_t batch = query.dim(0), keys = query.dim(2) / attrs.q_heads,
                values = context.input(kValue).dim(2) / attrs.kv_heads;
  SX_ASSIGN_OR_RETURN(Tensor states,
                      context.Temporary(DataType::kDouble, {batch, attrs.kv_heads, keys, values}));
  SX_ASSIGN_OR_RETURN(Tensor updates,
                      context.Temporary(DataType::kDouble, {batch, attrs.kv_heads, values}));
  if (states.size() == 0) {  // no keys, no values or no sequences: what is left is zero
    for (int i = 0; i < context.output_count(); ++i) {
      if (!context.has_output(i)) continue;
      Tensor& output = context.output(i);
      std::fill_n(static_cast<char*>(output.raw()), output.bytes(), 0);
    }
    return absl::OkStatus();
  }
  double* state = states.data<double>();
  if (past.defined()) {
    SX_RETURN_IF_ERROR(Dispatch(past.type(), LinearTypes{}, [&]<typename T>() {
      for (int64_t i = 0; i < states.size(); ++i) state[i] = Widen(past.data<T>()[i]);
      return absl::OkStatus();
    }));
  } else {
    std::fill_n(state, states.size(), 0.0);
  }
  const double cost = 8.0 * query.dim(1) * keys * values;
  SX_RETURN_IF_ERROR(Dispatch(query.type(), LinearTypes{}, [&]<typename T>() {
    T* output = context.has_output(0) ? context.output(0).data<T>() : nullptr;
    return context.ParallelFor(batch * attrs.kv_heads, cost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        RunHead<T>(context, i / attrs.kv_heads, i % attrs.kv_heads, state + i * keys * values,
                   updates.data<double>() + i * values, output);
      }
    });
  }));
  if (!context.has_output(1)) return absl::OkStatus();
  return Dispatch(context.output(1).type(), LinearTypes{}, [&]<typename T>() {
    for (int64_t i = 0; i < states.size(); ++i) {
      context.output(1).data<T>()[i] = Narrow<T>(state[i]);
    }
    return absl::OkStatus();
  });
}

}  // namespace

OpDef LinearAttentionOp() {
  return {.name = "LinearAttention",
          .versions = {27},
          .min_inputs = 3,
          .max_inputs = 6,
          .max_outputs = 2,
          .parse = ParseLinear,
          .infer = InferLinear,
          .kernels = {SimpleKernel<RunLinear>("linear_attention.reference")}};
}

}  // namespace sardonyx
