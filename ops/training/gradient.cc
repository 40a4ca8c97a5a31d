// Gradient: the derivatives of a tensor of the graph, by nodes that the operators' rules add.
//
// Reverse accumulation (Linnainmaa 1976; Griewank and Walther, Evaluating Derivatives, 2008): from
// y backwards each node passes on, to each of its inputs, the gradients of its outputs times its
// own derivative; what meets at one value is added.
#include <algorithm>
#include <map>

#include "ops/common/gradients.h"
#include "ops/training/ops.h"
#include "runtime/base/nearest.h"

namespace sardonyx {
namespace {

struct GradientAttrs : Attrs {
  std::vector<std::string> xs, zs;
  std::string y;
};

StatusOr<std::shared_ptr<Attrs>> ParseGradient(ParseContext& context) {
  auto attrs = std::make_shared<GradientAttrs>();
  context.Require("xs");
  context.Require("y");
  attrs->xs = context.StringList("xs");
  attrs->zs = context.StringList("zs");
  attrs->y = context.String("y", "");
  const Node& node = context.node();
  if (node.inputs.size() != attrs->xs.size() + attrs->zs.size()) {
    context.Fail(absl::StrCat("has ", node.inputs.size(), " inputs, but xs and zs name ",
                              attrs->xs.size() + attrs->zs.size()));
  }
  if (std::find(node.inputs.begin(), node.inputs.end(), kNoValue) != node.inputs.end()) {
    context.Fail("an input is left out");
  }
  if (node.outputs.size() > attrs->xs.size()) {
    context.Fail(
        absl::StrCat("has ", node.outputs.size(), " outputs, but xs names ", attrs->xs.size()));
  }
  return attrs;
}

Status InferGradient(InferContext& context) {
  for (int i = 0; i < context.output_count(); ++i) context.set_output(i, context.input(i));
  return absl::OkStatus();
}

class Differentiation {
 public:
  Differentiation(Graph& graph, int node) : builder_(graph, graph.nodes[node]), node_(node) {}

  /// See OpDef::expand.
  StatusOr<bool> Run() {
    SX_RETURN_IF_ERROR(FindNames());
    if (!FindPath()) return false;
    if (!std::equal(named_.begin(), named_.end(), builder_.node().inputs.begin())) {
      SX_RETURN_IF_ERROR(CopyPath());
      return false;
    }
    SX_RETURN_IF_ERROR(Reverse());
    const std::vector<ValueId>& outputs = builder_.node().outputs;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i] != kNoValue) builder_.AddFor(outputs[i], "Identity", {GradientOf(named_[i])});
    }
    return true;
  }

 private:
  const GradientAttrs& attrs() const {
    return static_cast<const GradientAttrs&>(*builder_.node().attrs);
  }
  Graph& graph() { return builder_.graph(); }

  Status FindNames() {
    std::map<absl::string_view, ValueId> ids;
    std::vector<std::string> names;
    for (size_t i = 0; i < graph().values.size(); ++i) {
      ids.emplace(graph().values[i].name, static_cast<ValueId>(i));
      names.push_back(graph().values[i].name);
    }
    const auto find = [&](const std::string& name, ValueId& id) -> Status {
      const auto found = ids.find(name);
      if (found == ids.end()) {
        return InvalidArgument("the graph has no value '", name, "'", DidYouMean(name, names));
      }
      id = found->second;
      return absl::OkStatus();
    };
    for (const auto* list : {&attrs().xs, &attrs().zs}) {
      for (const std::string& name : *list) {
        SX_RETURN_IF_ERROR(find(name, named_.emplace_back()));
      }
    }
    return find(attrs().y, y_);
  }

  bool IsNamed(ValueId id) const {
    return std::find(named_.begin(), named_.end(), id) != named_.end();
  }

  /// The nodes between the named values and y, in their order; false where one of them is new, or
  /// will be replaced.
  bool FindPath() {
    const std::vector<int> producers = graph().Producers();
    std::vector<bool> on_path(graph().nodes.size(), false);
    std::vector<ValueId> wanted = {y_};
    while (!wanted.empty()) {
      const ValueId id = wanted.back();
      wanted.pop_back();
      const int producer = producers[id];
      if (producer < 0 || on_path[producer] || IsNamed(id)) continue;
      on_path[producer] = true;
      const Node& node = graph().nodes[producer];
      if (node.op == nullptr || node.op->expand != nullptr) return false;
      for (ValueId read : graph().Reads(node)) wanted.push_back(read);
    }
    for (size_t i = 0; i < on_path.size(); ++i) {
      if (on_path[i]) path_.push_back(static_cast<int>(i));
    }
    return true;
  }

  /// Where the node has other inputs than the values that it names: computes y from these too, and
  /// makes the node name them and that y.
  Status CopyPath() {
    std::vector<ValueId> now(graph().values.size());
    for (size_t i = 0; i < now.size(); ++i) now[i] = static_cast<ValueId>(i);
    for (size_t i = 0; i < named_.size(); ++i) now[named_[i]] = builder_.node().inputs[i];
    for (const int n : path_) {
      Node copy = graph().nodes[n];
      bool differs = false;
      for (ValueId read : graph().Reads(copy)) differs = differs || now[read] != read;
      if (!differs) continue;
      if (!copy.Subgraphs().empty()) {
        return Unimplemented(copy.Describe(), " has subgraphs, and y cannot be computed again at ",
                             "other inputs than xs and zs through it");
      }
      for (ValueId& input : copy.inputs) {
        if (input != kNoValue) input = now[input];
      }
      for (ValueId& output : copy.outputs) {
        if (output == kNoValue || IsNamed(output)) {
          output = kNoValue;
        } else {
          const std::string name = graph().FreshName(graph().values[output].name);
          output = now[output] = graph().AddValue(name);
        }
      }
      graph().nodes.push_back(std::move(copy));
    }
    auto renamed = std::make_shared<GradientAttrs>(attrs());
    for (size_t i = 0; i < named_.size(); ++i) {
      std::vector<std::string>& list = i < renamed->xs.size() ? renamed->xs : renamed->zs;
      list[i < renamed->xs.size() ? i : i - renamed->xs.size()] =
          graph().values[builder_.node().inputs[i]].name;
    }
    renamed->y = graph().values[now[y_]].name;
    graph().nodes[node_].attrs = std::move(renamed);
    return absl::OkStatus();
  }

  bool HasIntegers(ValueId id) {
    const DataType element = graph().value(id).type.element;
    return element == DataType::kInt64 || element == DataType::kInt32 || element == DataType::kBool;
  }

  Status Reverse() {
    std::vector<bool> depends(graph().values.size(), false);
    for (size_t i = 0; i < attrs().xs.size(); ++i) depends[named_[i]] = true;
    const auto varies = [&](ValueId id) { return id != kNoValue && depends[id]; };
    for (const int n : path_) {
      const Node& node = graph().nodes[n];
      const std::vector<ValueId> reads = graph().Reads(node);
      if (std::none_of(reads.begin(), reads.end(), varies)) continue;
      for (ValueId output : node.outputs) {
        // Shapes and indices are constant as far as derivatives go.
        if (output != kNoValue && !IsNamed(output) && !HasIntegers(output)) depends[output] = true;
      }
    }
    if (!depends[y_]) return absl::OkStatus();
    gradients_[y_] = FullLike(builder_, 1, y_);
    for (size_t i = path_.size(); i-- > 0;) {
      const Node node = graph().nodes[path_[i]];
      std::vector<ValueId> known;
      bool reached = false;
      for (ValueId output : node.outputs) {
        const auto found = gradients_.find(output);
        const bool passes = found != gradients_.end() && !IsNamed(output) && varies(output);
        known.push_back(passes ? found->second : kNoValue);
        reached = reached || passes;
      }
      if (!reached) continue;
      if (node.op->gradient == nullptr) {
        return Unimplemented(node.Describe(), " cannot be differentiated");
      }
      GradientContext context(graph(), node, std::move(known));
      SX_RETURN_IF_ERROR(Prepend(node.op->gradient(context), absl::StrCat(node.Describe(), " ")));
      for (size_t k = 0; k < node.inputs.size(); ++k) {
        const ValueId gradient = context.input_gradients()[k];
        if (gradient == kNoValue || !varies(node.inputs[k])) continue;
        const auto [place, fresh] = gradients_.emplace(node.inputs[k], gradient);
        if (!fresh) place->second = builder_.Add("Add", {place->second, gradient});
      }
    }
    return absl::OkStatus();
  }

  ValueId GradientOf(ValueId x) {
    const auto found = gradients_.find(x);
    return found != gradients_.end() ? found->second : FullLike(builder_, 0, x);
  }

  NodeBuilder builder_;
  const int node_;
  std::vector<ValueId> named_;  // xs, then zs
  ValueId y_ = kNoValue;
  std::vector<int> path_;
  std::map<ValueId, ValueId> gradients_;
};

StatusOr<bool> ExpandGradient(Graph& graph, int node) { return Differentiation(graph, node).Run(); }

}  // namespace

std::vector<OpDef> GradientOps() {
  return {{.domain = "ai.onnx.preview.training",
           .name = "Gradient",
           .versions = {1},
           .min_inputs = 1,
           .max_inputs = kVariadic,
           .max_outputs = kVariadic,
           .parse = ParseGradient,
           .infer = InferGradient,
           .expand = ExpandGradient}};
}

}  // namespace sardonyx
