#include "runtime/session/session.h"

#include <algorithm>
#include <mutex>
#include <set>

#include "absl/strings/str_join.h"
#include "runtime/base/nearest.h"
#include "runtime/passes/resolve.h"
#include "runtime/passes/symbols.h"
#include "runtime/session/execution.h"
#include "runtime/session/program.h"

namespace sardonyx {
namespace {

constexpr BackendChoice kBackends[] = {BackendChoice::kAuto, BackendChoice::kReference,
                                       BackendChoice::kNative, BackendChoice::kOneDnn};

/// Adds the values that the caller wants to see to the graph's outputs.
Status AddOutputs(const SessionOptions& options, Graph& graph) {
  std::set<ValueId> present(graph.outputs.begin(), graph.outputs.end());
  const auto add = [&](ValueId id) {
    if (id != kNoValue && present.insert(id).second) graph.outputs.push_back(id);
  };
  std::map<std::string, ValueId> by_name;
  std::vector<std::string> names;
  for (size_t i = 0; i < graph.values.size(); ++i) {
    if (graph.values[i].name.empty()) continue;
    by_name.emplace(graph.values[i].name, static_cast<ValueId>(i));
    names.push_back(graph.values[i].name);
  }
  for (const std::string& name : options.extra_outputs) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) {
      return InvalidArgument("the model has no value '", name, "'", DidYouMean(name, names));
    }
    add(found->second);
  }
  if (options.fetch_all) {
    for (const Node& node : graph.nodes) {
      for (ValueId id : node.outputs) add(id);
    }
  }
  return absl::OkStatus();
}

/// An error where a model declares an output to be what it cannot be.
Status CheckDeclared(const Port& declared, const Type& inferred) {
  const Type& type = declared.type;
  const auto conflict = [&] {
    return InvalidArgument("output '", declared.name, "' is declared ", type.ToString(),
                           " but its node yields ", inferred.ToString());
  };
  if (!type.is_tensor() || inferred.kind == Type::Kind::kUnknown) return absl::OkStatus();
  if (!inferred.is_tensor()) return conflict();
  if (type.element != DataType::kUndefined && inferred.element != DataType::kUndefined &&
      type.element != inferred.element) {
    return conflict();
  }
  if (!type.shape || !inferred.shape) return absl::OkStatus();
  if (type.shape->size() != inferred.shape->size()) return conflict();
  for (size_t i = 0; i < type.shape->size(); ++i) {
    const Dim &a = (*type.shape)[i], &b = (*inferred.shape)[i];
    if (a.known() && b.known() && a.value != b.value) return conflict();
  }
  return absl::OkStatus();
}

/// Checks a value against what the model declares, symbols meaning one size over all inputs.
Status CheckInput(const Port& port, const Value& value, std::map<std::string, int64_t>& symbols) {
  const auto wrong = [&](const auto&... why) {
    return InvalidArgument("input '", port.name, "' is ", value.ToString(), ", expected ",
                           port.type.ToString(), why...);
  };
  if (port.type.kind == Type::Kind::kSequence) {
    return value.is_sequence() ? absl::OkStatus() : wrong();
  }
  if (port.type.kind == Type::Kind::kMap) return value.is_map() ? absl::OkStatus() : wrong();
  if (!port.type.is_tensor()) return absl::OkStatus();
  if (!value.is_tensor()) return wrong();
  const Tensor& tensor = value.tensor();
  if (port.type.element != DataType::kUndefined && port.type.element != tensor.type()) {
    return wrong();
  }
  if (!port.type.shape) return absl::OkStatus();
  if (port.type.rank() != tensor.rank()) return wrong();
  for (int i = 0; i < tensor.rank(); ++i) {
    const Dim& dim = (*port.type.shape)[i];
    if (dim.known() && dim.value != tensor.dim(i)) return wrong();
    if (dim.known() || dim.symbol.empty()) continue;
    const auto [place, fresh] = symbols.emplace(dim.symbol, tensor.dim(i));
    if (!fresh && place->second != tensor.dim(i)) {
      return wrong(", where '", dim.symbol, "' is ", place->second, " in another input");
    }
  }
  return absl::OkStatus();
}

/// A deep copy that belongs to the caller.
StatusOr<Value> Own(const Value& value, const std::shared_ptr<MemoryBudget>& budget) {
  if (value.is_tensor()) return value.tensor().Clone(budget);
  return value;  // what sequences and maps hold is theirs already, and never changed
}

RunEnvironment Unlimited(ThreadPool* pool, std::shared_ptr<MemoryBudget> budget) {
  static const RunControl* const unlimited = new RunControl();
  return {.pool = pool, .control = unlimited, .budget = std::move(budget)};
}

}  // namespace

absl::string_view Name(BackendChoice choice) {
  switch (choice) {
    case BackendChoice::kReference:
      return "reference";
    case BackendChoice::kNative:
      return "native";
    case BackendChoice::kOneDnn:
      return "onednn";
    case BackendChoice::kAuto:
      break;
  }
  return "auto";
}

StatusOr<BackendChoice> ParseBackend(absl::string_view name) {
  std::vector<std::string> names;
  for (BackendChoice choice : kBackends) {
    if (name == Name(choice)) return choice;
    names.emplace_back(Name(choice));
  }
  return InvalidArgument("there is no backend '", name, "'; it is one of ",
                         absl::StrJoin(names, ", "), DidYouMean(name, names));
}

/// Contexts that no call is using, and what the model looks like from outside.
struct Session::ContextPool {
  std::vector<Port> inputs, outputs;
  std::mutex mutex;  // guards idle
  std::vector<std::unique_ptr<ExecutionContext>> idle;
};

Session::~Session() = default;

StatusOr<std::unique_ptr<Session>> Session::Create(std::shared_ptr<const Model> model,
                                                   const SessionOptions& options) {
  std::unique_ptr<Session> session(new Session());
  session->options_ = options;
  if (options.threads < 0 || options.threads > 1024) {
    return InvalidArgument("threads is ", options.threads, ", expected 0 (all) to 1024");
  }
  if (options.threads == 0) session->options_.threads = UsableThreads();
  session->budget_ = std::make_shared<MemoryBudget>(options.memory_limit);
  session->pool_ = std::make_unique<ThreadPool>(session->options_.threads);
  session->contexts_ = std::make_unique<ContextPool>();

  Graph graph = model->graph.Clone();
  SX_RETURN_IF_ERROR(SetSymbols(options.symbols, graph));
  const std::vector<std::string> problems = ResolveOperators(graph, session->options_.custom_ops);
  if (!problems.empty()) return InvalidArgument(absl::StrJoin(problems, "\n"));
  SX_RETURN_IF_ERROR(AddOutputs(options, graph));
  // Before IR version 4 every initializer had to be an input; none was meant to be overridden.
  if (model->ir_version < 4) {
    std::erase_if(graph.inputs, [&](ValueId id) { return graph.values[id].constant.has_value(); });
  }
  model.reset();  // constants that the graph does without may go, unless the caller holds them
  ContextPool& ports = *session->contexts_;
  for (ValueId id : graph.inputs) {
    const ValueInfo& value = graph.values[id];
    ports.inputs.push_back(
        {.name = value.name, .type = value.type, .has_default = value.constant.has_value()});
  }
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    ports.outputs.push_back(
        {.name = graph.OutputName(i), .type = graph.values[graph.outputs[i]].type});
  }

  const RunEnvironment environment = Unlimited(session->pool_.get(), session->budget_);
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<Program> program,
                      Program::Compile(std::move(graph), session->options_, environment));
  const Graph& compiled = program->graph();
  std::vector<Type> types;
  for (size_t i = 0; i < ports.outputs.size(); ++i) {
    const Type& inferred = compiled.values[compiled.outputs[i]].type;
    SX_RETURN_IF_ERROR(CheckDeclared(ports.outputs[i], inferred));
    if (ports.outputs[i].type.kind == Type::Kind::kUnknown) ports.outputs[i].type = inferred;
  }
  bool fixed = true, defaults = false;
  for (const Port& port : ports.inputs) {
    types.push_back(port.type);
    fixed = fixed && port.type.StaticShape().has_value();
    defaults = defaults || port.has_default;
  }
  // With shapes that cannot vary the plan is part of loading: its errors show now. What stands in
  // for an input left out may have another shape yet.
  if (fixed) {
    SX_RETURN_IF_ERROR(defaults ? program->PlanFor(types, environment).status()
                                : program->Settle(types, environment));
  }
  session->program_ = program;
  return session;
}

const std::vector<Port>& Session::inputs() const { return contexts_->inputs; }
const std::vector<Port>& Session::outputs() const { return contexts_->outputs; }

StatusOr<std::vector<Value>> Session::Arrange(const std::map<std::string, Value>& inputs) const {
  const std::vector<Port>& ports = contexts_->inputs;
  std::vector<std::string> names;
  for (const Port& port : ports) names.push_back(port.name);
  for (const auto& [name, value] : inputs) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return InvalidArgument("the model has no input '", name, "'", DidYouMean(name, names),
                             " (inputs: ", absl::StrJoin(names, ", "), ")");
    }
  }
  std::vector<Value> arranged(ports.size());
  std::map<std::string, int64_t> symbols;
  for (size_t i = 0; i < ports.size(); ++i) {
    const auto found = inputs.find(ports[i].name);
    if (found == inputs.end()) {
      if (ports[i].has_default || ports[i].type.kind == Type::Kind::kOptional) continue;
      return InvalidArgument("input '", ports[i].name, "' (", ports[i].type.ToString(),
                             ") is missing");
    }
    SX_RETURN_IF_ERROR(CheckInput(ports[i], found->second, symbols));
    arranged[i] = found->second;
  }
  return arranged;
}

std::unique_ptr<ExecutionContext> Session::NewContext() {
  return std::make_unique<ExecutionContext>(program_, pool_.get(), budget_);
}

StatusOr<std::vector<Value>> Session::Run(const std::map<std::string, Value>& inputs,
                                          const RunOptions& options) {
  SX_ASSIGN_OR_RETURN(const std::vector<Value> arranged, Arrange(inputs));
  std::unique_ptr<ExecutionContext> context;
  {
    std::lock_guard lock(contexts_->mutex);
    if (!contexts_->idle.empty()) {
      context = std::move(contexts_->idle.back());
      contexts_->idle.pop_back();
    }
  }
  if (context == nullptr) context = NewContext();
  Status status = context->Run(arranged, options);
  std::vector<Value> outputs;
  for (int i = 0; status.ok() && i < context->output_count(); ++i) {
    StatusOr<Value> output = Own(context->output(i), budget_);
    status = output.status();
    if (status.ok()) outputs.push_back(*std::move(output));
  }
  {
    std::lock_guard lock(contexts_->mutex);
    contexts_->idle.push_back(std::move(context));
  }
  if (!status.ok()) return status;
  return outputs;
}

}  // namespace sardonyx
