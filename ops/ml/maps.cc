// CastMap, DictVectorizer and ZipMap: between maps and tensors.
#include <algorithm>
#include <map>
#include <memory>

#include "absl/strings/numbers.h"
#include "ops/common/convert.h"
#include "ops/common/int_inputs.h"
#include "ops/ml/batch.h"
#include "ops/ml/defs.h"
#include "ops/ml/lists.h"

namespace sardonyx {
namespace {

/// Input 0, which must be a map with keys of type `key` and one element for each, all of one type
/// among Ts.
template <typename... Ts>
StatusOr<const Map*> ReadMap(const KernelContext& context, DataType key, TypeList<Ts...>) {
  const Value& input = context.value(0);
  if (!input.is_map()) return InvalidArgument("X is ", input.ToString(), ", expected a map");
  const Map& map = input.map();
  if (map.keys.type() != key || map.keys.size() != static_cast<int64_t>(map.values.size())) {
    return InvalidArgument("X has the keys ", map.keys.ToString(), " for ", map.values.size(),
                           " values, expected keys of type ", Name(key));
  }
  for (const Value& value : map.values) {
    const bool fits = value.is_tensor() && value.tensor().size() == 1 &&
                      value.tensor().type() == map.values[0].tensor().type() &&
                      ((value.tensor().type() == kTypeOf<Ts>) || ...);
    if (!fits) return InvalidArgument("X has the value ", value.ToString());
  }
  return &map;
}

/// The element type of the values of a map; kUndefined where it is not known.
DataType ValueElement(const Type& map) {
  return map.kind == Type::Kind::kMap && map.inner ? map.inner->element : DataType::kUndefined;
}

/// An error where input 0 is known to be no map with such keys.
Status CheckMapInput(const InferContext& context, DataType key) {
  const Type& type = context.input(0);
  if (type.kind == Type::Kind::kUnknown) return absl::OkStatus();
  if (type.kind == Type::Kind::kMap && type.key == key) return absl::OkStatus();
  return InvalidArgument("X is ", type.ToString(), ", expected a map with keys of type ",
                         Name(key));
}

// ---- CastMap ----

struct CastMapAttrs : Attrs {
  DataType to = DataType::kFloat;
  bool sparse = false;  // keys are places
  int64_t length = 1;   // of the output if sparse
};

StatusOr<std::shared_ptr<Attrs>> ParseCastMap(ParseContext& context) {
  auto attrs = std::make_shared<CastMapAttrs>();
  const std::string to = context.String("cast_to", "TO_FLOAT");
  const std::string form = context.String("map_form", "DENSE");
  const std::map<std::string, DataType> types = {{"TO_FLOAT", DataType::kFloat},
                                                 {"TO_STRING", DataType::kString},
                                                 {"TO_INT64", DataType::kInt64}};
  if (types.count(to) == 0) return InvalidArgument("cast_to is '", to, "'");
  if (form != "DENSE" && form != "SPARSE") return InvalidArgument("map_form is '", form, "'");
  attrs->to = types.at(to);
  attrs->sparse = form == "SPARSE";
  attrs->length = context.Int("max_map", 1);
  if (attrs->sparse && attrs->length < 1) return InvalidArgument("max_map is ", attrs->length);
  return attrs;
}

Status InferCastMap(InferContext& context) {
  const auto& attrs = context.attrs<CastMapAttrs>();
  SX_RETURN_IF_ERROR(CheckMapInput(context, DataType::kInt64));
  SymbolicShape shape = {1, attrs.sparse ? Dim(attrs.length) : Dim()};
  SX_RETURN_IF_ERROR(CheckPlausible(attrs.to, shape));
  context.set_output(0, attrs.to, std::move(shape));
  return absl::OkStatus();
}

// The specification leaves open how values are cast and what fills gaps. Numbers are written and
// gaps filled as onnxruntime does it; text must be a number as a whole.

Status CastValue(double from, float* to) {
  *to = static_cast<float>(from);
  return absl::OkStatus();
}
Status CastValue(double from, int64_t* to) {
  *to = TruncateToInt64(from);
  return absl::OkStatus();
}
Status CastValue(double from, std::string* to) {
  *to = std::to_string(from);
  return absl::OkStatus();
}
Status CastValue(const std::string& from, std::string* to) {
  *to = from;
  return absl::OkStatus();
}
template <typename T>
Status CastValue(const std::string& from, T* to) {
  double number = 0;
  if constexpr (std::is_same_v<T, int64_t>) {
    if (absl::SimpleAtoi(from, to)) return absl::OkStatus();
  }
  if (!absl::SimpleAtod(from, &number)) {
    return InvalidArgument("the text '", from.substr(0, 40), "' is no number");
  }
  return CastValue(number, to);
}

template <typename T>
const T Gap = T{};
template <>
const std::string Gap<std::string> = "0.f";

template <typename From, typename To>
Status FillFromMap(const Map& map, bool sparse, Tensor& y) {
  std::map<int64_t, int64_t> places;  // of the values, by their keys
  for (int64_t i = 0; i < map.keys.size(); ++i) places[map.keys.data<int64_t>()[i]] = i;
  if (sparse) std::fill_n(y.data<To>(), y.size(), Gap<To>);
  int64_t next = 0;
  for (const auto& [key, place] : places) {
    const int64_t at = sparse ? key : next++;
    if (at < 0 || at >= y.size()) {
      return InvalidArgument("X has the key ", key, ", but max_map is ", y.size());
    }
    const Tensor& value = map.values[place].tensor();
    SX_RETURN_IF_ERROR(CastValue(*value.data<From>(), y.data<To>() + at));
  }
  return absl::OkStatus();
}

Status RunCastMap(KernelContext& context) {
  const auto& attrs = context.attrs<CastMapAttrs>();
  using Values = TypeList<float, std::string>;
  SX_ASSIGN_OR_RETURN(const Map* const map, ReadMap(context, DataType::kInt64, Values{}));
  const int64_t length = attrs.sparse ? attrs.length : map->keys.size();
  SX_ASSIGN_OR_RETURN(Tensor* const y, context.Allocate(0, attrs.to, {1, length}));
  const DataType from = map->values.empty() ? DataType::kFloat : map->values[0].tensor().type();
  return Dispatch(from, Values{}, [&]<typename From>() {
    return Dispatch(attrs.to, TypeList<float, std::string, int64_t>{},
                    [&]<typename To>() { return FillFromMap<From, To>(*map, attrs.sparse, *y); });
  });
}

// ---- DictVectorizer ----

struct VocabularyAttrs : Attrs {
  DataType key = DataType::kInt64;
  Lookup places;
  int64_t size = 0;
};

StatusOr<std::shared_ptr<Attrs>> ParseVocabulary(ParseContext& context) {
  auto attrs = std::make_shared<VocabularyAttrs>();
  const Tensor vocabulary =
      ParseList(context, {.ints = "int64_vocabulary", .strings = "string_vocabulary"});
  attrs->key = vocabulary.type();
  attrs->places = Lookup(vocabulary);
  attrs->size = vocabulary.size();
  return attrs;
}

Status InferVocabulary(InferContext& context) {
  const auto& attrs = context.attrs<VocabularyAttrs>();
  SX_RETURN_IF_ERROR(CheckMapInput(context, attrs.key));
  context.set_output(0, ValueElement(context.input(0)), SymbolicShape{attrs.size});
  return absl::OkStatus();
}

/// Keys that are not in the vocabulary have no place and are passed over, as elsewhere.
Status RunVocabulary(KernelContext& context) {
  const auto& attrs = context.attrs<VocabularyAttrs>();
  using Values = TypeList<int64_t, float, double, std::string>;
  SX_ASSIGN_OR_RETURN(const Map* const map, ReadMap(context, attrs.key, Values{}));
  const bool typed = !map->values.empty();
  const DataType type = typed ? map->values[0].tensor().type() : DataType::kFloat;
  SX_ASSIGN_OR_RETURN(Tensor* const y, context.Allocate(0, type, {attrs.size}));
  return Dispatch(type, Values{}, [&]<typename T>() {
    std::fill_n(y->data<T>(), y->size(), T{});
    return Dispatch(attrs.key, TypeList<int64_t, std::string>{}, [&]<typename Key>() {
      for (int64_t i = 0; i < map->keys.size(); ++i) {
        const int64_t at = attrs.places.Find(map->keys.data<Key>()[i]);
        if (at >= 0) y->data<T>()[at] = *map->values[i].tensor().data<T>();
      }
      return absl::OkStatus();
    });
  });
}

// ---- ZipMap ----

struct ZipMapAttrs : Attrs {
  Tensor keys;
};

StatusOr<std::shared_ptr<Attrs>> ParseZipMap(ParseContext& context) {
  auto attrs = std::make_shared<ZipMapAttrs>();
  attrs->keys =
      ParseList(context, {.ints = "classlabels_int64s", .strings = "classlabels_strings"});
  return attrs;
}

Status InferZipMap(InferContext& context) {
  const Tensor& keys = context.attrs<ZipMapAttrs>().keys;
  SX_ASSIGN_OR_RETURN(const auto batch, InferBatch(context, TypeList<float>{}));
  if (batch && batch->features.known() && batch->features.value != keys.size()) {
    return InvalidArgument("X has ", batch->features.value, " columns for ", keys.size(), " keys");
  }
  context.set_output(
      0, Type::Sequence(Type::Map(keys.type(), Type::Tensor(DataType::kFloat, Shape{}))));
  return absl::OkStatus();
}

Status RunZipMap(KernelContext& context) {
  const Tensor& keys = context.attrs<ZipMapAttrs>().keys;
  const Tensor& x = context.input(0);
  // The maps' values are scalars that share one copy of X.
  SX_ASSIGN_OR_RETURN(Tensor copy, x.Clone(context.environment().budget));
  const auto owner = std::make_shared<Tensor>(std::move(copy));
  float* next = owner->data<float>();
  Sequence maps;
  for (int64_t row = 0; row < BatchOf(x).rows; ++row) {
    SX_RETURN_IF_ERROR(context.Check());
    Sequence values;
    for (int64_t i = 0; i < keys.size(); ++i) {
      values.emplace_back(Tensor::Borrow(DataType::kFloat, {}, next++, owner));
    }
    maps.emplace_back(Map{.keys = keys, .values = std::move(values)});
  }
  context.set_output(0, std::move(maps));
  return absl::OkStatus();
}

}  // namespace

std::vector<OpDef> MapOps() {
  return {{.domain = kMlDomain,
           .name = "CastMap",
           .versions = {1},
           .min_inputs = 1,
           .max_inputs = 1,
           .parse = ParseCastMap,
           .infer = InferCastMap,
           .kernels = {SimpleKernel<RunCastMap>("castmap.reference")}},
          {.domain = kMlDomain,
           .name = "DictVectorizer",
           .versions = {1},
           .min_inputs = 1,
           .max_inputs = 1,
           .parse = ParseVocabulary,
           .infer = InferVocabulary,
           .kernels = {SimpleKernel<RunVocabulary>("dictvectorizer.reference")}},
          {.domain = kMlDomain,
           .name = "ZipMap",
           .versions = {1},
           .min_inputs = 1,
           .max_inputs = 1,
           .parse = ParseZipMap,
           .infer = InferZipMap,
           .kernels = {SimpleKernel<RunZipMap>("zipmap.reference")}}};
}

}  // namespace sardonyx
