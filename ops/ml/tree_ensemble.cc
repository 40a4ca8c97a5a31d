#include "ops/ml/tree_ensemble.h"

namespace sardonyx {

/// Where each inner node is entered at one place only, no walk from a root can come back to where
/// it was: a circle would have to be entered from outside of it.
Status TreeEnsemble::CheckPlace(int32_t place, std::vector<bool>* taken) const {
  const auto nodes_size = static_cast<int64_t>(nodes.size());
  if (place < 0) {
    if (~place < leaves()) return absl::OkStatus();
    return InvalidArgument("leaf ", ~place, " is outside of ", leaves(), " leaves");
  }
  if (place >= nodes_size) {
    return InvalidArgument("node ", place, " is outside of ", nodes_size, " nodes");
  }
  if ((*taken)[place]) return InvalidArgument("two branches lead to node ", place);
  (*taken)[place] = true;
  return absl::OkStatus();
}

Status TreeEnsemble::Check() {
  std::vector<bool> taken(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    const TreeNode& node = nodes[i];
    for (const int32_t place : {node.if_true, node.if_false}) {
      SX_RETURN_IF_ERROR(Prepend(CheckPlace(place, &taken), absl::StrCat("below node ", i, ": ")));
    }
    if (node.feature < 0) return InvalidArgument("node ", i, " has feature ", node.feature);
    features = std::max<int64_t>(features, int64_t{node.feature} + 1);
    if (node.mode == BranchMode::kMember &&
        (node.members < 0 || node.members >= static_cast<int64_t>(members.size()))) {
      return InvalidArgument("node ", i, " has no set of members");
    }
  }
  if (roots.empty()) return InvalidArgument("the ensemble has no tree");
  for (const int32_t root : roots) {
    // A tree may count twice, but a root must not be below another node.
    if (root >= 0 && root < static_cast<int64_t>(nodes.size()) && !taken[root]) continue;
    SX_RETURN_IF_ERROR(Prepend(CheckPlace(root, &taken), "a root: "));
  }
  for (const Vote& vote : votes) {
    if (vote.target < 0 || vote.target >= targets) {
      return InvalidArgument("a leaf votes for ", vote.target, ", but there are ", targets,
                             " targets or classes");
    }
  }
  const auto bases = static_cast<int64_t>(base_values.size());
  if (bases > 1 && bases != targets) {
    return InvalidArgument("there are ", bases, " base values for ", targets,
                           " targets or classes");
  }
  return absl::OkStatus();
}

std::vector<double> TreeEnsemble::Scores(absl::Span<const double> x) const {
  std::vector<double> scores(targets);
  std::vector<bool> voted(aggregate == Aggregate::kMin || aggregate == Aggregate::kMax ? targets
                                                                                       : 0);
  for (const int32_t root : roots) {
    const int32_t leaf = Leaf(root, x.data());
    for (int32_t i = first_vote[leaf]; i < first_vote[leaf + 1]; ++i) {
      const auto [target, weight] = votes[i];
      if (voted.empty()) {
        scores[target] += weight;
      } else if (!voted[target]) {
        scores[target] = weight;
        voted[target] = true;
      } else {
        scores[target] = aggregate == Aggregate::kMin ? std::min(scores[target], weight)
                                                      : std::max(scores[target], weight);
      }
    }
  }
  Finish(absl::MakeSpan(scores));
  return scores;
}

void TreeEnsemble::Finish(absl::Span<double> scores) const {
  for (size_t i = 0; i < scores.size(); ++i) {
    if (aggregate == Aggregate::kAverage) scores[i] /= static_cast<double>(roots.size());
    if (!base_values.empty()) scores[i] += base_values[base_values.size() == 1 ? 0 : i];
  }
}

}  // namespace sardonyx
