// One step of Adagrad, Adam or Momentum over any number of tensors: inputs R, T, then all X, all
// gradients, and all of each accumulated quantity; outputs are all new X, then the new quantities.
#include <cmath>

#include "ops/common/accumulate.h"
#include "ops/common/infer.h"
#include "ops/training/ops.h"

namespace sardonyx {
namespace {

struct OptimizerAttrs : Attrs {
  double alpha = 0, beta = 0, epsilon = 0;
  double norm_coefficient = 0, norm_coefficient_post = 0, decay_factor = 0;
  bool nesterov = false;
};

/// One element: `x` and what is accumulated for it, updated in place.
struct Element {
  double x, gradient, first, second;
};

struct Adagrad {
  static constexpr int kAccumulated = 1;
  static void Step(const OptimizerAttrs& a, double rate, int64_t count, Element& e) {
    const double gradient = a.norm_coefficient * e.x + e.gradient;
    e.first += gradient * gradient;
    e.x -= rate / (1 + count * a.decay_factor) * gradient / (std::sqrt(e.first) + a.epsilon);
  }
};

struct Adam {
  static constexpr int kAccumulated = 2;
  static void Step(const OptimizerAttrs& a, double rate, int64_t count, Element& e) {
    const double gradient = a.norm_coefficient * e.x + e.gradient;
    e.first = a.alpha * e.first + (1 - a.alpha) * gradient;
    e.second = a.beta * e.second + (1 - a.beta) * gradient * gradient;
    if (count > 0) rate *= std::sqrt(1 - std::pow(a.beta, count)) / (1 - std::pow(a.alpha, count));
    e.x -= rate * e.first / (std::sqrt(e.second) + a.epsilon);
    e.x *= 1 - a.norm_coefficient_post;
  }
};

struct Momentum {
  static constexpr int kAccumulated = 1;
  static void Step(const OptimizerAttrs& a, double rate, int64_t count, Element& e) {
    const double gradient = a.norm_coefficient * e.x + e.gradient;
    e.first = a.alpha * e.first + (count > 0 ? a.beta : 1) * gradient;
    e.x -= rate * (a.nesterov ? gradient + a.alpha * e.first : e.first);
  }
};

StatusOr<std::shared_ptr<Attrs>> ParseAdagrad(ParseContext& context) {
  auto attrs = std::make_shared<OptimizerAttrs>();
  attrs->decay_factor = context.Float("decay_factor", 0);
  attrs->epsilon = context.Float("epsilon", 1e-6f);
  attrs->norm_coefficient = context.Float("norm_coefficient", 0);
  return attrs;
}

StatusOr<std::shared_ptr<Attrs>> ParseAdam(ParseContext& context) {
  auto attrs = std::make_shared<OptimizerAttrs>();
  attrs->alpha = context.Float("alpha", 0.9f);
  attrs->beta = context.Float("beta", 0.999f);
  attrs->epsilon = context.Float("epsilon", 1e-6f);
  attrs->norm_coefficient = context.Float("norm_coefficient", 0);
  attrs->norm_coefficient_post = context.Float("norm_coefficient_post", 0);
  return attrs;
}

StatusOr<std::shared_ptr<Attrs>> ParseMomentum(ParseContext& context) {
  auto attrs = std::make_shared<OptimizerAttrs>();
  for (const char* name : {"alpha", "beta", "mode", "norm_coefficient"}) context.Require(name);
  attrs->alpha = context.Float("alpha", 0);
  attrs->beta = context.Float("beta", 0);
  attrs->norm_coefficient = context.Float("norm_coefficient", 0);
  const std::string mode = context.String("mode", "standard");
  if (mode != "standard" && mode != "nesterov") {
    return InvalidArgument("mode is '", mode, "', but must be standard or nesterov");
  }
  attrs->nesterov = mode == "nesterov";
  return attrs;
}

template <int kAccumulated>
Status InferOptimizer(InferContext& context) {
  constexpr int kParts = 2 + kAccumulated;
  SX_RETURN_IF_ERROR(CommonElement(context, TypeList<float, double>{}, {0}).status());
  SX_RETURN_IF_ERROR(CommonElement(context, TypeList<int64_t>{}, {1}).status());
  for (const int i : {0, 1}) {
    const SymbolicShape* shape = context.shape(i);
    if (const auto whole = shape ? ToShape(*shape) : std::nullopt;
        whole && whole->Elements() != 1) {
      return InvalidArgument("input ", i, " has shape ", ToString(*shape),
                             ", but must be a scalar");
    }
  }
  const int tensors = context.input_count() - 2;
  if (tensors <= 0 || tensors % kParts != 0) {
    return InvalidArgument("has ", tensors, " inputs after R and T, but ", kParts,
                           " are needed for each tensor");
  }
  const int count = tensors / kParts;
  if (context.output_count() > count * (1 + kAccumulated)) {
    return InvalidArgument("has ", context.output_count(), " outputs, but yields ",
                           count * (1 + kAccumulated));
  }
  for (int i = 0; i < count; ++i) {
    const auto input = [&](int part) { return 2 + part * count + i; };
    std::optional<SymbolicShape> shape;
    DataType element = DataType::kUndefined;
    for (int part = 0; part < kParts; ++part) {
      if (!context.has_input(input(part))) {
        return InvalidArgument("input ", input(part), " is required");
      }
      SX_ASSIGN_OR_RETURN(const DataType own,
                          CommonElement(context, TypeList<float, double>{}, {input(part)}));
      if (own != DataType::kUndefined && element != DataType::kUndefined && own != element) {
        return InvalidArgument("input ", input(part), " has element type ", Name(own),
                               ", but its tensor has ", Name(element));
      }
      if (own != DataType::kUndefined) element = own;
      const SymbolicShape* own_shape = context.shape(input(part));
      if (own_shape == nullptr) continue;
      if (shape && shape->size() != own_shape->size()) {
        return InvalidArgument("input ", input(part), " has shape ", ToString(*own_shape),
                               ", but its tensor ", ToString(*shape));
      }
      if (!shape) shape = *own_shape;
      for (size_t axis = 0; axis < shape->size(); ++axis) {
        SX_ASSIGN_OR_RETURN((*shape)[axis],
                            MergeDims((*shape)[axis], (*own_shape)[axis],
                                      absl::StrCat("dimension ", axis, " of tensor ", i)));
      }
    }
    for (int part = 0; part < 1 + kAccumulated; ++part) {
      context.set_output(part * count + i, element, shape);
    }
  }
  return absl::OkStatus();
}

template <typename T, typename Method>
Status Update(KernelContext& context, double rate, int64_t steps, int count, int i) {
  const auto& attrs = context.attrs<OptimizerAttrs>();
  const auto input = [&](int part) { return context.input(2 + part * count + i).data<T>(); };
  const auto output = [&](int part) -> T* {
    const int at = part * count + i;
    return context.has_output(at) ? context.output(at).data<T>() : nullptr;
  };
  constexpr bool kTwo = Method::kAccumulated == 2;
  const T *x = input(0), *gradient = input(1), *first = input(2);
  const T* second = kTwo ? input(3) : nullptr;
  T *new_x = output(0), *new_first = output(1), *new_second = kTwo ? output(2) : nullptr;
  return context.ParallelFor(context.input(2 + i).size(), 30, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; ++j) {
      Element e{x[j], gradient[j], first[j], kTwo ? second[j] : 0};
      Method::Step(attrs, rate, steps, e);
      if (new_x != nullptr) new_x[j] = static_cast<T>(e.x);
      if (new_first != nullptr) new_first[j] = static_cast<T>(e.first);
      if (new_second != nullptr) new_second[j] = static_cast<T>(e.second);
    }
  });
}

template <typename Method>
Status RunOptimizer(KernelContext& context) {
  const Tensor& rate = context.input(0);
  const double r = rate.type() == DataType::kDouble ? *rate.data<double>() : *rate.data<float>();
  const int64_t steps = *context.input(1).data<int64_t>();
  const int count = (context.input_count() - 2) / (2 + Method::kAccumulated);
  for (int i = 0; i < count; ++i) {
    SX_RETURN_IF_ERROR(
        Dispatch(context.input(2 + i).type(), TypeList<float, double>{},
                 [&]<typename T>() { return Update<T, Method>(context, r, steps, count, i); }));
  }
  return absl::OkStatus();
}

template <typename Method>
OpDef Optimizer(absl::string_view name, absl::string_view kernel,
                StatusOr<std::shared_ptr<Attrs>> (*parse)(ParseContext&)) {
  return {.domain = "ai.onnx.preview.training",
          .name = name,
          .versions = {1},
          .min_inputs = 3,
          .max_inputs = kVariadic,
          .max_outputs = kVariadic,
          .parse = parse,
          .infer = InferOptimizer<Method::kAccumulated>,
          .kernels = {SimpleKernel<RunOptimizer<Method>>(kernel)}};
}

}  // namespace

std::vector<OpDef> OptimizerOps() {
  return {Optimizer<Adagrad>("Adagrad", "adagrad.reference", ParseAdagrad),
          Optimizer<Adam>("Adam", "adam.reference", ParseAdam),
          Optimizer<Momentum>("Momentum", "momentum.reference", ParseMomentum)};
}

}  // namespace sardonyx
