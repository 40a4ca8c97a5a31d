#include "runtime/passes/symbols.h"

#include <set>
#include <vector>

#include "runtime/base/nearest.h"

namespace sardonyx {
namespace {

Status CheckSymbols(const std::map<std::string, int64_t>& symbols, const Graph& graph) {
  std::set<std::string> known;
  for (ValueId id : graph.inputs) {
    if (!graph.values[id].type.shape) continue;
    for (const Dim& dim : *graph.values[id].type.shape) {
      if (!dim.known() && !dim.symbol.empty()) known.insert(dim.symbol);
    }
  }
  for (const auto& [symbol, size] : symbols) {
    if (known.count(symbol) == 0) {
      const std::vector<std::string> names(known.begin(), known.end());
      return InvalidArgument("no input has a dimension '", symbol, "'",
                             names.empty() ? "; all are fixed" : DidYouMean(symbol, names));
    }
    if (size < 0) return InvalidArgument("dimension '", symbol, "' cannot be ", size);
  }
  return absl::OkStatus();
}

}  // namespace

Status SetSymbols(const std::map<std::string, int64_t>& symbols, Graph& graph) {
  SX_RETURN_IF_ERROR(CheckSymbols(symbols, graph));
  for (ValueId id : graph.inputs) {
    std::optional<SymbolicShape>& shape = graph.values[id].type.shape;
    if (!shape) continue;
    for (Dim& dim : *shape) {
      const auto found = symbols.find(dim.symbol);
      if (!dim.known() && found != symbols.end()) dim = Dim(found->second);
    }
  }
  return absl::OkStatus();
}

}  // namespace sardonyx
