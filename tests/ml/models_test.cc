// Linear models and support vector machines.
#include "tests/ml/ml_case.h"

namespace sardonyx {
namespace {

TEST_CASE("linear models", "[ml]") {
  const Value x = Reals({2, 2}, {1, 2, -3, 0.5f});
  const Attributes classes = {{"coefficients", FloatList({1, 0, 0, 1, -1, -1})},
                              {"intercepts", FloatList({0, 0, 1})},
                              {"classlabels_ints", IntList({5, 6, 7})}};
  const Attributes binary = {{"coefficients", FloatList({1, 0})},
                             {"classlabels_strings", Words({"no", "yes"})}};
  const Attributes targets = {{"coefficients", FloatList({1, 0, 0, 1})},
                              {"intercepts", FloatList({0, 10})},
                              {"targets", Int(2)}};
  CheckMl({
      {"LinearClassifier", classes, {x}, "[2] 6 7; [2,3] 1 2 -2 -3 0.5 3.5", 2},
      {"LinearClassifier", classes, {x}, "[2] 6 7"},
      {"LinearClassifier", binary, {x}, "[2] yes no; [2,2] -1 1 3 -3", 2},
      {"LinearClassifier",
       With(binary, {{"post_transform", Text("LOGISTIC")}}),
       {Longs({0, 1})},
       "[1] no; [1,2] 0.5 0.5",
       2},
      {"LinearClassifier",
       With(binary, {{"classlabels_strings", Words({"it"})}}),
       {x},
       "[2] it ; [2,1] 1 -3",
       2},
      {"LinearClassifier", classes, {Reals({0, 2}, {})}, "[0]; [0,3]", 2},
      {"LinearClassifier", classes, {Reals({1, 3}, {1, 2, 3})}, "error: 6 coefficients for 3"},
      {"LinearClassifier", classes, {Reals({1, 0}, {})}, "error: 6 coefficients for 0"},
      {"LinearClassifier", With(classes, {{"intercepts", FloatList({1})}}), {x}, "error: 1 inter"},
      {"LinearClassifier", With(binary, {{"classlabels_strings", {}}}), {x}, "error: exactly one"},
      {"LinearClassifier", With(binary, {{"coefficients", {}}}), {x}, "error: 'coefficients'"},
      {"LinearClassifier", With(binary, {{"post_transform", Text("X")}}), {x}, "error: 'X'"},
      {"LinearRegressor", targets, {x}, "[2,2] 1 12 -3 10.5"},
      {"LinearRegressor", With(targets, {{"targets", Int(3)}}), {x}, "error: 3 targets"},
      {"LinearRegressor", With(targets, {{"targets", Int(0)}}), {x}, "error: targets is 0"},
      {"LinearRegressor",
       {{"coefficients", FloatList({1, 0})}, {"post_transform", Text("SOFTMAX")}},
       {x},
       "[2,1] 1 1"},
  });
}

TEST_CASE("transforms of scores", "[ml]") {
  const auto transformed = [](const char* name, std::vector<float> scores) {
    return Outcome("LinearRegressor", 1,
                   {{"coefficients", FloatList(std::vector<float>(scores.size()))},
                    {"intercepts", FloatList(scores)},
                    {"targets", Int(static_cast<int64_t>(scores.size()))},
                    {"post_transform", Text(name)}},
                   {Reals({1, 1}, {0})}, 1, "ai.onnx.ml");
  };
  CHECK(transformed("SOFTMAX", {1, 1, -1000}) == "[1,3] 0.5 0.5 0");
  CHECK(transformed("SOFTMAX_ZERO", {1, 0, 1}) == "[1,3] 0.5 0 0.5");
  CHECK(transformed("SOFTMAX_ZERO", {0, 0}) == "[1,2] 0.5 0.5");
  CHECK(transformed("LOGISTIC", {0, 1000, -1000}) == "[1,3] 0.5 1 0");
  CHECK(transformed("PROBIT", {0.5f, 0.75f, 0, 1, 2}) == "[1,5] 0 0.674574 -inf inf nan");
}

TEST_CASE("support vector machines", "[ml]") {
  const Value x = Reals({2, 2}, {1, 2, -1, 0});
  const Attributes regression = {{"n_supports", Int(2)},
                                 {"support_vectors", FloatList({1, 0, 0, 1})},
                                 {"coefficients", FloatList({1, -1})},
                                 {"rho", FloatList({0.5f})},
                                 {"kernel_type", Text("POLY")},
                                 {"kernel_params", FloatList({1, 1, 2})}};
  const Attributes three = {{"classlabels_strings", Words({"a", "b", "c"})},
                            {"vectors_per_class", IntList({1, 1, 1})},
                            {"support_vectors", FloatList({1, 0, 0, 1, -1, -1})},
                            {"coefficients", FloatList({1, -1, -1, 1, 1, -1})},
                            {"rho", FloatList({0, 0, 0})}};
  const Attributes linear = {{"classlabels_ints", IntList({3, 4})},
                             {"coefficients", FloatList({1, 0, 0, -1})},
                             {"rho", FloatList({0.25f})}};
  CheckMl({
      {"SVMRegressor", regression, {x}, "[2,1] -4.5 -0.5"},
      {"SVMRegressor", With(regression, {{"one_class", Int(1)}}), {x}, "[2,1] -1 -1"},
      {"SVMRegressor",
       {{"coefficients", FloatList({2, 1})}, {"rho", FloatList({1})}},
       {x},
       "[2,1] 5 -1"},
      {"SVMRegressor", With(regression, {{"n_supports", Int(3)}}), {x}, "error: 3 rows"},
      {"SVMRegressor", With(regression, {{"n_supports", Int(4)}}), {x}, "error: coefficients has"},
      {"SVMRegressor", With(regression, {{"n_supports", Int(-1)}}), {x}, "error: n_supports is -1"},
      {"SVMRegressor", With(regression, {{"rho", {}}}), {x}, "error: rho has 0"},
      {"SVMRegressor", With(regression, {{"kernel_params", FloatList({1})}}), {x}, "error: has 1"},
      {"SVMRegressor", With(regression, {{"kernel_type", Text("COSINE")}}), {x}, "error: 'COSINE'"},
      {"SVMRegressor", regression, {Reals({1, 1}, {1})}, "error: 1 features, the model 2"},
      {"SVMClassifier", three, {x}, "[2] b c; [2,3] -1 4 5 -1 -2 -1", 2},
      {"SVMClassifier", linear, {x}, "[2] 3 4; [2,2] 1.25 -1.75 -0.75 0.25", 2},
      {"SVMClassifier", With(three, {{"rho", FloatList({0, 0})}}), {x}, "error: rho has 2"},
      {"SVMClassifier",
       With(three, {{"coefficients", FloatList({1, 2, 3, 4, 5})}}),
       {x},
       "error: each row of coefficients has 2"},
      {"SVMClassifier",
       With(three, {{"vectors_per_class", IntList({1, 2})}}),
       {x},
       "error: vectors_per_class has 2 elements for 3"},
      {"SVMClassifier",
       With(three, {{"vectors_per_class", IntList({INT64_MAX, 2, 1})}}),
       {x},
       "error: vectors_per_class"},
      {"SVMClassifier",
       With(three, {{"prob_a", FloatList({1, 1, 1})}}),
       {x},
       "error: prob_b has 0"},
      {"SVMClassifier", With(linear, {{"classlabels_ints", {}}}), {x}, "error: exactly one"},
  });
}

}  // namespace
}  // namespace sardonyx
