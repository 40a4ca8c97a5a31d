// Operators of ai.onnx.ml that choose, change and encode features.
#include <cmath>
#include <limits>

#include "tests/ml/ml_case.h"

namespace sardonyx {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST_CASE("ArrayFeatureExtractor and FeatureVectorizer", "[ml]") {
  const Value table = Reals({2, 3}, {1, 2, 3, 4, 5, 6});
  CheckMl({
      {"ArrayFeatureExtractor", {}, {table, Longs({2, 0, 0})}, "[2,3] 3 1 1 6 4 4"},
      {"ArrayFeatureExtractor", {}, {table, Longs({1, 2}, {1, 1})}, "[2,2] 2 2 5 5"},
      {"ArrayFeatureExtractor", {}, {Strings({2}, {"a", "b"}), Longs({1})}, "[1,1] b"},
      {"ArrayFeatureExtractor", {}, {table, Longs(Shape{0}, {})}, "[2,0]"},
      {"ArrayFeatureExtractor", {}, {table, Longs({3})}, "error: the index 3, but X has 3"},
      {"ArrayFeatureExtractor", {}, {table, Longs({-1})}, "error: the index -1"},
      {"ArrayFeatureExtractor", {}, {Reals({}, {1}), Longs({0})}, "error: scalar"},
      {"FeatureVectorizer",
       {{"inputdimensions", IntList({3, 2})}},
       {table, Reals({2, 1}, {7, 8})},
       "[2,5] 1 2 3 7 0 4 5 6 8 0"},
      {"FeatureVectorizer", {{"inputdimensions", IntList({1})}}, {table}, "[2,1] 1 4"},
      {"FeatureVectorizer", {}, {Longs({1, 2}), Reals({1, 1}, {3})}, "[1,3] 1 2 3"},
      {"FeatureVectorizer", {}, {table, Reals({1, 1}, {3})}, "error: the number of rows"},
      {"FeatureVectorizer", {}, {table, Value()}, "error: input 1 may not be left out"},
      {"FeatureVectorizer", {}, {Reals({1, 1, 1}, {3})}, "error: must be [N,F] or [F]"},
      {"FeatureVectorizer", {{"inputdimensions", IntList({3})}}, {table, table}, "error: 2 inputs"},
      {"FeatureVectorizer", {{"inputdimensions", IntList({-1})}}, {table}, "error: has -1"},
      {"FeatureVectorizer",
       {{"inputdimensions", IntList({INT64_MAX, INT64_MAX})}},
       {table, table},
       "error: 2^63"},
      {"FeatureVectorizer", {{"inputdimensions", IntList({INT64_MAX})}}, {table}, "error: "},
  });
}

TEST_CASE("Binarizer, Imputer, Normalizer and Scaler", "[ml]") {
  const Value rows = Reals({2, 2}, {3, -4, 0, 0});
  const Attributes by_feature = {{"imputed_value_floats", FloatList({7, 8})},
                                 {"replaced_value_float", {kNan}}};
  const Attributes integers = {{"imputed_value_int64s", IntList({9})}};
  CheckMl({
      {"Binarizer", {{"threshold", {0.5f}}}, {Reals({3}, {0.5f, 1, kNan})}, "[3] 0 1 0"},
      {"Binarizer", {}, {Longs({-1, 0, 5})}, "[3] 0 0 1"},
      {"Binarizer", {}, {Strings({1}, {"a"})}, "error: string"},
      {"Imputer", by_feature, {Reals({2, 2}, {kNan, 1, 2, kNan})}, "[2,2] 7 1 2 8"},
      {"Imputer", integers, {Longs({0, 1})}, "[2] 9 1"},
      {"Imputer", integers, {Tensor::Of<int32_t>({2}, {0, 1})}, "[2] 9 1"},
      {"Imputer", by_feature, {Reals({1, 3}, {1, 2, 3})}, "error: 2 elements for 3 features"},
      {"Imputer", by_feature, {Longs({1, 2})}, "error: the values to impute are floats"},
      {"Imputer", integers, {rows}, "error: the values to impute are integers"},
      {"Imputer", {}, {rows}, "error: exactly one"},
      {"Imputer",
       {{"imputed_value_int64s", IntList({int64_t{1} << 40})}},
       {Tensor::Of<int32_t>({1}, {0})},
       "error: no int32"},
      {"Normalizer", {}, {rows}, "[2,2] 1 -1.33333 0 0"},
      {"Normalizer", {{"norm", Text("L1")}}, {rows}, "[2,2] 0.428571 -0.571429 0 0"},
      {"Normalizer", {{"norm", Text("L2")}}, {rows}, "[2,2] 0.6 -0.8 0 0"},
      {"Normalizer", {{"norm", Text("L2")}}, {Longs({3, 4})}, "[2] 0.6 0.8"},
      {"Normalizer", {}, {Reals({0, 3}, {})}, "[0,3]"},
      {"Normalizer", {}, {Reals({2, 0}, {})}, "[2,0]"},
      {"Normalizer", {{"norm", Text("L3")}}, {rows}, "error: 'L3'"},
      {"Normalizer", {}, {Reals({1, 1, 1}, {1})}, "error: [N,F]"},
      {"Scaler",
       {{"offset", FloatList({1, 2})}, {"scale", FloatList({2, 0.5f})}},
       {rows},
       "[2,2] 4 -3 -2 -1"},
      {"Scaler", {{"offset", FloatList({1})}}, {Longs({3, 5})}, "[2] 2 4"},
      {"Scaler", {{"scale", FloatList({1, 2, 3})}}, {rows}, "error: scale has 3 elements for 2"},
  });
}

TEST_CASE("CategoryMapper, LabelEncoder and OneHotEncoder", "[ml]") {
  const Attributes pairs = {{"cats_int64s", IntList({5, 6, 5})},
                            {"cats_strings", Words({"a", "b", "c"})},
                            {"default_string", Text("?")}};
  const Attributes classes = {{"classes_strings", Words({"a", "b"})}};
  const Attributes reals = {{"keys_floats", FloatList({0, kNan, 2})},
                            {"values_strings", Words({"zero", "none", "two"})}};
  const Attributes shorts = {{"keys_tensor", {Tensor::Of<int16_t>({2}, {-1, 3})}},
                             {"values_tensor", {Tensor::Of<double>({2}, {0.5, 1.5})}}};
  const Value numbers = Reals({4}, {-0.0f, -kNan, 2, 1});
  CheckMl({
      {"CategoryMapper", pairs, {Longs({5, 6, 7})}, "[3] c b ?"},
      {"CategoryMapper", pairs, {Strings({1, 2}, {"a", "x"})}, "[1,2] 5 -1"},
      {"CategoryMapper", pairs, {Reals({1}, {5})}, "error: float"},
      {"CategoryMapper", {{"cats_int64s", IntList({5})}}, {Longs({5})}, "error: cats_strings"},
      {"LabelEncoder", classes, {Strings({2}, {"b", "x"})}, "[2] 1 -1", 1, 1},
      {"LabelEncoder", classes, {Longs({1, 2, -1})}, "[3] b _Unused _Unused", 1, 1},
      {"LabelEncoder", reals, {numbers}, "[4] zero none two _Unused", 1, 4},
      {"LabelEncoder", reals, {numbers}, "[4] _Unused _Unused two _Unused", 1, 2},
      {"LabelEncoder", reals, {Reals({}, {2})}, "[] two", 1, 2},
      {"LabelEncoder", shorts, {Tensor::Of<int16_t>({3}, {3, -1, 0})}, "[3] 1.5 0.5 -0"},
      {"LabelEncoder",
       With(shorts, {{"default_tensor", Attribute{Tensor::Of<double>({1}, {9})}}}),
       {Tensor::Of<int16_t>({1}, {0})},
       "[1] 9"},
      {"LabelEncoder",
       With(shorts, {{"default_tensor", Attribute{Tensor::Of<float>({1}, {9})}}}),
       {Tensor::Of<int16_t>({1}, {0})},
       "error: default_tensor is float[1], but must be one double"},
      {"LabelEncoder", shorts, {Longs({1})}, "error: X is int64"},
      {"LabelEncoder", shorts, {Longs({1})}, "error: exactly one", 1, 2},
      {"LabelEncoder",
       With(reals, {{"values_int64s", IntList({1})}}),
       {numbers},
       "error: 2 of them hold something"},
      {"LabelEncoder", With(reals, {{"keys_floats", FloatList({1})}}), {numbers}, "error: 1 keys"},
      {"LabelEncoder",
       With(shorts, {{"keys_tensor", Attribute{Tensor::Of<int16_t>({1, 2}, {1, 2})}}}),
       {numbers},
       "error: rank 1"},
      {"LabelEncoder",
       With(shorts, {{"keys_tensor", Attribute{Tensor::Of<bool>({2}, {true, false})}}}),
       {numbers},
       "error: not allowed"},
      {"OneHotEncoder",
       {{"cats_int64s", IntList({3, 1})}},
       {Reals({4}, {1.9f, 3, kNan, 1e30f})},
       "[4,2] 0 1 1 0 0 0 0 0"},
      {"OneHotEncoder",
       {{"cats_strings", Words({"a", "b"})}, {"zeros", Int(0)}},
       {Strings({1, 2}, {"b", "a"})},
       "[1,2,2] 0 1 1 0"},
      {"OneHotEncoder",
       {{"cats_strings", Words({"a"})}, {"zeros", Int(0)}},
       {Strings({2}, {"a", "b"})},
       "error: element 1 of X is none of the categories"},
      {"OneHotEncoder", {{"cats_strings", Words({"a"})}}, {Longs({1})}, "error: are strings"},
  });
}

Value MakeMap(Value keys, Sequence values) {
  return Map{.keys = keys.tensor(), .values = std::move(values)};
}

TEST_CASE("maps become tensors, and tensors maps", "[ml]") {
  const auto real = [](float value) { return Value(Tensor::Scalar(value)); };
  const auto text = [](std::string value) { return Value(Tensor::Scalar(std::move(value))); };
  const Value reals = MakeMap(Longs({3, 0}), {real(1.5f), real(-2.5f)});
  const Value texts = MakeMap(Longs({0}), {text("12.75")});
  const Value named = MakeMap(Strings({2}, {"b", "x"}), {real(1), real(2)});
  const Attributes sparse = {{"map_form", Text("SPARSE")}, {"max_map", Int(4)}};
  const Attributes vocabulary = {{"string_vocabulary", Words({"a", "b"})}};
  const Attributes zip = {{"classlabels_strings", Words({"a", "b"})}};
  CheckMl({
      {"CastMap", {}, {reals}, "[1,2] -2.5 1.5"},
      {"CastMap", sparse, {reals}, "[1,4] -2.5 0 0 1.5"},
      {"CastMap", {{"cast_to", Text("TO_INT64")}}, {reals}, "[1,2] -2 1"},
      {"CastMap", {{"cast_to", Text("TO_STRING")}}, {reals}, "[1,2] -2.500000 1.500000"},
      {"CastMap",
       With(sparse, {{"cast_to", Text("TO_STRING")}}),
       {texts},
       "[1,4] 12.75 0.f 0.f 0.f"},
      {"CastMap", {{"cast_to", Text("TO_INT64")}}, {texts}, "[1,1] 12"},
      {"CastMap", {}, {MakeMap(Longs({0}), {text("12x")})}, "error: '12x' is no number"},
      {"CastMap", With(sparse, {{"max_map", Int(3)}}), {reals}, "error: the key 3"},
      {"CastMap", sparse, {MakeMap(Longs({-1}), {real(1)})}, "error: the key -1"},
      {"CastMap", With(sparse, {{"max_map", Int(INT64_MAX)}}), {reals}, "error: "},
      {"CastMap", {}, {named}, "error: keys of type int64"},
      {"CastMap", {}, {MakeMap(Longs({0, 1}), {real(1)})}, "error: for 1 values"},
      {"CastMap", {}, {MakeMap(Longs({0, 1}), {real(1), text("a")})}, "error: the value string"},
      {"CastMap", {}, {Longs({1})}, "error: expected a map"},
      {"CastMap", {{"cast_to", Text("TO_INT")}}, {reals}, "error: 'TO_INT'"},
      {"DictVectorizer", vocabulary, {named}, "[2] 0 1"},
      {"DictVectorizer", {{"int64_vocabulary", IntList({0, 7})}}, {texts}, "[2] 12.75 "},
      {"DictVectorizer", vocabulary, {reals}, "error: keys of type string"},
      {"DictVectorizer", {}, {reals}, "error: exactly one"},
      {"ZipMap",
       zip,
       {Reals({2, 2}, {1, 2, 3, 4})},
       "([2] a b: ([] 1, [] 2), [2] a b: ([] 3, [] 4))"},
      {"ZipMap", {{"classlabels_int64s", IntList({7})}}, {Reals({1}, {1})}, "([1] 7: ([] 1))"},
      {"ZipMap", zip, {Reals({0, 2}, {})}, "()"},
      {"ZipMap", zip, {Reals({2, 1}, {1, 2})}, "error: 1 columns for 2 keys"},
  });
}

}  // namespace
}  // namespace sardonyx
