#include "runtime/session/session.h"

#include <algorithm>
#include <mutex>
#include <set>

#include "absl/strings/str_join.h"
#include "runtime/base/nearest.h"
#include "runtime/base/without_exceptions.h"
#include "runtime/passes/resolve.h"
#include "runtime/passes/symbols.h"
#include "runtime/session/execution.h"
#include "runtime/session/program.h"

namespace sardonyx {
namespace {

constexpr BackendChoice kBackends[] = {BackendChoice::kAuto, BackendChoice::kReference,
                                       BackendChoice::kNative, BackendChoice::kOneDnn};

constexpr Accuracy kAccuracies[] = {Accuracy::kStrict, Accuracy::kDefault, Accuracy::kFast};

/// The one among `all` that has that name. Errors: none has.
template <typename T, size_t N>
StatusOr<T> ByName(absl::string_view name, absl::string_view what, const T (&all)[N]) {
  std::vector<std::string> names;
  for (T one : all) {
    if (name == Name(one)) return one;
    names.emplace_back(Name(one));
  }
  return InvalidArgument("there is no ", what, " '", name, "'; it is one of ",
                         absl::StrJoin(names, ", "), DidYouMean(name, names));
}

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

/// Brings an output to its caller: into the tensor that is there, or as a value of its own.
Status GiveOutput(ExecutionContext& context, int i, Value& place) {
  if (!place.is_tensor()) {
    StatusOr<Value> output = context.TakeOutput(i);
    if (!output.ok()) return Prepend(output.status(), ": ");
    place = *std::move(output);
    return absl::OkStatus();
  }
  const Value& output = context.output(i);
  const bool fits = output.is_tensor() && output.tensor().type() == place.tensor().type() &&
                    output.tensor().shape() == place.tensor().shape();
  if (!fits) {
    return InvalidArgument(" is ", output.ToString(), ", the tensor for it ", place.ToString());
  }
  place.tensor().CopyFrom(output.tensor());
  return absl::OkStatus();
}

StatusOr<int> Find(const std::vector<Port>& ports, absl::string_view name, absl::string_view what) {
  for (size_t i = 0; i < ports.size(); ++i) {
    if (ports[i].name == name) return static_cast<int>(i);
  }
  std::vector<std::string> names;
  for (const Port& port : ports) names.push_back(port.name);
  return InvalidArgument("the model has no ", what, " '", name, "'", DidYouMean(name, names), " (",
                         what, "s: ", absl::StrJoin(names, ", "), ")");
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

absl::string_view Name(Accuracy accuracy) {
  switch (accuracy) {
    case Accuracy::kStrict:
      return "strict";
    case Accuracy::kFast:
      return "fast";
    case Accuracy::kDefault:
      break;
  }
  return "default";
}

StatusOr<BackendChoice> ParseBackend(absl::string_view name) {
  return ByName(name, "backend", kBackends);
}

StatusOr<Accuracy> ParseAccuracy(absl::string_view name) {
  return ByName(name, "accuracy", kAccuracies);
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
  return WithoutExceptions([&]() -> StatusOr<std::unique_ptr<Session>> {
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
      std::erase_if(graph.inputs,
                    [&](ValueId id) { return graph.values[id].constant.has_value(); });
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
  });
}

const std::vector<Port>& Session::inputs() const { return contexts_->inputs; }
const std::vector<Port>& Session::outputs() const { return contexts_->outputs; }

StatusOr<int> Session::FindInput(absl::string_view name) const {
  return Find(contexts_->inputs, name, "input");
}
StatusOr<int> Session::FindOutput(absl::string_view name) const {
  return Find(contexts_->outputs, name, "output");
}

Status Session::Check(absl::Span<const Value> inputs) const {
  const std::vector<Port>& ports = contexts_->inputs;
  if (inputs.size() != ports.size()) {
    return InvalidArgument("expected ", ports.size(), " inputs, got ", inputs.size());
  }
  std::map<std::string, int64_t> symbols;
  for (size_t i = 0; i < ports.size(); ++i) {
    const Port& port = ports[i];
    if (!inputs[i].is_none()) {
      SX_RETURN_IF_ERROR(CheckInput(port, inputs[i], symbols));
    } else if (!port.has_default && port.type.kind != Type::Kind::kOptional) {
      return InvalidArgument("input '", port.name, "' (", port.type.ToString(), ") is missing");
    }
  }
  return absl::OkStatus();
}

StatusOr<std::vector<Value>> Session::Arrange(const std::map<std::string, Value>& inputs) const {
  std::vector<Value> arranged(contexts_->inputs.size());
  for (const auto& [name, value] : inputs) {
    SX_ASSIGN_OR_RETURN(const int position, FindInput(name));
    arranged[position] = value;
  }
  SX_RETURN_IF_ERROR(Check(arranged));
  return arranged;
}

std::unique_ptr<ExecutionContext> Session::NewContext() {
  return std::make_unique<ExecutionContext>(program_, pool_.get(), budget_);
}

std::unique_ptr<ExecutionContext> Session::TakeContext() {
  {
    std::lock_guard lock(contexts_->mutex);
    if (!contexts_->idle.empty()) {
      std::unique_ptr<ExecutionContext> context = std::move(contexts_->idle.back());
      contexts_->idle.pop_back();
      return context;
    }
  }
  return NewContext();
}

Status Session::Run(absl::Span<const Value> inputs, absl::Span<Value* const> outputs,
                    const RunOptions& options) {
  return WithoutExceptions([&]() -> Status {
    SX_RETURN_IF_ERROR(Check(inputs));
    if (outputs.size() != contexts_->outputs.size()) {
      return InvalidArgument("the model has ", contexts_->outputs.size(), " outputs, places for ",
                             outputs.size(), " were given");
    }
    std::unique_ptr<ExecutionContext> context = TakeContext();
    Status status = context->Run(inputs, options, nullptr, outputs);
    for (size_t i = 0; status.ok() && i < outputs.size(); ++i) {
      if (outputs[i] == nullptr) continue;
      status = Prepend(GiveOutput(*context, static_cast<int>(i), *outputs[i]),
                       absl::StrCat("output '", contexts_->outputs[i].name, "'"));
    }
    context->Forget();
    std::lock_guard lock(contexts_->mutex);
    contexts_->idle.push_back(std::move(context));
    return status;
  });
}

StatusOr<std::vector<Value>> Session::Run(const std::map<std::string, Value>& inputs,
                                          const RunOptions& options) {
  return WithoutExceptions([&]() -> StatusOr<std::vector<Value>> {
    SX_ASSIGN_OR_RETURN(const std::vector<Value> arranged, Arrange(inputs));
    std::vector<Value> outputs(contexts_->outputs.size());
    std::vector<Value*> places;
    for (Value& output : outputs) places.push_back(&output);
    SX_RETURN_IF_ERROR(Run(arranged, places, options));
    return outputs;
  });
}

}  // namespace sardonyx
