// Einsum. Each operand first loses the axes that nothing else has (and its diagonals are taken);
// then operands are contracted from left to right, two at a time, in the type's accumulator.
#include "ops/reduce/einsum.h"

#include <algorithm>

#include "ops/common/infer.h"
#include "ops/reduce/reduce.h"

namespace sardonyx {
namespace {

using EinsumTypes = decltype(Floats{} + Integers{});

StatusOr<std::shared_ptr<Attrs>> ParseEinsum(ParseContext& context) {
  context.Require("equation");
  return ParseEquation(context.String("equation", ""));
}

/// `size` seen along one more axis of `dim`, which repeats where it is 1.
Status MergeBroadcast(const Dim& dim, int input, Dim& size) {
  if (size.known() && dim.known() && size.value != 1 && dim.value != 1 && size.value != dim.value) {
    return InvalidArgument("an axis of input ", input, " has size ", dim.value,
                           ", but the same label has size ", size.value, " elsewhere");
  }
  const bool repeats = size.known() && size.value == 1;
  if (repeats || (!size.known() && dim.known() && dim.value != 1)) size = dim;
  return absl::OkStatus();
}

Status InferEinsum(InferContext& context) {
  const auto& attrs = context.attrs<EinsumAttrs>();
  if (context.input_count() != static_cast<int>(attrs.inputs.size())) {
    return InvalidArgument("the equation has ", attrs.inputs.size(), " operands, but there are ",
                           context.input_count(), " inputs");
  }
  DataType element = DataType::kUndefined;
  std::vector<int> ranks;
  bool ranks_known = true;
  for (int i = 0; i < context.input_count(); ++i) {
    if (!context.has_input(i)) return InvalidArgument("input ", i, " is required");
    SX_ASSIGN_OR_RETURN(const DataType own, CommonElement(context, EinsumTypes{}, {i}));
    if (own != DataType::kUndefined) {
      if (element != DataType::kUndefined && element != own) {
        return InvalidArgument("input ", i, " has element type ", Name(own), ", but another has ",
                               Name(element));
      }
      element = own;
    }
    ranks_known = ranks_known && context.shape(i) != nullptr;
    ranks.push_back(ranks_known ? static_cast<int>(context.shape(i)->size()) : 0);
  }
  std::optional<SymbolicShape> result;
  if (ranks_known) {
    SX_ASSIGN_OR_RETURN(const EinsumLabels labels, ResolveLabels(attrs, ranks));
    std::vector<Dim> sizes(labels.count, Dim(1));
    for (size_t i = 0; i < ranks.size(); ++i) {
      for (size_t axis = 0; axis < labels.inputs[i].size(); ++axis) {
        SX_RETURN_IF_ERROR(MergeBroadcast((*context.shape(i))[axis], static_cast<int>(i),
                                          sizes[labels.inputs[i][axis]]));
      }
    }
    result.emplace();
    for (const int label : labels.output) result->push_back(sizes[label]);
  }
  context.set_output(0, element, std::move(result));
  return absl::OkStatus();
}

/// Elements of an operand or of an intermediate result, by label: the step along each label, 0
/// where it has none or repeats.
template <typename E>
struct View {
  const E* data = nullptr;
  std::vector<int64_t> steps;
};

/// A loop over the index of some labels that moves offsets into two views.
struct Loop {
  int64_t size, a_step, b_step;
};

/// out[labels `kept`, row-major] = sum over labels `summed` of a times b (b.data null: of a).
template <typename E, typename C>
Status Contract(const KernelContext& context, const View<E>& a, const View<C>& b,
                const std::vector<int64_t>& sizes, const std::vector<int>& kept,
                const std::vector<int>& summed, C* out) {
  const auto loop_of = [&](int label) {
    return Loop{sizes[label], a.steps[label], b.data == nullptr ? 0 : b.steps[label]};
  };
  std::vector<Loop> outer, inner;
  Shape kept_sizes, summed_sizes;
  for (const int label : kept) {
    outer.push_back(loop_of(label));
    kept_sizes.push_back(sizes[label]);
  }
  for (const int label : summed) {
    inner.push_back(loop_of(label));
    summed_sizes.push_back(sizes[label]);
  }
  const int64_t results = kept_sizes.Elements(), terms = summed_sizes.Elements();
  if (inner.empty()) inner.push_back({1, 0, 0});
  const Loop last = inner.back();
  const int64_t rounds = last.size == 0 ? 0 : terms / last.size;
  return context.ParallelFor(results, 2.0 * terms + 5, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int64_t a_at = 0, b_at = 0;
      for (int64_t l = static_cast<int64_t>(outer.size()) - 1, rest = i; l >= 0; --l) {
        a_at += rest % outer[l].size * outer[l].a_step;
        b_at += rest % outer[l].size * outer[l].b_step;
        rest /= outer[l].size;
      }
      C sum = 0;
      for (int64_t round = 0; round < rounds; ++round) {
        int64_t a_now = a_at, b_now = b_at;
        for (int64_t l = static_cast<int64_t>(inner.size()) - 2, rest = round; l >= 0; --l) {
          a_now += rest % inner[l].size * inner[l].a_step;
          b_now += rest % inner[l].size * inner[l].b_step;
          rest /= inner[l].size;
        }
        if (b.data == nullptr) {
          for (int64_t j = 0; j < last.size; ++j) sum += Widen(a.data[a_now + j * last.a_step]);
        } else {
          for (int64_t j = 0; j < last.size; ++j) {
            sum += Widen(a.data[a_now + j * last.a_step]) * b.data[b_now + j * last.b_step];
          }
        }
      }
      out[i] = sum;
    }
  });
}

template <typename T>
class Evaluation {
 public:
  using C = Accumulator<T>;

  Evaluation(KernelContext& context, EinsumLabels labels)
      : context_(context), labels_(std::move(labels)), sizes_(labels_.count, 1) {
    for (size_t i = 0; i < labels_.inputs.size(); ++i) {
      for (size_t axis = 0; axis < labels_.inputs[i].size(); ++axis) {
        const int64_t dim = context.input(static_cast<int>(i)).dim(static_cast<int>(axis));
        if (dim != 1) sizes_[labels_.inputs[i][axis]] = dim;
      }
    }
  }

  Status Run() {
    const int count = static_cast<int>(labels_.inputs.size());
    std::vector<int> held;  // labels of `left`
    Tensor left;
    for (int i = 0; i < count; ++i) {
      const bool only = count == 1;
      std::vector<int> own;
      SX_ASSIGN_OR_RETURN(Tensor right, Load(i, only ? &labels_.output : nullptr, &own));
      if (i == 0) {
        left = std::move(right);
        held = std::move(own);
        continue;
      }
      std::vector<int> kept, summed;
      if (i + 1 == count) kept = labels_.output;
      for (const int label : Union(held, own)) {
        if (i + 1 < count && NeededAfter(i, label)) kept.push_back(label);
        if (std::count(kept.begin(), kept.end(), label) == 0) summed.push_back(label);
      }
      SX_ASSIGN_OR_RETURN(Tensor product, Temporary(kept));
      SX_RETURN_IF_ERROR(Contract(context_, ViewOf(left, held), ViewOf(right, own), sizes_, kept,
                                  summed, product.data<C>()));
      left = std::move(product);
      held = std::move(kept);
    }
    T* y = context_.output(0).template data<T>();
    const C* sums = left.data<C>();
    return context_.ParallelFor(left.size(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) y[i] = Narrow<T>(sums[i]);
    });
  }

 private:
  static std::vector<int> Union(const std::vector<int>& a, const std::vector<int>& b) {
    std::vector<int> both = a;
    for (const int label : b) {
      if (std::count(both.begin(), both.end(), label) == 0) both.push_back(label);
    }
    return both;
  }

  bool NeededAfter(int i, int label) const {
    const auto has = [&](const std::vector<int>& term) {
      return std::count(term.begin(), term.end(), label) > 0;
    };
    return has(labels_.output) ||
           std::any_of(labels_.inputs.begin() + i + 1, labels_.inputs.end(), has);
  }

  /// A dense tensor over those labels.
  StatusOr<Tensor> Temporary(const std::vector<int>& labels) const {
    Shape shape;
    for (const int label : labels) shape.push_back(sizes_[label]);
    return context_.Temporary(kTypeOf<C>, std::move(shape));
  }

  View<C> ViewOf(const Tensor& tensor, const std::vector<int>& labels) const {
    View<C> view{tensor.data<C>(), std::vector<int64_t>(labels_.count, 0)};
    const Ints strides = tensor.shape().Strides();
    for (size_t i = 0; i < labels.size(); ++i) view.steps[labels[i]] = strides[i];
    return view;
  }

  /// Input i over the labels that the result or another input has, `order` if given.
  StatusOr<Tensor> Load(int i, const std::vector<int>* order, std::vector<int>* own) const {
    const Tensor& input = context_.input(i);
    const std::vector<int>& term = labels_.inputs[i];
    View<T> view{input.data<T>(), std::vector<int64_t>(labels_.count, 0)};
    const Ints strides = input.shape().Strides();
    std::vector<int> summed;
    for (size_t axis = 0; axis < term.size(); ++axis) {
      const int label = term[axis];
      // A label that is written twice steps along both axes at once.
      if (input.dim(static_cast<int>(axis)) != 1) view.steps[label] += strides[axis];
      bool elsewhere = std::count(labels_.output.begin(), labels_.output.end(), label) > 0;
      for (size_t other = 0; other < labels_.inputs.size(); ++other) {
        const auto& labels = labels_.inputs[other];
        elsewhere = elsewhere || (other != static_cast<size_t>(i) &&
                                  std::count(labels.begin(), labels.end(), label) > 0);
      }
      std::vector<int>& list = elsewhere ? *own : summed;
      if (std::count(list.begin(), list.end(), label) == 0) list.push_back(label);
    }
    if (order != nullptr) *own = *order;
    SX_ASSIGN_OR_RETURN(Tensor dense, Temporary(*own));
    SX_RETURN_IF_ERROR(Contract(context_, view, View<C>{}, sizes_, *own, summed, dense.data<C>()));
    return dense;
  }

  KernelContext& context_;
  const EinsumLabels labels_;
  std::vector<int64_t> sizes_;  // by label
};

Status RunEinsum(KernelContext& context) {
  const auto& attrs = context.attrs<EinsumAttrs>();
  if (context.output(0).size() == 0) return absl::OkStatus();
  std::vector<int> ranks;
  for (int i = 0; i < context.input_count(); ++i) ranks.push_back(context.input(i).rank());
  SX_ASSIGN_OR_RETURN(EinsumLabels labels, ResolveLabels(attrs, ranks));
  return Dispatch(context.input(0).type(), EinsumTypes{},
                  [&]<typename T>() { return Evaluation<T>(context, std::move(labels)).Run(); });
}

/// As if all operands were multiplied at once, which for two is what is computed.
double EinsumMultiplyAdds(const PrepareContext& context) {
  std::vector<int> ranks;
  for (int i = 0; i < context.input_count(); ++i) {
    if (!context.shape(i)) return 0;
    ranks.push_back(context.shape(i)->rank());
  }
  const auto labels = ResolveLabels(context.attrs<EinsumAttrs>(), ranks);
  if (!labels.ok() || ranks.size() < 2) return 0;
  std::vector<int64_t> sizes(labels->count, 1);
  for (size_t i = 0; i < ranks.size(); ++i) {
    for (int axis = 0; axis < ranks[i]; ++axis) {
      const int64_t dim = (*context.shape(static_cast<int>(i)))[axis];
      if (dim != 1) sizes[labels->inputs[i][axis]] = dim;
    }
  }
  double product = 1;
  for (const int64_t size : sizes) product *= static_cast<double>(size);
  return product;
}

}  // namespace

OpDef EinsumOp() {
  return {.name = "Einsum",
          .versions = {12, 28},
          .min_inputs = 1,
          .max_inputs = kVariadic,
          .parse = ParseEinsum,
          .infer = InferEinsum,
          .kernels = {EinsumGemm(), SimpleKernel<RunEinsum>("einsum.reference")},
          .multiply_adds = EinsumMultiplyAdds};
}

}  // namespace sardonyx
