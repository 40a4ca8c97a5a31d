// Tree ensembles: both forms, every comparison, and trees that are none.
#include <limits>

#include "tests/ml/ml_case.h"

namespace sardonyx {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Attribute Bytes(std::vector<uint8_t> values) {
  return {Tensor::Of<uint8_t>({static_cast<int64_t>(values.size())}, values)};
}
Attribute Floats(std::vector<float> values) {
  return {Tensor::Of<float>({static_cast<int64_t>(values.size())}, values)};
}

/// Two trees on two features: x0 <= 1 ? (x1 < 0 ? 10 : 20) : 30, and the leaf 1; for two targets.
Attributes Regressor() {
  return {{"nodes_treeids", IntList({0, 0, 0, 0, 0, 1})},
          {"nodes_nodeids", IntList({0, 1, 2, 3, 4, 0})},
          {"nodes_featureids", IntList({0, 1, 0, 0, 0, 0})},
          {"nodes_values", FloatList({1, 0, 0, 0, 0, 0})},
          {"nodes_modes", Words({"BRANCH_LEQ", "BRANCH_LT", "LEAF", "LEAF", "LEAF", "LEAF"})},
          {"nodes_truenodeids", IntList({1, 3, 0, 0, 0, 0})},
          {"nodes_falsenodeids", IntList({2, 4, 0, 0, 0, 0})},
          {"nodes_missing_value_tracks_true", IntList({1, 0, 0, 0, 0, 0})},
          {"n_targets", Int(2)},
          {"target_treeids", IntList({0, 0, 0, 1})},
          {"target_nodeids", IntList({3, 4, 2, 0})},
          {"target_ids", IntList({0, 0, 1, 0})},
          {"target_weights", FloatList({10, 20, 30, 1})}};
}

TEST_CASE("TreeEnsembleRegressor walks, aggregates and transforms", "[ml]") {
  const Attributes trees = Regressor();
  const Value x = Reals({4, 2}, {1, -1, 1, 0, 2, 0, kNan, kNan});
  const auto aggregate = [&](const char* name) {
    return With(trees, {{"aggregate_function", Text(name)}});
  };
  const Attributes as_tensors =
      With(trees, {{"nodes_values", {}},
                   {"target_weights", {}},
                   {"nodes_values_as_tensor", {{Tensor::Of<double>({6}, {1, 0, 0, 0, 0, 0})}}},
                   {"target_weights_as_tensor", {{Tensor::Of<double>({4}, {10, 20, 30, 1})}}},
                   {"nodes_hitrates_as_tensor", Floats({1})},
                   {"base_values_as_tensor", {{Tensor::Of<double>({2}, {100, 200})}}}});
  CheckMl({
      {"TreeEnsembleRegressor", trees, {x}, "[4,2] 11 0 21 0 1 30 21 0"},
      {"TreeEnsembleRegressor", aggregate("AVERAGE"), {x}, "[4,2] 5.5 0 10.5 0 0.5 15 10.5 0"},
      {"TreeEnsembleRegressor", aggregate("MIN"), {x}, "[4,2] 1 0 1 0 1 30 1 0"},
      {"TreeEnsembleRegressor", aggregate("MAX"), {x}, "[4,2] 10 0 20 0 1 30 20 0"},
      {"TreeEnsembleRegressor", aggregate("MEAN"), {x}, "error: aggregate_function"},
      {"TreeEnsembleRegressor", as_tensors, {Longs({1, -1})}, "[1,2] 111 200"},
      {"TreeEnsembleRegressor", as_tensors, {x}, "error: nodes_values has 0", 1, 1},
      {"TreeEnsembleRegressor",
       With(as_tensors, {{"nodes_values", FloatList({1})}}),
       {x},
       "error: both nodes_values and nodes_values_as_tensor"},
      {"TreeEnsembleRegressor",
       With(trees,
            {{"post_transform", Text("LOGISTIC")}, {"target_weights", FloatList({0, 0, 0, 0})}}),
       {Reals({1, 2}, {0, 0})},
       "[1,2] 0.5 0.5"},
      {"TreeEnsembleRegressor", trees, {Reals({0, 2}, {})}, "[0,2]"},
  });
}

TEST_CASE("blocks of rows give what single rows give", "[ml]") {
  Tensor x = *Tensor::Create(DataType::kFloat, {300, 2});
  for (int64_t i = 0; i < x.size(); ++i) x.data<float>()[i] = static_cast<float>(i * 7 % 5 - 2);
  const Attributes trees = With(Regressor(), {{"base_values", FloatList({0.1f, 0.2f})}});
  const auto run = [&](const char* aggregate, const std::string& kernel, int threads) {
    const auto outputs =
        RunOp("TreeEnsembleRegressor", 3, With(trees, {{"aggregate_function", Text(aggregate)}}),
              {x}, 1, "treeensembleregressor." + kernel, threads, "ai.onnx.ml");
    return outputs.ok() ? Describe((*outputs)[0]) : std::string(outputs.status().message());
  };
  for (const char* aggregate : {"SUM", "AVERAGE"}) {
    const std::string expected = run(aggregate, "reference", 1);
    CHECK(run(aggregate, "blocks", 1) == expected);
    CHECK(run(aggregate, "blocks", 3) == expected);
  }
  CHECK_THAT(run("MAX", "blocks", 1), Catch::Contains("neither least nor greatest"));
}

TEST_CASE("nodes that are named wrongly are errors", "[ml]") {
  const auto fails = [](const char* name, Attribute value, const char* why) {
    return MlCase{"TreeEnsembleRegressor",
                  With(Regressor(), {{name, std::move(value)}}),
                  {Reals({1, 2}, {0, 0})},
                  absl::StrCat("error: ", why)};
  };
  CheckMl({
      fails("nodes_truenodeids", IntList({0, 3, 0, 0, 0, 0}), "node 0"),         // itself
      fails("nodes_truenodeids", IntList({1, 0, 0, 0, 0, 0}), "node 0"),         // its parent
      fails("nodes_falsenodeids", IntList({1, 4, 0, 0, 0, 0}), "two branches"),  // both ways
      fails("nodes_truenodeids", IntList({9, 3, 0, 0, 0, 0}), "no node 9"),
      fails("nodes_truenodeids", IntList({-1, 3, 0, 0, 0, 0}), "no node -1"),
      fails("nodes_nodeids", IntList({0, 1, 2, 3, 3, 0}), "two nodes 3"),
      fails("nodes_nodeids", IntList({0, 1}), "elements"),
      fails("nodes_featureids", IntList({0, -1, 0, 0, 0, 0}), "feature -1"),
      fails("nodes_featureids", IntList({0, 2, 0, 0, 0, 0}), "2 features, but the trees ask for 3"),
      fails("nodes_featureids", IntList({0, INT64_MAX, 0, 0, 0, 0}), "ask for 2147483648"),
      fails("nodes_modes", Words({"BRANCH_LE", "", "LEAF", "LEAF", "LEAF", "LEAF"}), "BRANCH_LE"),
      fails("nodes_missing_value_tracks_true", IntList({1}), "has 1 elements"),
      fails("target_nodeids", IntList({3, 4, 2, 7}), "tree 1 has no node 7"),
      fails("target_ids", IntList({0, 0, 2, 0}), "votes for 2"),
      fails("target_ids", IntList({0, 0, -1, 0}), "votes for -1"),
      fails("target_weights", FloatList({1}), "has 1 elements"),
      fails("n_targets", Int(0), "n_targets is 0"),
      fails("n_targets", Int(INT64_MAX), "n_targets is"),
      fails("base_values", FloatList({1, 2, 3}), "3 base values"),
      {"TreeEnsembleRegressor", {}, {Reals({1, 1}, {0})}, "error: no tree"},
  });
}

/// x0 (mode) split ? leaf 0 : leaf 1, which give 1 and 2.
Attributes Stump(uint8_t mode, float split, bool missing_is_true = false) {
  return {{"tree_roots", IntList({0})},
          {"nodes_modes", Bytes({mode})},
          {"nodes_splits", Floats({split})},
          {"nodes_featureids", IntList({0})},
          {"nodes_truenodeids", IntList({0})},
          {"nodes_falsenodeids", IntList({1})},
          {"nodes_trueleafs", IntList({1})},
          {"nodes_falseleafs", IntList({1})},
          {"nodes_missing_value_tracks_true", IntList({missing_is_true ? 1 : 0})},
          {"n_targets", Int(1)},
          {"leaf_targetids", IntList({0, 0})},
          {"leaf_weights", Floats({1, 2})}};
}

TEST_CASE("TreeEnsemble compares in seven ways", "[ml]") {
  const Value x = Reals({4, 1}, {1, 2, 3, kNan});
  const Attributes member = With(Stump(6, 0), {{"membership_values", Floats({3, 1, kNan})}});
  CheckMl({
      {"TreeEnsemble", Stump(0, 2), {x}, "[4,1] 1 1 2 2"},
      {"TreeEnsemble", Stump(1, 2), {x}, "[4,1] 1 2 2 2"},
      {"TreeEnsemble", Stump(2, 2), {x}, "[4,1] 2 1 1 2"},
      {"TreeEnsemble", Stump(3, 2), {x}, "[4,1] 2 2 1 2"},
      {"TreeEnsemble", Stump(4, 2), {x}, "[4,1] 2 1 2 2"},
      {"TreeEnsemble", Stump(5, 2), {x}, "[4,1] 1 2 1 2"},  // missing is not true
      {"TreeEnsemble", Stump(0, 2, true), {x}, "[4,1] 1 1 2 1"},
      {"TreeEnsemble", member, {x}, "[4,1] 1 2 1 2"},
      {"TreeEnsemble",
       With(member, {{"nodes_missing_value_tracks_true", IntList({1})}}),
       {x},
       "[4,1] 1 2 1 1"},
      {"TreeEnsemble", Stump(0, 2), {Tensor::Of<double>({1, 1}, {2})}, "[1,1] 1"},
      {"TreeEnsemble", Stump(0, 2), {Tensor::Of<Half>({1, 1}, {Half(3.0f)})}, "[1,1] 2"},
      {"TreeEnsemble", With(Stump(0, 2), {{"tree_roots", IntList({0, 0})}}), {x}, "[4,1] 2 2 4 4"},
      {"TreeEnsemble",
       With(Stump(0, 2), {{"nodes_falsenodeids", IntList({0})}}),
       {x},
       "[4,1] 1 1 1 1"},
      {"TreeEnsemble", With(Stump(0, 2), {{"post_transform", Int(1)}}), {x}, "[4,1] 1 1 1 1"},
  });
}

TEST_CASE("TreeEnsemble refuses what is no tree", "[ml]") {
  const auto fails = [](const char* name, std::optional<Attribute> value, const char* why) {
    return MlCase{"TreeEnsemble",
                  With(Stump(0, 2), {{name, std::move(value)}}),
                  {Reals({1, 1}, {0})},
                  absl::StrCat("error: ", why)};
  };
  CheckMl({
      fails("nodes_truenodeids", IntList({2}), "leaf 2 is outside of 2 leaves"),
      fails("nodes_truenodeids", IntList({-1}), "leaf 2147483647 is outside"),
      fails("nodes_falsenodeids", IntList({INT64_MAX}), "leaf 2147483647 is outside"),
      fails("nodes_trueleafs", IntList({0}), "two branches lead to node 0"),
      fails("nodes_falseleafs", IntList({0}), "node 1 is outside of 1 nodes"),
      fails("tree_roots", IntList({1}), "node 1 is outside of 1 nodes"),
      fails("tree_roots", IntList({-1}), "tree_roots has -1"),
      fails("tree_roots", IntList({}), "no tree"),
      fails("tree_roots", {}, "'tree_roots' is required"),
      fails("nodes_modes", Bytes({7}), "nodes_modes has 7"),
      fails("nodes_modes", Bytes({6}), "membership_values has 0 sets for 1"),
      fails("nodes_modes", Floats({0}), "expected uint8"),
      fails("membership_values", Floats({1, kNan}), "has 1 sets for 0"),
      fails("nodes_splits", Floats({1, 2}), "has 2 elements"),
      fails("leaf_targetids", IntList({0, 1}), "votes for 1"),
      fails("leaf_targetids", IntList({0}), "leaf_weights has 2"),
      fails("aggregate_function", Int(4), "aggregate_function is 4"),
      fails("post_transform", Int(-1), "post_transform is -1"),
      {"TreeEnsemble",
       Stump(0, 2),
       {Reals({1, 0}, {})},
       "error: 0 features, but the trees ask for"},
      {"TreeEnsemble", Stump(0, 2), {Longs({1})}, "error: int64"},
  });
}

/// x0 <= 0.5 ? leaf 1 : leaf 2 with votes for classes.
Attributes Classifier(std::vector<int64_t> labels, std::vector<int64_t> nodes,
                      std::vector<int64_t> classes, std::vector<float> weights,
                      const char* transform = "NONE") {
  return {{"nodes_treeids", IntList({3, 3, 3})},
          {"nodes_nodeids", IntList({0, 1, 2})},
          {"nodes_featureids", IntList({0, 0, 0})},
          {"nodes_values", FloatList({0.5f, 0, 0})},
          {"nodes_modes", Words({"BRANCH_LEQ", "LEAF", "LEAF"})},
          {"nodes_truenodeids", IntList({1, 0, 0})},
          {"nodes_falsenodeids", IntList({2, 0, 0})},
          {"class_treeids", IntList(std::vector<int64_t>(nodes.size(), 3))},
          {"class_nodeids", IntList(std::move(nodes))},
          {"class_ids", IntList(std::move(classes))},
          {"class_weights", FloatList(std::move(weights))},
          {"classlabels_int64s", IntList(std::move(labels))},
          {"post_transform", Text(transform)}};
}

TEST_CASE("TreeEnsembleClassifier, two classes and others", "[ml]") {
  const Value x = Reals({2, 1}, {0, 1});
  const auto check = [&](const Attributes& attributes, const char* expected) {
    return MlCase{"TreeEnsembleClassifier", attributes, {x}, expected, 2};
  };
  CheckMl({
      // Votes for one class alone: a probability, or a margin.
      check(Classifier({5, 7}, {1, 2}, {0, 0}, {0.25f, 0.75f}),
            "[2] 5 7; [2,2] 0.75 0.25 0.25 0.75"),
      check(Classifier({5, 7}, {1, 2}, {0, 0}, {-0.25f, 0.75f}),
            "[2] 5 7; [2,2] 0.25 -0.25 -0.75 0.75"),
      check(Classifier({5, 7}, {1, 2}, {1, 1}, {0.25f, 0.75f}), "[2] 5 7; [2,2] 0 0.25 0 0.75"),
      check(Classifier({5, 7}, {1, 2}, {0, 0}, {0, 0.25f}, "LOGISTIC"),
            "[2] 5 7; [2,2] 0.5 0.5 0.437824 0.562177"),
      check(With(Classifier({5, 7}, {1, 2}, {0, 0}, {-0.25f, 0.75f}),
                 {{"base_values", FloatList({0.5f})}}),
            "[2] 7 7; [2,2] -0.25 0.25 -1.25 1.25"),
      // Votes for both.
      check(Classifier({5, 7}, {1, 1, 2, 2}, {0, 1, 0, 1}, {0.75f, 0.25f, 0.25f, 0.75f}),
            "[2] 5 7; [2,2] 0.75 0.25 0.25 0.75"),
      // One class, told from none.
      check(Classifier({5}, {1, 2}, {0, 0}, {-1, 1}), "[2] 0 5; [2,1] -1 1"),
      check(Classifier({5, 6, 7}, {1, 2}, {2, 0}, {1, -1}), "[2] 7 6; [2,3] 0 0 1 -1 0 0"),
      check(With(Classifier({5, 6, 7}, {1, 2}, {2, 0}, {1, -1}),
                 {{"base_values", FloatList({0, 3, 0})}}),
            "[2] 6 6; [2,3] 0 3 1 -1 3 0"),
      check(With(Classifier({}, {1, 2}, {1, 0}, {1, 1}),
                 {{"classlabels_strings", Words({"a", "b"})}}),
            "[2] b a; [2,2] 0 1 1 0"),
      check(Classifier({}, {1, 2}, {1, 0}, {1, 1}), "error: exactly one of classlabels"),
      check(Classifier({5, 7}, {1, 2}, {0, 2}, {1, 1}), "error: votes for 2"),
  });
}

}  // namespace
}  // namespace sardonyx
