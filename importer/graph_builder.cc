#include "importer/graph_builder.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "importer/types.h"
#include "runtime/base/nearest.h"
#include "runtime/graph/verify.h"

namespace sardonyx {
namespace {

// Length of the valid UTF-8 sequence of a printable character at `s`, 0 if there is none (RFC
// 3629).
size_t PrintableAt(absl::string_view s) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || s.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Neither overlong forms nor surrogates nor beyond U+10FFFF.
  if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f) ||
      (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f)) {
    return 0;
  }
  return length;
}

}  // namespace

std::string PrintableName(const std::string& name) {
  std::string result;
  for (absl::string_view rest = name; !rest.empty();) {
    const size_t length = PrintableAt(rest);
    if (length > 0) {
      absl::StrAppend(&result, rest.substr(0, length));
    } else {
      absl::StrAppend(&result, absl::CHexEscape(rest.substr(0, 1)));
    }
    rest.remove_prefix(std::max<size_t>(length, 1));
  }
  return result;
}

void GraphBuilder::Build(const wire::GraphProto& proto, const Opsets& opsets, int64_t ir_version,
                         Graph* graph) {
  if (functions_.CountExpanded(proto, limits_.nodes, limits_.nesting) > limits_.nodes) {
    CountNodes(limits_.nodes + 1);
    return;
  }
  Target target{.graph = graph};
  Frame frame{.target = &target, .opsets = &opsets};
  BuildGraph(proto, ir_version < 4, &frame);
  if (graph->outputs.empty() && problems_->empty()) {
    problems_->Add(InvalidArgument("the graph has no outputs"));
  }
  // What a function handed through has the name of what it was given.
  for (int i = 0; problems_->empty() && i < proto.output_size(); ++i) {
    const std::string name = PrintableName(proto.output(i).name());
    if (graph->OutputName(i) != name) graph->output_names[i] = name;
  }
}

std::string GraphBuilder::UniqueName(const std::string& name, Target* target) {
  std::string unique = PrintableName(name);
  if (target->names.insert(unique).second) return unique;
  int& suffix = target->suffixes[unique];
  std::string candidate;
  do {
    candidate = absl::StrCat(unique, "_", ++suffix);
  } while (!target->names.insert(candidate).second);
  return candidate;
}

ValueId GraphBuilder::AddValue(const std::string& name, Type type, Target* target) {
  if (++values_ > limits_.values && !stopped_) {
    stopped_ = true;
    problems_->Add(LimitExceeded("there are more values than the limit values, ", limits_.values));
  }
  return target->graph->AddValue(UniqueName(name, target), std::move(type));
}

ValueId GraphBuilder::Define(const std::string& name, Type type, Frame* frame) {
  const ValueId id = AddValue(absl::StrCat(frame->prefix, name), std::move(type), frame->target);
  frame->names[name] = id;
  return id;
}

ValueId GraphBuilder::CaptureFrom(Target* owner, ValueId id, Target* target) {
  if (target == owner) return id;
  const ValueId outer = CaptureFrom(owner, id, target->outer);
  const auto known = target->captured.find(outer);
  if (known != target->captured.end()) return known->second;
  const ValueInfo& value = target->outer->graph->value(outer);
  const ValueId inner = AddValue(value.name, value.type, target);
  target->graph->captures.push_back({.inner = inner, .outer = outer});
  target->captured[outer] = inner;
  return inner;
}

std::optional<ValueId> GraphBuilder::Lookup(const std::string& name, Frame* frame) {
  const auto known = frame->names.find(name);
  if (known != frame->names.end()) return known->second;
  if (frame->parent == nullptr) return std::nullopt;
  const std::optional<ValueId> outer = Lookup(name, frame->parent);
  if (!outer || *outer == kNoValue) return outer;
  return frame->names[name] = CaptureFrom(frame->parent->target, *outer, frame->target);
}

std::string GraphBuilder::Undefined(const std::string& name, const Frame* frame) const {
  std::vector<std::string> candidates;
  for (; frame != nullptr; frame = frame->parent) {
    for (const auto& [known, id] : frame->names) candidates.push_back(PrintableName(known));
  }
  std::sort(candidates.begin(), candidates.end());
  return absl::StrCat("'", PrintableName(name), "' is not defined",
                      DidYouMean(PrintableName(name), candidates));
}

bool GraphBuilder::CountNodes(int64_t more) {
  nodes_ += more;
  if (nodes_ > limits_.nodes && !stopped_) {
    stopped_ = true;
    problems_->Add(LimitExceeded("there are more nodes than the limit nodes, ", limits_.nodes,
                                 ", functions being expanded"));
  }
  return !stopped_ && !problems_->full();
}

void GraphBuilder::AddInputs(const wire::GraphProto& proto, Frame* frame) {
  for (const wire::ValueInfoProto& input : proto.input()) {
    const std::string shown = PrintableName(input.name());
    if (input.name().empty()) {
      problems_->Add(
          InvalidArgument("an input of graph '", PrintableName(proto.name()), "' has no name"));
      continue;
    }
    if (frame->names.count(input.name()) > 0) {
      problems_->Add(InvalidArgument("there are two graph inputs '", shown, "'"));
      continue;
    }
    StatusOr<Type> type = ReadType(input.type(), limits_);
    problems_->Add(Prepend(type.status(), absl::StrCat("graph input '", shown, "': ")));
    const ValueId id = Define(input.name(), type.ok() ? *std::move(type) : Type(), frame);
    frame->target->graph->inputs.push_back(id);
  }
}

void GraphBuilder::AddInitializer(const std::string& name, StatusOr<Tensor> tensor,
                                  bool drop_default_inputs, Frame* frame) {
  const std::string shown = absl::StrCat("initializer '", PrintableName(name), "'");
  Graph& graph = *frame->target->graph;
  if (name.empty()) {
    problems_->Add(InvalidArgument("an initializer has no name"));
    return;
  }
  problems_->Add(Prepend(tensor.status(), absl::StrCat(shown, ": ")));
  const auto known = frame->names.find(name);
  const bool defined = known != frame->names.end();
  const ValueId id = defined ? known->second : Define(name, Type(), frame);
  const auto input = std::find(graph.inputs.begin(), graph.inputs.end(), id);
  if (defined && (input == graph.inputs.end() || graph.values[id].constant)) {
    problems_->Add(InvalidArgument("there are two initializers '", PrintableName(name), "'"));
    return;
  }
  if (!tensor.ok()) return;
  const Type type = Type::Tensor(tensor->type(), tensor->shape());
  if (!Compatible(type, graph.values[id].type)) {
    problems_->Add(InvalidArgument(shown, " is ", type.ToString(),
                                   ", but the graph input of that name is ",
                                   graph.values[id].type.ToString()));
    return;
  }
  graph.values[id].type = type;
  graph.values[id].constant = *std::move(tensor);
  if (input != graph.inputs.end() && drop_default_inputs) graph.inputs.erase(input);
}

void GraphBuilder::DeclareOutputs(const Nodes& nodes, const TypesByName& types, Frame* frame) {
  for (int i = 0; i < nodes.size(); ++i) {
    for (const std::string& name : nodes[i].output()) {
      if (name.empty()) continue;
      const auto [at, is_new] = frame->computed.emplace(name, i);
      // A function's outputs are values of its caller already.
      const bool of_caller = frame->function != nullptr && frame->names.count(name) > 0 &&
                             std::count(frame->function->proto->output().begin(),
                                        frame->function->proto->output().end(), name) > 0 &&
                             std::count(frame->function->proto->input().begin(),
                                        frame->function->proto->input().end(), name) == 0;
      if (!is_new || (frame->names.count(name) > 0 && !of_caller)) {
        const int first = is_new ? -1 : at->second;
        problems_->Add(InvalidArgument(
            "node ",
            nodes[i].name().empty() ? "" : absl::StrCat("'", PrintableName(nodes[i].name()), "' "),
            "#", i, " (", PrintableName(nodes[i].op_type()), ") computes '", PrintableName(name),
            "', which is ",
            first >= 0 ? absl::StrCat("computed by node #", first, " (",
                                      PrintableName(nodes[first].op_type()), ") already")
                       : std::string("an input or initializer already")));
        continue;
      }
      if (of_caller) continue;
      Type type;
      if (const auto declared = types.find(name); declared != types.end()) {
        StatusOr<Type> read = ReadType(*declared->second, limits_);
        problems_->Add(Prepend(read.status(), absl::StrCat("value '", PrintableName(name), "': ")));
        if (read.ok()) type = *std::move(read);
      }
      Define(name, std::move(type), frame);
    }
  }
}

void GraphBuilder::BuildGraph(const wire::GraphProto& proto, bool drop_default_inputs,
                              Frame* frame) {
  Graph& graph = *frame->target->graph;
  graph.name = PrintableName(proto.name());
  AddInputs(proto, frame);
  for (const wire::TensorProto& tensor : proto.initializer()) {
    const bool main = frame->parent == nullptr;
    AddInitializer(tensor.name(), main ? tensors_.ReadInitializer(tensor) : tensors_.Read(tensor),
                   drop_default_inputs, frame);
  }
  for (const wire::SparseTensorProto& tensor : proto.sparse_initializer()) {
    AddInitializer(tensor.values().name(), tensors_.ReadSparse(tensor), drop_default_inputs, frame);
  }
  TypesByName types;
  for (const wire::ValueInfoProto& info : proto.value_info()) types[info.name()] = &info.type();
  for (const wire::ValueInfoProto& info : proto.output()) {
    if (info.has_type()) types[info.name()] = &info.type();
  }
  DeclareOutputs(proto.node(), types, frame);
  for (int i = 0; i < proto.node_size() && CountNodes(1); ++i) AddNode(proto.node(i), i, frame);
  for (const wire::ValueInfoProto& info : proto.output()) {
    const std::optional<ValueId> id = Lookup(info.name(), frame);
    if (id && *id != kNoValue) {
      graph.outputs.push_back(*id);
    } else {
      problems_->Add(InvalidArgument("graph output ", Undefined(info.name(), frame)));
    }
  }
  if (problems_->empty()) problems_->Add(graph.Sort());
}

void GraphBuilder::AddNode(const wire::NodeProto& proto, int position, Frame* frame) {
  Node node;
  if (!proto.name().empty()) node.name = PrintableName(absl::StrCat(frame->prefix, proto.name()));
  node.domain = PrintableName(NormalDomain(proto.domain()));
  node.op_type = PrintableName(proto.op_type());
  node.index = frame->index >= 0 ? frame->index : position;
  if (node.op_type.empty()) {
    problems_->Add(InvalidArgument(node.Describe(), " has no operator"));
    return;
  }
  if (std::max(proto.input_size(), proto.output_size()) > limits_.inputs_per_node) {
    problems_->Add(LimitExceeded(node.Describe(), " has ", proto.input_size(), " inputs and ",
                                 proto.output_size(), " outputs, the limit inputs_per_node is ",
                                 limits_.inputs_per_node));
    return;
  }
  for (int i = 0; i < proto.input_size(); ++i) {
    const std::string& name = proto.input(i);
    if (name.empty()) {
      node.inputs.push_back(kNoValue);
      continue;
    }
    const std::optional<ValueId> id = Lookup(name, frame);
    node.inputs.push_back(id.value_or(kNoValue));
    if (!id) {
      problems_->Add(InvalidArgument(node.Describe(), ": input ", i, ", ", Undefined(name, frame)));
    }
    // Read before it is computed here, the name may mean the outer value: nobody can tell.
    const auto computed = frame->computed.find(name);
    if (frame->parent != nullptr && computed != frame->computed.end() &&
        computed->second >= position && Lookup(name, frame->parent)) {
      problems_->Add(InvalidArgument(node.Describe(), ": input ", i, ", '", PrintableName(name),
                                     "', is a value of an outer graph and one that this subgraph "
                                     "computes later; names must differ"));
    }
  }
  for (const std::string& name : proto.output()) {
    node.outputs.push_back(name.empty() ? kNoValue : Lookup(name, frame).value_or(kNoValue));
  }
  if (const Function* function = functions_.Find(proto)) {
    AddCall(proto, *function, node, frame);
  } else {
    AddOperator(proto, std::move(node), frame);
  }
}

void GraphBuilder::AddOperator(const wire::NodeProto& proto, Node node, Frame* frame) {
  const std::string where = absl::StrCat(node.Describe(), ": ");
  const auto opset = frame->opsets->find(NormalDomain(proto.domain()));
  if (opset == frame->opsets->end()) {
    problems_->Add(
        InvalidArgument(where, "the ", frame->function != nullptr ? "function" : "model",
                        " imports no version of operator set ",
                        proto.domain().empty() ? "ai.onnx" : PrintableName(proto.domain())));
  } else {
    node.version = opset->second;
  }
  for (const wire::AttributeProto& attribute : proto.attribute()) {
    const std::string name = PrintableName(attribute.name());
    StatusOr<std::optional<Attribute>> read = ReadAttribute(attribute, frame);
    problems_->Add(Prepend(read.status(), absl::StrCat(where, "attribute '", name, "': ")));
    if (!read.ok() || !*read) continue;
    if (!node.attributes.emplace(name, **std::move(read)).second) {
      problems_->Add(InvalidArgument(where, "attribute '", name, "' is given twice"));
    }
  }
  frame->target->graph->nodes.push_back(std::move(node));
}

}  // namespace sardonyx
