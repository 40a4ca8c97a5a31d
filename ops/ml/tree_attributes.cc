#include "ops/ml/tree_attributes.h"

#include <array>
#include <limits>
#include <numeric>
#include <set>
#include <tuple>

#include "ops/common/real_reader.h"

namespace sardonyx {
namespace {

/// Lists that must be equally long, for one message.
struct Length {
  absl::string_view name;
  size_t size;
};

Status CheckLengths(std::initializer_list<Length> lists) {
  for (const Length& list : lists) {
    if (list.size != lists.begin()->size) {
      return InvalidArgument(list.name, " has ", list.size, " elements, but ", lists.begin()->name,
                             " ", lists.begin()->size);
    }
  }
  if (lists.begin()->size > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return LimitExceeded(lists.begin()->name, " has more than 2^31 elements");
  }
  return absl::OkStatus();
}

StatusOr<std::vector<double>> ReadReals(const Tensor& tensor, absl::string_view name) {
  std::vector<double> result(tensor.size());
  if (!tensor.defined()) return result;
  SX_ASSIGN_OR_RETURN(const RealReader reader, RealReader::Of(tensor, name));
  for (int64_t i = 0; i < tensor.size(); ++i) result[i] = reader[i];
  return result;
}

/// A list of floats, or from version 3 on alternatively a tensor "<name>_as_tensor".
StatusOr<std::vector<double>> ParseReals(ParseContext& context, const std::string& name) {
  const std::vector<float> floats = context.FloatList(name);
  const std::string tensor_name = name + "_as_tensor";
  if (context.version() < 3) return std::vector<double>(floats.begin(), floats.end());
  SX_ASSIGN_OR_RETURN(auto reals, ReadReals(context.TensorValue(tensor_name), tensor_name));
  if (floats.empty()) return reals;
  if (!reals.empty()) return InvalidArgument("both ", name, " and ", tensor_name, " are given");
  return std::vector<double>(floats.begin(), floats.end());
}

/// An index that fits int32, in which 2^31 - 1 stands for what is beyond: no list is that long.
int32_t Narrow(int64_t index) {
  return static_cast<int32_t>(std::clamp<int64_t>(index, -1, std::numeric_limits<int32_t>::max()));
}

/// One element of nodes_missing_value_tracks_true, which may be left out.
bool MissingIsTrue(const Ints& tracks, size_t i) { return !tracks.empty() && tracks[i] != 0; }

// ---- Nodes named by tree and id ----

/// Finds nodes by their names.
class NodeNames {
 public:
  /// Errors: a name that two nodes have.
  static StatusOr<NodeNames> Of(const Ints& trees, const Ints& ids) {
    NodeNames names;
    names.entries_.reserve(ids.size());
    for (size_t i = 0; i < ids.size(); ++i) {
      names.entries_.push_back({trees[i], ids[i], static_cast<int32_t>(i)});
    }
    std::sort(names.entries_.begin(), names.entries_.end());
    for (size_t i = 1; i < ids.size(); ++i) {
      const auto& [tree, id, position] = names.entries_[i];
      const Entry& before = names.entries_[i - 1];
      if (std::get<0>(before) == tree && std::get<1>(before) == id) {
        return InvalidArgument("tree ", tree, " has two nodes ", id);
      }
    }
    return names;
  }

  StatusOr<int32_t> Find(int64_t tree, int64_t id) const {
    const auto found = std::lower_bound(entries_.begin(), entries_.end(), Entry{tree, id, 0});
    if (found == entries_.end() || std::get<0>(*found) != tree || std::get<1>(*found) != id) {
      return InvalidArgument("tree ", tree, " has no node ", id);
    }
    return std::get<2>(*found);
  }

 private:
  using Entry = std::tuple<int64_t, int64_t, int32_t>;  // tree, id, position
  std::vector<Entry> entries_;
};

/// The comparison of that name; nullopt for a leaf. Errors: no such name.
StatusOr<std::optional<BranchMode>> ReadMode(const std::string& name) {
  static constexpr std::array<absl::string_view, 6> kNames = {
      "BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"};
  if (name == "LEAF") return std::optional<BranchMode>();
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return InvalidArgument("nodes_modes has '", name, "'");
  return std::optional(static_cast<BranchMode>(found - kNames.begin()));
}

/// The nodes of the attributes, each with its place in the ensemble.
struct NamedNodes {
  Ints trees, ids, features, if_true, if_false, tracks;
  std::vector<double> splits;
  std::vector<std::optional<BranchMode>> modes;
  std::vector<int32_t> places;
  int32_t leaves = 0;
};

StatusOr<NamedNodes> ParseNamedNodes(ParseContext& context) {
  NamedNodes nodes{.trees = context.IntList("nodes_treeids"),
                   .ids = context.IntList("nodes_nodeids"),
                   .features = context.IntList("nodes_featureids"),
                   .if_true = context.IntList("nodes_truenodeids"),
                   .if_false = context.IntList("nodes_falsenodeids"),
                   .tracks = context.IntList("nodes_missing_value_tracks_true")};
  SX_ASSIGN_OR_RETURN(nodes.splits, ParseReals(context, "nodes_values"));
  const std::vector<std::string> modes = context.StringList("nodes_modes");
  for (const char* hint : {"nodes_hitrates", "nodes_hitrates_as_tensor"}) context.Ignore(hint);
  SX_RETURN_IF_ERROR(
      CheckLengths({{"nodes_nodeids", nodes.ids.size()},
                    {"nodes_treeids", nodes.trees.size()},
                    {"nodes_featureids", nodes.features.size()},
                    {"nodes_truenodeids", nodes.if_true.size()},
                    {"nodes_falsenodeids", nodes.if_false.size()},
                    {"nodes_values", nodes.splits.size()},
                    {"nodes_modes", modes.size()},
                    {"nodes_missing_value_tracks_true",
                     nodes.tracks.empty() ? nodes.ids.size() : nodes.tracks.size()}}));
  int32_t inner = 0;
  for (const std::string& name : modes) {
    SX_ASSIGN_OR_RETURN(const auto mode, ReadMode(name));
    nodes.modes.push_back(mode);
    nodes.places.push_back(mode ? inner++ : ~nodes.leaves++);
  }
  return nodes;
}

/// Adds what the leaves vote, in the order of the attributes for each leaf. Votes of inner nodes
/// are not heard.
Status AddVotes(ParseContext& context, const std::string& prefix, const NamedNodes& nodes,
                const NodeNames& names, TreeEnsemble* trees) {
  const Ints tree_ids = context.IntList(prefix + "_treeids");
  const Ints node_ids = context.IntList(prefix + "_nodeids");
  const Ints targets = context.IntList(prefix + "_ids");
  SX_ASSIGN_OR_RETURN(const std::vector<double> weights, ParseReals(context, prefix + "_weights"));
  SX_RETURN_IF_ERROR(CheckLengths({{prefix + "_ids", targets.size()},
                                   {prefix + "_treeids", tree_ids.size()},
                                   {prefix + "_nodeids", node_ids.size()},
                                   {prefix + "_weights", weights.size()}}));
  std::vector<int32_t> of_leaf(targets.size(), -1);
  trees->first_vote.assign(nodes.leaves + 1, 0);
  for (size_t i = 0; i < targets.size(); ++i) {
    SX_ASSIGN_OR_RETURN(const int32_t node, names.Find(tree_ids[i], node_ids[i]));
    if (nodes.places[node] >= 0) continue;
    of_leaf[i] = ~nodes.places[node];
    ++trees->first_vote[of_leaf[i] + 1];
  }
  std::partial_sum(trees->first_vote.begin(), trees->first_vote.end(), trees->first_vote.begin());
  trees->votes.resize(trees->first_vote.back());
  std::vector<int32_t> next = trees->first_vote;
  for (size_t i = 0; i < targets.size(); ++i) {
    if (of_leaf[i] >= 0) trees->votes[next[of_leaf[i]]++] = {targets[i], weights[i]};
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<TreeEnsemble> ParseNamedTrees(ParseContext& context, const std::string& votes,
                                       int64_t targets) {
  TreeEnsemble trees{.targets = targets, .transform = ParsePostTransform(context)};
  SX_ASSIGN_OR_RETURN(trees.base_values, ParseReals(context, "base_values"));
  SX_ASSIGN_OR_RETURN(const NamedNodes nodes, ParseNamedNodes(context));
  SX_ASSIGN_OR_RETURN(const NodeNames names, NodeNames::Of(nodes.trees, nodes.ids));
  std::set<int64_t> seen;
  for (size_t i = 0; i < nodes.ids.size(); ++i) {
    // The first node of a tree is its root.
    if (seen.insert(nodes.trees[i]).second) trees.roots.push_back(nodes.places[i]);
    if (!nodes.modes[i]) continue;
    SX_ASSIGN_OR_RETURN(const int32_t if_true, names.Find(nodes.trees[i], nodes.if_true[i]));
    SX_ASSIGN_OR_RETURN(const int32_t if_false, names.Find(nodes.trees[i], nodes.if_false[i]));
    trees.nodes.push_back({.split = nodes.splits[i],
                           .feature = Narrow(nodes.features[i]),
                           .mode = *nodes.modes[i],
                           .missing_is_true = MissingIsTrue(nodes.tracks, i),
                           .if_true = nodes.places[if_true],
                           .if_false = nodes.places[if_false]});
  }
  SX_RETURN_IF_ERROR(AddVotes(context, votes, nodes, names, &trees));
  SX_RETURN_IF_ERROR(trees.Check());
  return trees;
}

// ---- Nodes named by position ----

namespace {

/// The sets of membership_values, each closed by a NaN.
StatusOr<std::vector<std::vector<double>>> ParseMembers(ParseContext& context) {
  SX_ASSIGN_OR_RETURN(const std::vector<double> values,
                      ReadReals(context.TensorValue("membership_values"), "membership_values"));
  std::vector<std::vector<double>> sets;
  bool open = false;
  for (double value : values) {
    if (!open) sets.emplace_back();
    open = !std::isnan(value);
    if (open) sets.back().push_back(value);
  }
  for (std::vector<double>& set : sets) std::sort(set.begin(), set.end());
  return sets;
}

/// An integer attribute that names one of `count` things.
template <typename Enum>
Enum ParseEnum(ParseContext& context, const std::string& name, Enum fallback, int64_t count) {
  const int64_t value = context.Int(name, static_cast<int64_t>(fallback));
  if (value >= 0 && value < count) return static_cast<Enum>(value);
  context.Fail(absl::StrCat(name, " is ", value, ", expected 0 to ", count - 1));
  return fallback;
}

Status ParsePlacedNodes(ParseContext& context, TreeEnsemble* trees) {
  const Tensor modes = context.TensorValue("nodes_modes");
  if (modes.type() != DataType::kUInt8) {
    return InvalidArgument("nodes_modes is ", modes.ToString(), ", expected uint8");
  }
  SX_ASSIGN_OR_RETURN(const std::vector<double> splits,
                      ReadReals(context.TensorValue("nodes_splits"), "nodes_splits"));
  const Ints features = context.IntList("nodes_featureids");
  const Ints if_true = context.IntList("nodes_truenodeids");
  const Ints if_false = context.IntList("nodes_falsenodeids");
  const Ints true_leaf = context.IntList("nodes_trueleafs");
  const Ints false_leaf = context.IntList("nodes_falseleafs");
  const Ints tracks = context.IntList("nodes_missing_value_tracks_true");
  context.Ignore("nodes_hitrates");
  SX_RETURN_IF_ERROR(CheckLengths(
      {{"nodes_modes", static_cast<size_t>(modes.size())},
       {"nodes_splits", splits.size()},
       {"nodes_featureids", features.size()},
       {"nodes_truenodeids", if_true.size()},
       {"nodes_falsenodeids", if_false.size()},
       {"nodes_trueleafs", true_leaf.size()},
       {"nodes_falseleafs", false_leaf.size()},
       {"nodes_missing_value_tracks_true", tracks.empty() ? features.size() : tracks.size()}}));
  const auto place = [](int64_t position, bool leaf) {
    // Check refuses 2^31 - 1 and its complement, which no node and no leaf has.
    const int32_t narrow =
        position < 0 ? Narrow(std::numeric_limits<int64_t>::max()) : Narrow(position);
    return leaf ? ~narrow : narrow;
  };
  int32_t sets = 0;
  for (size_t i = 0; i < features.size(); ++i) {
    const uint8_t mode = modes.data<uint8_t>()[i];
    if (mode > static_cast<uint8_t>(BranchMode::kMember)) {
      return InvalidArgument("nodes_modes has ", int{mode}, ", expected 0 to 6");
    }
    const bool member = static_cast<BranchMode>(mode) == BranchMode::kMember;
    trees->nodes.push_back({.split = splits[i],
                            .feature = Narrow(features[i]),
                            .mode = static_cast<BranchMode>(mode),
                            .missing_is_true = MissingIsTrue(tracks, i),
                            .if_true = place(if_true[i], true_leaf[i] != 0),
                            .if_false = place(if_false[i], false_leaf[i] != 0),
                            .members = member ? sets++ : 0});
  }
  SX_ASSIGN_OR_RETURN(trees->members, ParseMembers(context));
  if (static_cast<int64_t>(trees->members.size()) != sets) {
    return InvalidArgument("membership_values has ", trees->members.size(), " sets for ", sets,
                           " nodes of mode BRANCH_MEMBER");
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<TreeEnsemble> ParsePlacedTrees(ParseContext& context) {
  for (const char* name : {"tree_roots", "nodes_modes", "nodes_splits", "nodes_featureids",
                           "nodes_truenodeids", "nodes_falsenodeids", "nodes_trueleafs",
                           "nodes_falseleafs", "leaf_targetids", "leaf_weights"}) {
    if (!context.Has(name)) return InvalidArgument("attribute '", name, "' is required");
  }
  SX_ASSIGN_OR_RETURN(const int64_t n_targets, ParseTargets(context));
  TreeEnsemble trees{.targets = n_targets,
                     .aggregate = ParseEnum(context, "aggregate_function", Aggregate::kSum, 4),
                     .transform = ParseEnum(context, "post_transform", PostTransform::kNone, 5)};
  SX_RETURN_IF_ERROR(ParsePlacedNodes(context, &trees));
  for (int64_t root : context.IntList("tree_roots")) {
    if (root < 0) return InvalidArgument("tree_roots has ", root);
    trees.roots.push_back(Narrow(root));
  }
  const Ints targets = context.IntList("leaf_targetids");
  SX_ASSIGN_OR_RETURN(const std::vector<double> weights,
                      ReadReals(context.TensorValue("leaf_weights"), "leaf_weights"));
  SX_RETURN_IF_ERROR(
      CheckLengths({{"leaf_targetids", targets.size()}, {"leaf_weights", weights.size()}}));
  for (size_t i = 0; i < targets.size(); ++i) {
    trees.votes.push_back({targets[i], weights[i]});
    trees.first_vote.push_back(static_cast<int32_t>(i) + 1);
  }
  SX_RETURN_IF_ERROR(trees.Check());
  return trees;
}

StatusOr<int64_t> ParseTargets(ParseContext& context) {
  constexpr int64_t kMost = 1 << 20;  // a row of scores must fit memory
  const int64_t targets = context.Int("n_targets", 1);
  if (targets < 1 || targets > kMost) {
    return InvalidArgument("n_targets is ", targets, ", expected 1 to ", kMost);
  }
  return targets;
}

}  // namespace sardonyx
