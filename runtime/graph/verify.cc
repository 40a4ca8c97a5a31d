#include "runtime/graph/verify.h"

#include <unordered_map>

#include "runtime/base/problems.h"

namespace sardonyx {
namespace {

class Verifier {
 public:
  Verifier(const Graph& graph, const Graph* outer, std::string where, Problems* problems)
      : graph_(graph), outer_(outer), where_(std::move(where)), problems_(problems) {}

  void Run();

 private:
  template <typename... Args>
  void Fail(const Args&... args) {
    problems_->Add(InvalidArgument(where_, args...));
  }
  bool InRange(ValueId id) const {
    return id >= 0 && id < static_cast<ValueId>(graph_.values.size());
  }
  std::string Name(ValueId id) const {
    const std::string& name = graph_.values[id].name;
    return name.empty() ? absl::StrCat("#", id) : absl::StrCat("'", name, "'");
  }
  void CheckValues();
  void CheckSources();
  void CheckNode(const Node& node);
  // Takes note that `source` gives the value.
  void Give(ValueId id, const std::string& source);

  const Graph& graph_;
  const Graph* outer_;
  std::string where_;  // prefix of messages: the path to a subgraph
  Problems* problems_;
  std::vector<bool> given_;     // values that an input, constant, capture or node so far gives
  std::vector<bool> computed_;  // values that some node gives
};

void Verifier::CheckValues() {
  std::unordered_map<std::string, int> names;
  for (const ValueInfo& value : graph_.values) {
    if (!value.name.empty() && ++names[value.name] == 2) {
      Fail("two values have the name '", value.name, "'");
    }
    if (!value.constant) continue;
    const Type type = Type::Tensor(value.constant->type(), value.constant->shape());
    if (!value.constant->defined() || !Compatible(type, value.type)) {
      Fail("constant '", value.name, "' is ", type.ToString(), ", declared as ",
           value.type.ToString());
    }
  }
}

void Verifier::Give(ValueId id, const std::string& source) {
  if (!InRange(id)) {
    Fail(source, " refers to value ", id, " of ", graph_.values.size());
  } else if (given_[id]) {
    Fail(source, " gives ", Name(id), ", which is given already");
  } else {
    given_[id] = true;
  }
}

void Verifier::CheckSources() {
  given_.assign(graph_.values.size(), false);
  computed_.assign(graph_.values.size(), false);
  for (ValueId id : graph_.inputs) Give(id, "a graph input");
  for (const Capture& capture : graph_.captures) {
    Give(capture.inner, "a capture");
    if (outer_ == nullptr) {
      Fail("the outermost graph captures a value");
    } else if (capture.outer < 0 || capture.outer >= static_cast<ValueId>(outer_->values.size())) {
      Fail("a capture refers to value ", capture.outer, " of the graph around it, which has ",
           outer_->values.size());
    }
  }
  for (size_t id = 0; id < graph_.values.size(); ++id) {
    if (graph_.values[id].constant) given_[id] = true;  // an input's default, too
  }
  for (const Node& node : graph_.nodes) {
    for (ValueId id : node.outputs) {
      if (!node.removed && InRange(id)) computed_[id] = true;
    }
  }
}

void Verifier::CheckNode(const Node& node) {
  const std::string described = node.Describe();
  const auto check_read = [&](ValueId id, const std::string& what) {
    if (!InRange(id)) {
      Fail(described, ": ", what, " is value ", id, " of ", graph_.values.size());
    } else if (!given_[id]) {
      Fail(described, ": ", what, ", ", Name(id),
           computed_[id] ? ", is computed only later" : ", is given by nothing");
    }
  };
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] != kNoValue) check_read(node.inputs[i], absl::StrCat("input ", i));
  }
  for (const Graph* subgraph : node.Subgraphs()) {
    for (const Capture& capture : subgraph->captures) {
      if (InRange(capture.outer)) check_read(capture.outer, "a value that its subgraph reads");
    }
    Verifier(*subgraph, &graph_, absl::StrCat(where_, "in the subgraph of ", described, ": "),
             problems_)
        .Run();
  }
  for (ValueId id : node.outputs) {
    if (id != kNoValue) Give(id, described);
  }
}

void Verifier::Run() {
  CheckValues();
  CheckSources();
  for (const Node& node : graph_.nodes) {
    if (problems_->full()) return;
    if (!node.removed) CheckNode(node);
  }
  for (ValueId id : graph_.outputs) {
    if (!InRange(id)) {
      Fail("a graph output is value ", id, " of ", graph_.values.size());
    } else if (!given_[id]) {
      Fail("graph output ", Name(id), " is given by nothing");
    }
  }
}

}  // namespace

Status Verify(const Graph& graph) {
  Problems problems;
  Verifier(graph, nullptr, "", &problems).Run();
  return problems.ToStatus();
}

bool Compatible(const Type& a, const Type& b) {
  if (a.kind == Type::Kind::kUnknown || b.kind == Type::Kind::kUnknown) return true;
  if (a.kind != b.kind || (a.inner == nullptr) != (b.inner == nullptr)) return false;
  if (a.inner != nullptr) return a.key == b.key && Compatible(*a.inner, *b.inner);
  if (a.element != b.element && a.element != DataType::kUndefined &&
      b.element != DataType::kUndefined) {
    return false;
  }
  if (!a.shape || !b.shape) return true;
  if (a.shape->size() != b.shape->size()) return false;
  for (size_t i = 0; i < a.shape->size(); ++i) {
    const Dim& x = (*a.shape)[i];
    const Dim& y = (*b.shape)[i];
    if (x.known() && y.known() && x.value != y.value) return false;
  }
  return true;
}

}  // namespace sardonyx
