#include "importer/functions.h"

#include "importer/importer.h"

namespace sardonyx {

std::string NormalDomain(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

StatusOr<Opsets> ReadOpsets(
    const google::protobuf::RepeatedPtrField<wire::OperatorSetIdProto>& imports) {
  Opsets opsets;
  for (const wire::OperatorSetIdProto& import : imports) {
    const std::string domain = NormalDomain(import.domain());
    const std::string shown = domain.empty() ? "ai.onnx" : domain;
    const int64_t version = import.version();
    if (version < 1 || version > 1'000'000) {
      return InvalidArgument("version ", version, " of operator set ", shown, " does not exist");
    }
    if (domain.empty() && version > kNewestOpset) {
      return Unimplemented("opset ", version, " of ai.onnx is newer than ", kNewestOpset,
                           ", the newest that is supported");
    }
    const auto [at, is_new] = opsets.emplace(domain, static_cast<int>(version));
    if (!is_new && at->second != version) {
      return InvalidArgument("operator set ", shown, " is imported in versions ", at->second,
                             " and ", version);
    }
  }
  return opsets;
}

std::string Function::Describe() const {
  const std::string domain = NormalDomain(proto->domain());
  return absl::StrCat("function '", domain, domain.empty() ? "" : ".", proto->name(),
                      proto->overload().empty() ? "" : ":", proto->overload(), "'");
}

void FunctionLibrary::Add(const wire::FunctionProto& proto, Problems* problems) {
  Function function{.proto = &proto};
  if (proto.name().empty()) {
    problems->Add(InvalidArgument("a function has no name"));
    return;
  }
  StatusOr<Opsets> opsets = ReadOpsets(proto.opset_import());
  problems->Add(Prepend(opsets.status(), absl::StrCat(function.Describe(), ": ")));
  if (opsets.ok()) function.opsets = *std::move(opsets);
  const std::string shown = function.Describe();
  const bool is_new =
      functions_
          .emplace(Key(NormalDomain(proto.domain()), proto.name(), proto.overload()),
                   std::move(function))
          .second;
  if (!is_new) problems->Add(InvalidArgument(shown, " is defined twice"));
}

const Function* FunctionLibrary::Find(const wire::NodeProto& node) const {
  if (functions_.empty()) return nullptr;
  const auto at =
      functions_.find(Key(NormalDomain(node.domain()), node.op_type(), node.overload()));
  return at == functions_.end() ? nullptr : &at->second;
}

/// One count, which remembers what each function comes to.
struct FunctionLibrary::Count {
  const FunctionLibrary& library;
  const int64_t most;
  const int nesting;
  std::unordered_map<const Function*, int64_t> known = {};

  template <typename Nodes>
  int64_t Of(const Nodes& nodes, int depth) {
    int64_t total = 0;
    for (const wire::NodeProto& node : nodes) {
      total += 1 + Call(library.Find(node), depth);
      for (const wire::AttributeProto& attribute : node.attribute()) {
        if (attribute.has_g()) total += Of(attribute.g().node(), depth);
        for (const wire::GraphProto& graph : attribute.graphs()) total += Of(graph.node(), depth);
      }
      if (total > most) return most + 1;
    }
    return total;
  }

  int64_t Call(const Function* function, int depth) {
    if (function == nullptr || depth > nesting) return 0;
    const auto [place, is_new] = known.emplace(function, 0);  // 0 while it is counted
    if (!is_new) return place->second;
    const int64_t nodes = Of(function->proto->node(), depth + 1);
    return known[function] = nodes;
  }
};

int64_t FunctionLibrary::CountExpanded(const wire::GraphProto& graph, int64_t most,
                                       int nesting) const {
  return Count{.library = *this, .most = most, .nesting = nesting}.Of(graph.node(), 0);
}

}  // namespace sardonyx
