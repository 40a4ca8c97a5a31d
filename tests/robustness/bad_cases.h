// Models and calls that must be refused with a clear message.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "tests/importer/models.h"

namespace sardonyx {

/// A file's bytes, the inputs of a run (random shapes are not needed: they are zeros), and what the
/// one error must say.
struct BadCase {
  std::string name;
  std::string bytes;
  Names says;
  std::map<std::string, Value> inputs;  // beyond those that the model declares with sizes
};

std::vector<BadCase> BadFiles();    // not a model at all, or cut short
std::vector<BadCase> BadHeaders();  // versions and imports
std::vector<BadCase> BadGraphs();   // names, operators, attributes, nesting
std::vector<BadCase> BadShapes();   // operators that cannot do what they are asked to
std::vector<BadCase> BadSizes();    // zero, negative and absurd sizes

/// Puts a model together, one line a node.
class Maker {
 public:
  using Attr = std::variant<int64_t, float, std::string, std::vector<int64_t>>;
  using Attrs = std::map<std::string, Attr>;

  explicit Maker(int opset = 21) : model_(NewModel(opset)) {}
  Maker& In(const std::string& name, std::vector<int64_t> dims, DataType type = DataType::kFloat) {
    AddInput(graph(), name, std::move(dims), type);
    return *this;
  }
  /// An initializer of integers, of rank 1.
  Maker& Ints(const std::string& name, const std::vector<int64_t>& values);
  Maker& Node(const std::string& op, const Names& inputs, const Names& outputs,
              const Attrs& attributes = {});
  Maker& Out(const std::string& name) {
    AddOutput(graph(), name);
    return *this;
  }
  wire::GraphProto* graph() { return model_.mutable_graph(); }
  wire::ModelProto& model() { return model_; }
  std::string Bytes() const { return model_.SerializeAsString(); }

 private:
  wire::ModelProto model_;
};

}  // namespace sardonyx
