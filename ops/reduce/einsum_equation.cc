#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "ops/reduce/einsum.h"

namespace sardonyx {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

StatusOr<std::vector<int>> ParseTerm(absl::string_view term) {
  std::vector<int> labels;
  while (!term.empty()) {
    if (absl::StartsWith(term, "...")) {
      if (std::count(labels.begin(), labels.end(), EinsumAttrs::kEllipsis) > 0) {
        return InvalidArgument("a term of the equation has '...' twice");
      }
      labels.push_back(EinsumAttrs::kEllipsis);
      term.remove_prefix(3);
    } else if (IsLetter(term[0])) {
      labels.push_back(term[0]);
      term.remove_prefix(1);
    } else {
      return InvalidArgument("the equation has '", term.substr(0, 1),
                             "', which is neither a letter nor a part of '...', ',' or '->'");
    }
  }
  return labels;
}

}  // namespace

StatusOr<std::shared_ptr<EinsumAttrs>> ParseEquation(const std::string& equation) {
  std::string text = equation;
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  const std::vector<absl::string_view> sides = absl::StrSplit(text, "->");
  if (sides.size() > 2) return InvalidArgument("the equation has more than one '->'");

  auto attrs = std::make_shared<EinsumAttrs>();
  std::map<int, int> uses;
  for (const absl::string_view term : absl::StrSplit(sides[0], ',')) {
    SX_ASSIGN_OR_RETURN(std::vector<int> labels, ParseTerm(term));
    for (const int label : labels) ++uses[label];
    attrs->inputs.push_back(std::move(labels));
  }
  if (sides.size() == 2) {
    SX_ASSIGN_OR_RETURN(attrs->output, ParseTerm(sides[1]));
    std::map<int, int> written;
    for (const int label : attrs->output) {
      const std::string name = label == EinsumAttrs::kEllipsis ? "..." : std::string(1, label);
      if (uses.count(label) == 0) {
        return InvalidArgument("'", name, "' of the result is in no operand's term");
      }
      if (++written[label] > 1) return InvalidArgument("the result has '", name, "' twice");
    }
  } else {
    // The map is in the order wanted: the ellipsis, then letters as in ASCII.
    for (const auto& [label, count] : uses) {
      if (label == EinsumAttrs::kEllipsis || count == 1) attrs->output.push_back(label);
    }
  }
  return attrs;
}

StatusOr<EinsumLabels> ResolveLabels(const EinsumAttrs& attrs, const std::vector<int>& ranks) {
  int hidden = 0;  // axes under the ellipsis
  for (size_t i = 0; i < ranks.size(); ++i) {
    const auto& term = attrs.inputs[i];
    const bool open = std::count(term.begin(), term.end(), EinsumAttrs::kEllipsis) > 0;
    const int letters = static_cast<int>(term.size()) - (open ? 1 : 0);
    if (open ? ranks[i] < letters : ranks[i] != letters) {
      return InvalidArgument("input ", i, " has rank ", ranks[i], ", but its term in the equation ",
                             "names ", letters, open ? " axes and '...'" : " axes");
    }
    hidden = std::max(hidden, ranks[i] - letters);
  }
  EinsumLabels resolved;
  resolved.count = hidden;
  std::map<int, int> letters;
  const auto resolve = [&](const std::vector<int>& term, int covered) {
    std::vector<int> labels;
    for (const int label : term) {
      if (label == EinsumAttrs::kEllipsis) {
        for (int i = hidden - covered; i < hidden; ++i) labels.push_back(i);
      } else {
        const auto [place, fresh] = letters.emplace(label, resolved.count);
        if (fresh) ++resolved.count;
        labels.push_back(place->second);
      }
    }
    return labels;
  };
  for (size_t i = 0; i < ranks.size(); ++i) {
    const int written = static_cast<int>(attrs.inputs[i].size());
    resolved.inputs.push_back(resolve(attrs.inputs[i], ranks[i] - written + 1));
  }
  resolved.output = resolve(attrs.output, hidden);
  return resolved;
}

}  // namespace sardonyx
