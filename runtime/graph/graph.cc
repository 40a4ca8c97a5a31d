#include "runtime/graph/graph.h"

#include <algorithm>
#include <unordered_set>

#include "absl/strings/str_join.h"

namespace sardonyx {

std::string Node::Describe() const {
  const std::string op = domain.empty() ? op_type : absl::StrCat(domain, ".", op_type);
  if (name.empty()) return absl::StrCat("node #", index, " (", op, ")");
  return absl::StrCat("node '", name, "' (", op, ", #", index, ")");
}

std::vector<Graph*> Node::Subgraphs() const {
  std::vector<Graph*> result;
  for (const auto& [key, attribute] : attributes) {
    if (const auto* graph = std::get_if<std::shared_ptr<Graph>>(&attribute.data)) {
      result.push_back(graph->get());
    } else if (const auto* graphs =
                   std::get_if<std::vector<std::shared_ptr<Graph>>>(&attribute.data)) {
      for (const auto& graph : *graphs) result.push_back(graph.get());
    }
  }
  return result;
}

ValueId Graph::AddValue(std::string value_name, Type type) {
  values.push_back({.name = std::move(value_name), .type = std::move(type), .constant = {}});
  return static_cast<ValueId>(values.size()) - 1;
}

ValueId Graph::AddConstant(std::string value_name, Tensor tensor) {
  const ValueId id = AddValue(std::move(value_name), Type::Tensor(tensor.type(), tensor.shape()));
  values[id].constant = std::move(tensor);
  return id;
}

std::string Graph::FreshName(const std::string& base) {
  for (;;) {
    std::string candidate = absl::StrCat(base, "__", ++hidden_names);
    const bool taken = std::any_of(values.begin(), values.end(),
                                   [&](const ValueInfo& v) { return v.name == candidate; });
    if (!taken) return candidate;
  }
}

std::vector<int> Graph::Producers() const {
  std::vector<int> producers(values.size(), -1);
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].removed) continue;
    for (ValueId output : nodes[i].outputs) {
      if (output != kNoValue) producers[output] = static_cast<int>(i);
    }
  }
  return producers;
}

std::vector<ValueId> Graph::Reads(const Node& node) const {
  std::vector<ValueId> reads;
  for (ValueId input : node.inputs) {
    if (input != kNoValue) reads.push_back(input);
  }
  for (const Graph* subgraph : node.Subgraphs()) {
    for (const Capture& capture : subgraph->captures) reads.push_back(capture.outer);
  }
  return reads;
}

std::vector<int> Graph::UseCounts() const {
  std::vector<int> counts(values.size(), 0);
  for (const Node& node : nodes) {
    if (node.removed) continue;
    for (ValueId read : Reads(node)) ++counts[read];
  }
  for (ValueId output : outputs) ++counts[output];
  return counts;
}

void Graph::ReplaceUses(ValueId from, ValueId to) {
  for (Node& node : nodes) {
    if (node.removed) continue;
    std::replace(node.inputs.begin(), node.inputs.end(), from, to);
    for (Graph* subgraph : node.Subgraphs()) {
      for (Capture& capture : subgraph->captures) {
        if (capture.outer == from) capture.outer = to;
      }
    }
  }
  std::replace(outputs.begin(), outputs.end(), from, to);
}

void Graph::Compact() {
  std::erase_if(nodes, [](const Node& node) { return node.removed; });
  std::vector<bool> used(values.size(), false);
  auto mark = [&](ValueId id) {
    if (id != kNoValue) used[id] = true;
  };
  for (ValueId id : inputs) mark(id);
  for (ValueId id : outputs) mark(id);
  for (const Node& node : nodes) {
    for (ValueId id : Reads(node)) mark(id);
    for (ValueId id : node.outputs) mark(id);
  }
  std::erase_if(captures, [&](const Capture& capture) { return !used[capture.inner]; });
  std::vector<ValueId> moved(values.size(), kNoValue);
  ValueId next = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!used[i]) continue;
    moved[i] = next;
    if (static_cast<size_t>(next) != i) values[next] = std::move(values[i]);
    ++next;
  }
  values.resize(next);
  auto renumber = [&](std::vector<ValueId>& ids) {
    for (ValueId& id : ids) {
      if (id != kNoValue) id = moved[id];
    }
  };
  renumber(inputs);
  renumber(outputs);
  for (Capture& capture : captures) capture.inner = moved[capture.inner];
  for (Node& node : nodes) {
    renumber(node.inputs);
    renumber(node.outputs);
    for (Graph* subgraph : node.Subgraphs()) {
      for (Capture& capture : subgraph->captures) capture.outer = moved[capture.outer];
    }
  }
}

Status Graph::Sort() {
  const std::vector<int> producers = Producers();
  std::vector<int> missing(nodes.size(), 0);
  std::vector<std::vector<int>> consumers(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    std::unordered_set<int> from;
    for (ValueId read : Reads(nodes[i])) {
      if (producers[read] >= 0) from.insert(producers[read]);
    }
    missing[i] = static_cast<int>(from.size());
    for (int producer : from) consumers[producer].push_back(static_cast<int>(i));
  }
  // A heap keeps the model's own order wherever that is allowed.
  std::vector<int> ready;
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (missing[i] == 0) ready.push_back(static_cast<int>(i));
  }
  std::make_heap(ready.begin(), ready.end(), std::greater<>());
  std::vector<int> order;
  while (!ready.empty()) {
    std::pop_heap(ready.begin(), ready.end(), std::greater<>());
    const int node = ready.back();
    ready.pop_back();
    order.push_back(node);
    for (int consumer : consumers[node]) {
      if (--missing[consumer] == 0) {
        ready.push_back(consumer);
        std::push_heap(ready.begin(), ready.end(), std::greater<>());
      }
    }
  }
  if (order.size() != nodes.size()) {
    std::vector<std::string> stuck;
    for (size_t i = 0; i < nodes.size() && stuck.size() < 4; ++i) {
      if (missing[i] > 0) stuck.push_back(nodes[i].Describe());
    }
    return InvalidArgument("the graph has a cycle through or before ", absl::StrJoin(stuck, ", "));
  }
  if (std::is_sorted(order.begin(), order.end())) return absl::OkStatus();
  std::vector<Node> sorted;
  sorted.reserve(nodes.size());
  for (int i : order) sorted.push_back(std::move(nodes[i]));
  nodes = std::move(sorted);
  return absl::OkStatus();
}

Graph Graph::Clone() const {
  Graph copy = *this;
  for (Node& node : copy.nodes) {
    for (auto& [key, attribute] : node.attributes) {
      if (auto* graph = std::get_if<std::shared_ptr<Graph>>(&attribute.data)) {
        *graph = std::make_shared<Graph>((*graph)->Clone());
      } else if (auto* graphs = std::get_if<std::vector<std::shared_ptr<Graph>>>(&attribute.data)) {
        for (auto& graph : *graphs) graph = std::make_shared<Graph>(graph->Clone());
      }
    }
  }
  return copy;
}

}  // namespace sardonyx
