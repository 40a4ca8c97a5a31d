#include "runtime/session/program.h"

#include <algorithm>

#include "runtime/passes/simplify.h"

namespace sardonyx {
namespace {

constexpr int64_t kFoldBytes = 1 << 20;   // results that are kept in the program
constexpr int64_t kPlanFoldBytes = 4096;  // results that are kept in each plan: shape arithmetic

/// How large folding may make all constants together: weights may become floats, and be kept in
/// another order besides.
int64_t MostFolded(const Graph& graph) { return (int64_t{16} << 20) + 3 * ConstantBytes(graph); }

/// An error where a run's planned memory is more than what the budget has left.
Status CheckFits(const Plan& plan, const MemoryBudget& budget) {
  const int64_t left = budget.limit() - budget.used();
  if (plan.arena_bytes <= left && plan.scratch_bytes <= left - plan.arena_bytes) {
    return absl::OkStatus();
  }
  return LimitExceeded("a run needs ", plan.arena_bytes, " bytes for values and ",
                       plan.scratch_bytes, " for temporary memory, the memory limit of ",
                       budget.limit(), " bytes leaves ", left);
}

}  // namespace

StatusOr<std::shared_ptr<Program>> Program::Compile(Graph graph, const SessionOptions& options,
                                                    const RunEnvironment& environment) {
  std::shared_ptr<Program> program(new Program(options));
  // An initializer that is an input too may be overridden: it is no constant.
  for (ValueId id : graph.inputs) {
    ValueInfo& value = graph.values[id];
    program->defaults_.push_back(value.constant ? *value.constant : Tensor());
    value.constant.reset();
  }
  // The other backends' kernels know ONNX's layout best.
  const bool channels_last =
      options.backend == BackendChoice::kAuto || options.backend == BackendChoice::kNative;
  SX_RETURN_IF_ERROR(Simplify(
      graph, {.environment = &environment, .max_bytes = kFoldBytes, .max_total = MostFolded(graph)},
      {.optimize = options.optimize, .channels_last = channels_last}));
  program->graph_ = std::move(graph);
  for (const Node& node : program->graph_.nodes) {
    for (Graph* subgraph : node.Subgraphs()) {
      // A plain copy shares what is nested deeper, which the nodes' typed attributes point to.
      auto body = Compile(*subgraph, options, environment);
      if (!body.ok()) return Prepend(body.status(), absl::StrCat(node.Describe(), ": "));
      // What is nested deeper now captures from the compiled graph's values: plans of this graph
      // infer through that one.
      *subgraph = (*body)->graph();
      program->bodies_[subgraph] = *std::move(body);
    }
  }
  return program;
}

PlanOptions Program::OptionsFor(const RunEnvironment& environment) const {
  const BackendChoice backend = options_.backend;
  return {
      .native = backend == BackendChoice::kAuto || backend == BackendChoice::kNative,
      .onednn = backend == BackendChoice::kAuto || backend == BackendChoice::kOneDnn,
      .accuracy = options_.accuracy,
      .evaluate = {.environment = &environment,
                   .max_bytes = kPlanFoldBytes,
                   .max_total = MostFolded(graph_)},
      .cache = &packs_,
      .choices = &options_.kernels,
  };
}

Status Program::Settle(const std::vector<Type>& types, const RunEnvironment& environment) {
  PlanOptions options = OptionsFor(environment);
  options.release = [&](ValueId id) {
    graph_.values[id].constant = WithoutElements(*graph_.values[id].constant);
  };
  SX_ASSIGN_OR_RETURN(std::shared_ptr<const Plan> plan, MakePlan(graph_, types, options));
  SX_RETURN_IF_ERROR(CheckFits(*plan, *environment.budget));
  plans_.push_front(std::move(plan));
  settled_ = true;
  return absl::OkStatus();
}

std::shared_ptr<const Plan> Program::Find(const std::vector<Type>& types) const {
  const auto same = [&](const std::shared_ptr<const Plan>& plan) {
    return std::equal(types.begin(), types.end(), plan->input_types.begin(),
                      plan->input_types.end(), SameTypes);
  };
  const auto found = std::find_if(plans_.begin(), plans_.end(), same);
  if (found == plans_.end()) return nullptr;
  plans_.splice(plans_.begin(), plans_, found);
  return plans_.front();
}

StatusOr<std::shared_ptr<const Plan>> Program::MakePlanFor(
    const std::vector<Type>& types, const RunEnvironment& environment) const {
  if (settled_) return PlanFor(types, environment);
  return MakePlan(graph_, types, OptionsFor(environment));
}

StatusOr<std::shared_ptr<const Plan>> Program::PlanFor(const std::vector<Type>& types,
                                                       const RunEnvironment& environment) const {
  std::lock_guard lock(mutex_);
  if (std::shared_ptr<const Plan> kept = Find(types)) return kept;
  if (settled_)
    return InvalidArgument("inputs are not of the shapes that the model was loaded for");
  SX_ASSIGN_OR_RETURN(std::shared_ptr<const Plan> plan, MakePlanFor(types, environment));
  plans_.push_front(plan);
  if (static_cast<int>(plans_.size()) > std::max(options_.max_plans, 1)) plans_.pop_back();
  return plan;
}

std::shared_ptr<const Program> Program::body(const Graph* subgraph) const {
  const auto found = bodies_.find(subgraph);
  return found == bodies_.end() ? nullptr : found->second;
}

bool SameTypes(const Type& a, const Type& b) {
  if (a.kind != b.kind || a.element != b.element || a.key != b.key ||
      a.shape.has_value() != b.shape.has_value() || (a.inner == nullptr) != (b.inner == nullptr)) {
    return false;
  }
  if (a.shape && !std::equal(a.shape->begin(), a.shape->end(), b.shape->begin(), b.shape->end(),
                             [](const Dim& x, const Dim& y) {
                               return x.value == y.value && x.symbol == y.symbol;
                             })) {
    return false;
  }
  return a.inner == nullptr || SameTypes(*a.inner, *b.inner);
}

Type TypeOf(const Value& value) {
  if (value.is_tensor()) return Type::Tensor(value.tensor().type(), value.tensor().shape());
  if (value.is_sequence()) {
    const Sequence& sequence = value.sequence();
    Type inner;
    if (!sequence.empty()) {
      inner = TypeOf(sequence.front());
      inner.shape.reset();
    }
    return Type::Sequence(std::move(inner));
  }
  if (value.is_map()) return Type::Map(value.map().keys.type(), Type());
  return Type::Optional(Type());
}

bool HasType(const Value& value, const Type& type) {
  if (!value.is_tensor()) return SameTypes(type, TypeOf(value));
  const Tensor& tensor = value.tensor();
  return type.is_tensor() && type.element == tensor.type() && type.shape &&
         std::equal(type.shape->begin(), type.shape->end(), tensor.shape().begin(),
                    tensor.shape().end(),
                    [](const Dim& dim, int64_t size) { return dim.value == size; });
}

}  // namespace sardonyx
