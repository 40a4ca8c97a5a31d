// RandomNormal, RandomUniform, their Like forms, Bernoulli and Multinomial.
#include <algorithm>
#include <bit>
#include <cmath>
#include <type_traits>

#include "ops/common/element_check.h"
#include "ops/common/int_inputs.h"
#include "ops/random/families.h"
#include "ops/random/philox.h"

namespace sardonyx {
namespace {

struct RandomAttrs : Attrs {
  Ints shape;                             // of the operators without input
  DataType dtype = DataType::kUndefined;  // undefined: that of the input
  std::optional<float> seed;
  bool normal = false;
  float first = 0, second = 1;  // mean and scale, or low and high
  int64_t sample_size = 1;      // Multinomial
};

StatusOr<std::shared_ptr<Attrs>> ParseRandom(ParseContext& context) {
  auto attrs = std::make_shared<RandomAttrs>();
  const std::string& op = context.node().op_type;
  const bool like = op == "RandomNormalLike" || op == "RandomUniformLike";
  attrs->normal = op == "RandomNormal" || op == "RandomNormalLike";
  if (op == "Multinomial") {
    attrs->dtype = context.DataTypeValue("dtype", DataType::kInt32);
    attrs->sample_size = context.Int("sample_size", 1);
    if (attrs->sample_size < 1) {
      context.Fail(
          absl::StrCat("attribute 'sample_size' is ", attrs->sample_size, ", not at least 1"));
    }
  } else if (op == "Bernoulli") {
    attrs->dtype = context.DataTypeValue("dtype", DataType::kUndefined);
  } else {
    attrs->dtype = context.DataTypeValue("dtype", like ? DataType::kUndefined : DataType::kFloat);
    attrs->first = context.Float(attrs->normal ? "mean" : "low", 0.0f);
    attrs->second = context.Float(attrs->normal ? "scale" : "high", 1.0f);
    if (!like) {
      context.Require("shape");
      attrs->shape = context.IntList("shape");
      for (int64_t dim : attrs->shape) {
        if (dim < 0) context.Fail(absl::StrCat("attribute 'shape' has a dimension ", dim));
      }
    }
  }
  if (context.Has("seed")) attrs->seed = context.Float("seed", 0.0f);
  return attrs;
}

/// The node's own seed, or one drawn from the run's that differs from node to node.
Philox GeneratorOf(const KernelContext& context) {
  const auto& attrs = context.attrs<RandomAttrs>();
  if (attrs.seed) return Philox(std::bit_cast<uint32_t>(*attrs.seed));
  const auto words = Philox(context.environment().seed)
                         .At(~uint64_t{0} - static_cast<uint64_t>(context.node().index));
  return Philox((uint64_t{words[0]} << 32) | words[1]);
}

Status InferRandom(InferContext& context) {
  const auto& attrs = context.attrs<RandomAttrs>();
  DataType type = attrs.dtype;
  std::optional<SymbolicShape> shape;
  if (context.input_count() > 0) {
    SX_RETURN_IF_ERROR(CheckIsTensor(context, 0));
    shape = context.input(0).shape;
    if (type == DataType::kUndefined) type = context.element(0);
  } else {
    shape = SymbolicShape(attrs.shape.begin(), attrs.shape.end());
    SX_RETURN_IF_ERROR(CheckPlausible(type, *shape));
  }
  SX_RETURN_IF_ERROR(CheckElement(type, Floats{}, "0 (or attribute 'dtype')"));
  context.set_output(0, type, std::move(shape));
  return absl::OkStatus();
}

Status RunRandom(KernelContext& context) {
  const auto& attrs = context.attrs<RandomAttrs>();
  Tensor& y = context.output(0);
  const Philox generator = GeneratorOf(context);
  const double first = attrs.first, second = attrs.second;
  return Dispatch(y.type(), Floats{}, [&]<typename T>() -> Status {
    T* out = y.data<T>();
    return context.ParallelFor(y.size(), 30, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const double value = attrs.normal ? first + second * generator.Normal(i)
                                          : first + (second - first) * generator.Uniform(i);
        out[i] = static_cast<T>(value);
      }
    });
  });
}

using BernoulliTypes = decltype(Numbers{} + TypeList<bool>{});

Status InferBernoulli(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckIsTensor(context, 0));
  SX_RETURN_IF_ERROR(CheckElement(context.element(0), Floats{}, "0"));
  const DataType dtype = context.attrs<RandomAttrs>().dtype;
  const DataType type = dtype != DataType::kUndefined ? dtype : context.element(0);
  SX_RETURN_IF_ERROR(CheckElement(type, BernoulliTypes{}, "0 (or attribute 'dtype')"));
  context.set_output(0, type, context.input(0).shape);
  return absl::OkStatus();
}

/// Writes output i as 1 where the draw is below its probability, as 0 elsewhere.
Status RunBernoulli(KernelContext& context) {
  const Tensor& p = context.input(0);
  Tensor& y = context.output(0);
  const Philox generator = GeneratorOf(context);
  SX_ASSIGN_OR_RETURN(Tensor draws, context.Temporary(DataType::kBool, p.shape()));
  bool* drawn = draws.data<bool>();
  SX_RETURN_IF_ERROR(Dispatch(p.type(), Floats{}, [&]<typename T>() -> Status {
    const T* probabilities = p.data<T>();
    return context.ParallelFor(p.size(), 30, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        drawn[i] = generator.Uniform(i) < static_cast<double>(probabilities[i]);
      }
    });
  }));
  return Dispatch(y.type(), BernoulliTypes{}, [&]<typename T>() -> Status {
    T* out = y.data<T>();
    return context.ParallelFor(y.size(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) out[i] = static_cast<T>(drawn[i]);
    });
  });
}

Status InferMultinomial(InferContext& context) {
  const auto& attrs = context.attrs<RandomAttrs>();
  SX_RETURN_IF_ERROR(CheckIsTensor(context, 0));
  SX_RETURN_IF_ERROR(CheckElement(context.element(0), Floats{}, "0"));
  if (attrs.dtype != DataType::kInt32 && attrs.dtype != DataType::kInt64) {
    return InvalidArgument("attribute 'dtype' is ", Name(attrs.dtype), ", not int32 or int64");
  }
  Dim batch;
  if (const SymbolicShape* x = context.shape(0)) {
    if (x->size() != 2) {
      return InvalidArgument("input 0 has shape ", ToString(*x), ", not [batch, classes]");
    }
    if ((*x)[1].known() && (*x)[1].value == 0) return InvalidArgument("there are no classes");
    batch = (*x)[0];
  }
  const SymbolicShape shape = {batch, Dim(attrs.sample_size)};
  SX_RETURN_IF_ERROR(CheckPlausible(attrs.dtype, shape));
  context.set_output(0, attrs.dtype, shape);
  return absl::OkStatus();
}

/// Inputs are logarithms of probabilities that need not sum to one.
Status RunMultinomial(KernelContext& context) {
  const Tensor& x = context.input(0);
  Tensor& y = context.output(0);
  const int64_t batch = x.dim(0), classes = x.dim(1), samples = y.dim(1);
  if (classes < 1) return InvalidArgument("there are no classes");
  const Philox generator = GeneratorOf(context);
  SX_ASSIGN_OR_RETURN(Tensor sums, context.Temporary(DataType::kDouble, Shape({classes})));
  double* cumulative = sums.data<double>();
  return Dispatch(x.type(), Floats{}, [&]<typename T>() -> Status {
    for (int64_t row = 0; row < batch; ++row) {
      SX_RETURN_IF_ERROR(context.Check());
      const T* logits = x.data<T>() + row * classes;
      double greatest = -std::numeric_limits<double>::infinity();
      for (int64_t c = 0; c < classes; ++c) {
        greatest = std::max(greatest, static_cast<double>(logits[c]));
      }
      double total = 0;
      for (int64_t c = 0; c < classes; ++c) {
        const double share = std::exp(static_cast<double>(logits[c]) - greatest);
        if (share > 0) total += share;  // NaN has no share
        cumulative[c] = total;
      }
      SX_RETURN_IF_ERROR(context.ParallelFor(samples, 100, [&](int64_t begin, int64_t end) {
        for (int64_t s = begin; s < end; ++s) {
          const double draw = generator.Uniform(row * samples + s) * total;
          const double* found = std::upper_bound(cumulative, cumulative + classes, draw);
          const int64_t chosen = std::min<int64_t>(found - cumulative, classes - 1);
          if (y.type() == DataType::kInt32) {
            y.data<int32_t>()[row * samples + s] = static_cast<int32_t>(chosen);
          } else {
            y.data<int64_t>()[row * samples + s] = chosen;
          }
        }
      }));
    }
    return absl::OkStatus();
  });
}

OpDef RandomOp(absl::string_view name, std::vector<int> versions, int inputs,
               Status (*infer)(InferContext&), KernelDef kernel) {
  return {.name = name,
          .versions = std::move(versions),
          .min_inputs = inputs,
          .max_inputs = inputs,
          .parse = ParseRandom,
          .infer = infer,
          .kernels = {kernel},
          .pure = false};
}

}  // namespace

std::vector<OpDef> GeneratorOps() {
  const KernelDef draw = SimpleKernel<RunRandom>("random.philox");
  return {
      RandomOp("RandomNormal", {1, 22}, 0, InferRandom, draw),
      RandomOp("RandomUniform", {1, 22}, 0, InferRandom, draw),
      RandomOp("RandomNormalLike", {1, 22}, 1, InferRandom, draw),
      RandomOp("RandomUniformLike", {1, 22}, 1, InferRandom, draw),
      RandomOp("Bernoulli", {15, 22}, 1, InferBernoulli,
               SimpleKernel<RunBernoulli>("random.philox")),
      RandomOp("Multinomial", {7, 22}, 1, InferMultinomial,
               SimpleKernel<RunMultinomial>("random.philox")),
  };
}

}  // namespace sardonyx
