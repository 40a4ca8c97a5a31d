#include "runtime/passes/layout.h"

#include <algorithm>
#include <utility>

#include "runtime/op.h"

namespace sardonyx {
namespace {

Ints ToLast(int rank) {
  Ints permutation{0};
  for (int i = 2; i < rank; ++i) permutation.push_back(i);
  permutation.push_back(1);
  return permutation;
}

Ints ToFirst(int rank) {
  Ints permutation{0, rank - 1};
  for (int i = 1; i + 1 < rank; ++i) permutation.push_back(i);
  return permutation;
}

Type Permuted(Type type, const Ints& permutation) {
  SymbolicShape shape;
  for (const int64_t axis : permutation) shape.push_back((*type.shape)[axis]);
  type.shape = std::move(shape);
  return type;
}

/// The graph while it changes. For each value of the original one: the value that holds its
/// elements channels-last, and whether its own, in ONNX's layout, still has to be made from that.
class Layouts {
 public:
  explicit Layouts(Graph& graph)
      : graph_(graph), last_(graph.values.size(), kNoValue), owed_(graph.values.size(), false) {}

  bool Assign() {
    const size_t nodes = graph_.nodes.size();
    for (size_t i = 0; i < nodes; ++i) {
      if (graph_.nodes[i].removed) continue;
      if (const std::vector<int> inputs = InputsToMove(graph_.nodes[i]); !inputs.empty()) {
        Move(static_cast<int>(i), inputs);
      } else {
        for (const ValueId id : graph_.Reads(graph_.nodes[i])) Settle(id);
      }
    }
    for (const ValueId id : graph_.outputs) Settle(id);
    return graph_.nodes.size() > nodes;
  }

 private:
  /// Inputs of a node that is to move; none: it stays.
  std::vector<int> InputsToMove(const Node& node) const {
    const ChannelsLast& part = node.op->channels_last;
    if (part.inputs == nullptr) return {};
    std::vector<int> inputs = part.inputs(graph_, node);
    const bool moves = part.gains || std::any_of(inputs.begin(), inputs.end(), [&](int i) {
                         return last_[node.inputs[i]] != kNoValue;
                       });
    const bool ranked = std::all_of(node.outputs.begin(), node.outputs.end(), [&](ValueId id) {
      return id == kNoValue || graph_.value(id).type.rank() >= 3;
    });
    if (!moves || !ranked) inputs.clear();
    return inputs;
  }

  ValueId AddPermuted(ValueId original, const Ints& permutation) {
    const std::string name = graph_.FreshName(graph_.value(original).name);
    const ValueId id = graph_.AddValue(name, Permuted(graph_.value(original).type, permutation));
    graph_.values[id].channels_last = true;
    return id;
  }

  void AddTransposition(const Ints& permutation, ValueId from, ValueId to) {
    graph_.nodes.push_back(MakeTransposition(permutation, from, to));
    graph_.nodes.back().name = absl::StrCat("layout of ", graph_.value(to).name);
  }

  /// The value's elements channels-last.
  ValueId Last(ValueId id) {
    if (last_[id] == kNoValue) {
      const Ints permutation = ToLast(graph_.value(id).type.rank());
      last_[id] = AddPermuted(id, permutation);
      AddTransposition(permutation, id, last_[id]);
    }
    return last_[id];
  }

  /// Makes the value in ONNX's layout if nothing does so yet.
  void Settle(ValueId id) {
    if (!owed_[id]) return;
    owed_[id] = false;
    AddTransposition(ToFirst(graph_.value(id).type.rank()), last_[id], id);
  }

  void Move(int index, const std::vector<int>& inputs) {
    Node node = graph_.nodes[index];
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const bool moves = std::count(inputs.begin(), inputs.end(), static_cast<int>(i)) > 0;
      if (!moves && node.inputs[i] != kNoValue) Settle(node.inputs[i]);
    }
    // Only now: it may put values into the node that the graph did not have.
    if (node.op->channels_last.convert != nullptr) node.op->channels_last.convert(graph_, node);
    for (const int i : inputs) node.inputs[i] = Last(node.inputs[i]);
    for (ValueId& id : node.outputs) {
      if (id == kNoValue) continue;
      last_[id] = AddPermuted(id, ToLast(graph_.value(id).type.rank()));
      owed_[id] = true;
      id = last_[id];
    }
    graph_.nodes[index] = std::move(node);
  }

  Graph& graph_;
  std::vector<ValueId> last_;
  std::vector<bool> owed_;
};

}  // namespace

bool AssignLayouts(Graph& graph) { return Layouts(graph).Assign(); }

absl::string_view NameInModel(const ValueInfo& value) {
  const absl::string_view name = value.name;
  // What Graph::FreshName has put behind it.
  return value.channels_last ? name.substr(0, name.rfind("__")) : name;
}

}  // namespace sardonyx
