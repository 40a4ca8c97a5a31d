// CategoryMapper, LabelEncoder and OneHotEncoder: categories as other values, or as columns.
#include <atomic>
#include <numeric>

#include "ops/common/element_check.h"
#include "ops/common/element_size.h"
#include "ops/common/int_inputs.h"
#include "ops/ml/defs.h"
#include "ops/ml/lists.h"

namespace sardonyx {
namespace {

/// Keys, and the values that stand for them.
struct Mapping {
  DataType from = DataType::kUndefined;  // the keys' type
  Lookup keys;
  Tensor values;    // one for each key
  Tensor fallback;  // one element of the same type, for whatever is no key

  Mapping(const Tensor& keys, Tensor values, Tensor fallback,
          Lookup::Floats floats = Lookup::Floats::kValues)
      : from(keys.type()),
        keys(keys, floats),
        values(std::move(values)),
        fallback(std::move(fallback)) {}
};

struct MappingAttrs : Attrs {
  std::vector<Mapping> mappings;  // for different types of keys

  /// The one for keys of that type, or the only one where it is not known; null where there is
  /// none.
  const Mapping* Find(DataType type) const {
    for (const Mapping& mapping : mappings) {
      if (mapping.from == type) return &mapping;
    }
    return type == DataType::kUndefined && mappings.size() == 1 ? &mappings[0] : nullptr;
  }
};

Status InferMapping(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckIsTensor(context, 0));
  const DataType type = context.element(0);
  const Mapping* mapping = context.attrs<MappingAttrs>().Find(type);
  if (mapping == nullptr && type != DataType::kUndefined) {
    return InvalidArgument("X is ", Name(type), ", but the attributes hold no keys of that type");
  }
  context.set_output(0, mapping == nullptr ? DataType::kUndefined : mapping->values.type(),
                     context.input(0).shape);
  return absl::OkStatus();
}

Status RunMapping(KernelContext& context) {
  const Tensor& x = context.input(0);
  const Mapping* mapping = context.attrs<MappingAttrs>().Find(x.type());
  if (mapping == nullptr) return InvalidArgument("X is ", x.ToString());
  Tensor& y = context.output(0);
  return Dispatch(x.type(), ListTypes{}, [&]<typename Key>() {
    return DispatchSize(y.type(), [&]<typename T>() {
      return context.ParallelFor(x.size(), 40, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t at = mapping->keys.Find(x.data<Key>()[i]);
          y.data<T>()[i] = at < 0 ? *mapping->fallback.data<T>() : mapping->values.data<T>()[at];
        }
      });
    });
  });
}

/// Both ways between integers and strings that stand at the same places of two lists.
std::shared_ptr<Attrs> BothWays(ParseContext& context, const Tensor& ints, const Tensor& strings) {
  auto attrs = std::make_shared<MappingAttrs>();
  attrs->mappings.emplace_back(
      ints, strings, Tensor::Scalar<std::string>(context.String("default_string", "_Unused")));
  attrs->mappings.emplace_back(strings, ints,
                               Tensor::Scalar<int64_t>(context.Int("default_int64", -1)));
  return attrs;
}

// ---- CategoryMapper ----

StatusOr<std::shared_ptr<Attrs>> ParseCategoryMapper(ParseContext& context) {
  const Tensor ints = ParseList(context, {.ints = "cats_int64s"});
  const Tensor strings = ParseList(context, {.strings = "cats_strings"});
  if (ints.size() != strings.size()) {
    return InvalidArgument("cats_int64s has ", ints.size(), " elements, but cats_strings ",
                           strings.size());
  }
  return BothWays(context, ints, strings);
}

// ---- LabelEncoder ----

/// The default for values of that type.
Tensor ParseFallback(ParseContext& context, DataType type) {
  const std::string text = context.String("default_string", "_Unused");
  const float real = context.Float("default_float", -0.0f);
  const int64_t integer = context.Int("default_int64", -1);
  if (const Tensor given = context.TensorValue("default_tensor"); given.defined()) {
    if (given.size() == 1 && given.type() == type) return given;
    context.Fail(
        absl::StrCat("default_tensor is ", given.ToString(), ", but must be one ", Name(type)));
  }
  Tensor fallback;
  const Status status = Dispatch(type, ListTypes{}, [&]<typename T>() {
    if constexpr (std::is_same_v<T, std::string>) {
      fallback = Tensor::Scalar(text);
    } else if constexpr (std::is_floating_point_v<T>) {
      fallback = Tensor::Scalar(T{real});
    } else if (integer == static_cast<T>(integer)) {
      fallback = Tensor::Scalar(static_cast<T>(integer));
    } else {
      return InvalidArgument("default_int64 is ", integer, ", but the values are ", Name(type));
    }
    return absl::OkStatus();
  });
  if (!status.ok()) context.Fail(std::string(status.message()));
  return fallback;
}

StatusOr<std::shared_ptr<Attrs>> ParseLabelEncoder(ParseContext& context) {
  if (context.version() < 2) {
    const Tensor strings = ParseList(context, {.strings = "classes_strings"});
    std::vector<int64_t> places(strings.size());
    std::iota(places.begin(), places.end(), 0);
    return BothWays(context, Tensor::Of<int64_t>({strings.size()}, places), strings);
  }
  const bool tensors = context.version() >= 4;
  const Tensor keys = ParseList(context, {.ints = "keys_int64s",
                                          .strings = "keys_strings",
                                          .floats = "keys_floats",
                                          .tensor = tensors ? "keys_tensor" : nullptr});
  const Tensor values = ParseList(context, {.ints = "values_int64s",
                                            .strings = "values_strings",
                                            .floats = "values_floats",
                                            .tensor = tensors ? "values_tensor" : nullptr});
  if (keys.size() != values.size()) {
    return InvalidArgument("there are ", keys.size(), " keys, but ", values.size(), " values");
  }
  auto attrs = std::make_shared<MappingAttrs>();
  attrs->mappings.emplace_back(keys, values, ParseFallback(context, values.type()),
                               tensors ? Lookup::Floats::kValues : Lookup::Floats::kBits);
  return attrs;
}

// ---- OneHotEncoder ----

struct OneHotAttrs : Attrs {
  Lookup categories;
  bool strings = false;
  int64_t count = 0;
  bool zeros = true;  // what is no category has no column; otherwise it is an error
};

StatusOr<std::shared_ptr<Attrs>> ParseOneHot(ParseContext& context) {
  auto attrs = std::make_shared<OneHotAttrs>();
  const Tensor categories = ParseList(context, {.ints = "cats_int64s", .strings = "cats_strings"});
  attrs->categories = Lookup(categories);
  attrs->strings = categories.type() == DataType::kString;
  attrs->count = categories.size();
  attrs->zeros = context.Flag("zeros", true);
  return attrs;
}

Status InferOneHot(InferContext& context) {
  const auto& attrs = context.attrs<OneHotAttrs>();
  SX_RETURN_IF_ERROR(CheckIsTensor(context, 0));
  const DataType type = context.element(0);
  SX_RETURN_IF_ERROR(
      CheckElement(type, TypeList<std::string, int64_t, int32_t, float, double>{}, "X"));
  if (type != DataType::kUndefined && (type == DataType::kString) != attrs.strings) {
    return InvalidArgument("X is ", Name(type), ", but the categories are ",
                           attrs.strings ? "strings" : "integers");
  }
  std::optional<SymbolicShape> result = context.input(0).shape;
  if (result) {
    result->push_back(attrs.count);
    SX_RETURN_IF_ERROR(CheckPlausible(DataType::kFloat, *result));
  }
  context.set_output(0, DataType::kFloat, std::move(result));
  return absl::OkStatus();
}

/// The column of a value, floats cast to integers; -1 where it is no category.
template <typename T>
int64_t Column(const Lookup& categories, const T& value) {
  if constexpr (std::is_floating_point_v<T>) {
    constexpr T kEnd = 9223372036854775808.0;  // 2^63
    return value >= -kEnd && value < kEnd ? categories.Find(static_cast<int64_t>(value)) : -1;
  } else {
    return categories.Find(value);
  }
}

Status RunOneHot(KernelContext& context) {
  const auto& attrs = context.attrs<OneHotAttrs>();
  const Tensor& x = context.input(0);
  float* y = context.output(0).data<float>();
  std::atomic<int64_t> unknown{-1};  // an element that is no category
  using Types = TypeList<std::string, int64_t, int32_t, float, double>;
  SX_RETURN_IF_ERROR(Dispatch(x.type(), Types{}, [&]<typename T>() {
    const double cost = 30 + 0.3 * static_cast<double>(attrs.count);
    return context.ParallelFor(x.size(), cost, [&](int64_t begin, int64_t end) {
      std::fill(y + begin * attrs.count, y + end * attrs.count, 0.0f);
      for (int64_t i = begin; i < end; ++i) {
        const int64_t column = Column(attrs.categories, x.data<T>()[i]);
        if (column >= 0) {
          y[i * attrs.count + column] = 1;
        } else {
          unknown.store(i, std::memory_order_relaxed);
        }
      }
    });
  }));
  if (attrs.zeros || unknown < 0) return absl::OkStatus();
  return InvalidArgument("element ", unknown.load(), " of X is none of the categories");
}

}  // namespace

std::vector<OpDef> EncoderOps() {
  return {{.domain = kMlDomain,
           .name = "CategoryMapper",
           .versions = {1},
           .min_inputs = 1,
           .max_inputs = 1,
           .parse = ParseCategoryMapper,
           .infer = InferMapping,
           .kernels = {SimpleKernel<RunMapping>("categorymapper.reference")}},
          {.domain = kMlDomain,
           .name = "LabelEncoder",
           .versions = {1, 2, 4},
           .min_inputs = 1,
           .max_inputs = 1,
           .parse = ParseLabelEncoder,
           .infer = InferMapping,
           .kernels = {SimpleKernel<RunMapping>("labelencoder.reference")}},
          {.domain = kMlDomain,
           .name = "OneHotEncoder",
           .versions = {1},
           .min_inputs = 1,
           .max_inputs = 1,
           .parse = ParseOneHot,
           .infer = InferOneHot,
           .kernels = {SimpleKernel<RunOneHot>("onehotencoder.reference")}}};
}

}  // namespace sardonyx
