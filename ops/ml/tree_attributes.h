// Reading tree ensembles from attributes, of which there are two forms.
#pragma once

#include "ops/ml/tree_ensemble.h"

namespace sardonyx {

/// The form of TreeEnsembleClassifier and TreeEnsembleRegressor: nodes, leaves among them, are
/// named by a tree and an id; attributes "<votes>_ids", "<votes>_weights" and so on hold what
/// leaves add. The ensemble for that many targets is checked. Errors: what Check finds, lists of
/// different lengths, names of nodes that are missing or not unique.
StatusOr<TreeEnsemble> ParseNamedTrees(ParseContext& context, const std::string& votes,
                                       int64_t targets);

/// The form of TreeEnsemble: nodes and leaves are named by their positions in lists of their own.
StatusOr<TreeEnsemble> ParsePlacedTrees(ParseContext& context);

/// The attribute n_targets. Errors: not positive, or beyond any use.
StatusOr<int64_t> ParseTargets(ParseContext& context);

}  // namespace sardonyx
