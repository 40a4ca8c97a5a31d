// Ensembles of decision trees, as every operator on them sees them once they have been checked.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/ml/scores.h"
#include "runtime/op.h"

namespace sardonyx {

/// Numbered as nodes_modes of TreeEnsemble.
enum class BranchMode : uint8_t { kLeq, kLt, kGte, kGt, kEq, kNeq, kMember };
/// Numbered as aggregate_function of TreeEnsemble.
enum class Aggregate : uint8_t { kAverage, kSum, kMin, kMax };

/// An inner node. A place to go on at is an inner node's position or, as ~position, a leaf's.
struct TreeNode {
  double split = 0;
  int32_t feature = 0;
  BranchMode mode = BranchMode::kLeq;
  bool missing_is_true = false;  // NaN goes to the true side
  int32_t if_true = 0, if_false = 0;
  int32_t members = 0;  // the set of kMember
};

/// What a leaf adds to one target or class.
struct Vote {
  int64_t target = 0;
  double weight = 0;
};

struct TreeEnsemble {
  std::vector<TreeNode> nodes;
  std::vector<int32_t> first_vote = {0};     // of each leaf, and an end
  std::vector<Vote> votes;                   // by leaf
  std::vector<int32_t> roots;                // places
  std::vector<std::vector<double>> members;  // sorted
  int64_t targets = 1;
  std::vector<double> base_values;  // none, one for all targets, or one for each
  Aggregate aggregate = Aggregate::kSum;
  PostTransform transform = PostTransform::kNone;
  int64_t features = 0;  // that X must have at least; set by Check

  /// Checks that every place and feature exists and that from every root on the inner nodes form a
  /// tree, so that a walk ends; sizes of other lists, and targets. Sets `features`.
  Status Check();

  int64_t leaves() const { return static_cast<int64_t>(first_vote.size()) - 1; }

  /// The leaf that a row of features reaches from a place on.
  template <typename T>
  int32_t Leaf(int32_t place, const T* x) const {
    while (place >= 0) {
      const TreeNode& node = nodes[place];
      place = Holds(node, static_cast<double>(x[node.feature])) ? node.if_true : node.if_false;
    }
    return ~place;
  }

  /// The aggregated scores of a row with the base values, not transformed. A target for which no
  /// leaf votes has 0, as in onnxruntime.
  std::vector<double> Scores(absl::Span<const double> x) const;

  /// Makes sums of votes scores: divides those of an average and adds the base values.
  void Finish(absl::Span<double> scores) const;

 private:
  bool Holds(const TreeNode& node, double x) const {
    if (std::isnan(x)) return node.missing_is_true;
    switch (node.mode) {
      case BranchMode::kLeq:
        return x <= node.split;
      case BranchMode::kLt:
        return x < node.split;
      case BranchMode::kGte:
        return x >= node.split;
      case BranchMode::kGt:
        return x > node.split;
      case BranchMode::kEq:
        return x == node.split;
      case BranchMode::kNeq:
        return x != node.split;
      case BranchMode::kMember:
        break;
    }
    const std::vector<double>& set = members[node.members];
    return std::binary_search(set.begin(), set.end(), x);
  }
  Status CheckPlace(int32_t place, std::vector<bool>* taken) const;
};

}  // namespace sardonyx
