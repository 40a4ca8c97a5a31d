// What a model brings besides its graph: versions of operator sets and functions of its own.
#pragma once

#include <map>
#include <string>
#include <tuple>

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

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // domain, name, overload
  std::map<Key, Function> functions_;
};

}  // namespace sardonyx
