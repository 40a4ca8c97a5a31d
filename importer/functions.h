// What a model brings besides its graph: versions of operator sets and functions of its own.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <unordered_map>

#include "importer/onnx_wire.pb.h"
#include "runtime/base/problems.h"

namespace sardonyx {

using Opsets = std::map<std::string, int>;  // version by domain, "" being ai.onnx

/// "" for "ai.onnx", the two spellings of the default domain; any other as it is.
std::string NormalDomain(const std::string& domain);

/// Reads imports of operator sets. Errors: a version twice or out of range; ai.onnx newer than is
/// known.
StatusOr<Opsets> ReadOpsets(
    const google::protobuf::RepeatedPtrField<wire::OperatorSetIdProto>& imports);

/// A function and the operator sets that its body is written in.
struct Function {
  const wire::FunctionProto* proto;
  Opsets opsets;

  std::string Describe() const;  // "function 'my.domain.Name'"
};

/// The functions of a model, found as its nodes name them. Refers to the model.
class FunctionLibrary {
 public:
  void Add(const wire::FunctionProto& proto, Problems* problems);
  /// Null where the model has no such function.
  const Function* Find(const wire::NodeProto& node) const;

  /// How many nodes a graph has when every call is replaced by the function's own nodes, or more
  /// than `most` where it has more. Of functions that call themselves, or calls deeper than
  /// `nesting`, only a part is counted.
  int64_t CountExpanded(const wire::GraphProto& graph, int64_t most, int nesting) const;

 private:
  struct Count;
  using Key = std::tuple<std::string, std::string, std::string>;  // domain, name, overload
  std::map<Key, Function> functions_;
};

}  // namespace sardonyx
