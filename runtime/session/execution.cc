#include "runtime/session/execution.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "absl/container/inlined_vector.h"
#include "runtime/base/denormals.h"
#include "runtime/base/without_exceptions.h"
#include "runtime/passes/evaluate.h"
#include "runtime/passes/layout.h"
#include "runtime/passes/run_kernel.h"
#include "runtime/session/profile.h"
#include "runtime/session/program.h"

namespace sardonyx {
namespace {

/// A subgraph of a step, with its own context and the places of what it captures.
struct Body {
  const Graph* subgraph = nullptr;
  std::unique_ptr<ExecutionContext> context;
  std::vector<const Value*> captures;
};

/// Runs the bodies of one step.
class StepBodies : public BodyRunner {
 public:
  std::vector<Body> bodies;
  const RunEnvironment* environment = nullptr;

  Status Run(const Graph& subgraph, absl::Span<const Value> inputs,
             std::vector<Value>* outputs) override {
    for (Body& body : bodies) {
      if (body.subgraph != &subgraph) continue;
      SX_RETURN_IF_ERROR(body.context->RunBody(inputs, body.captures, *environment));
      outputs->resize(body.context->output_count());
      for (size_t i = 0; i < outputs->size(); ++i) {
        (*outputs)[i] = body.context->output(static_cast<int>(i));
      }
      return absl::OkStatus();
    }
    return absl::InternalError("a subgraph was not compiled");
  }
};

/// A step's values by address, so that a run looks nothing up.
struct BoundStep {
  std::vector<const Value*> inputs;
  std::vector<Value*> outputs;
  std::vector<Tensor> planned;  // by output: its place in the arena; undefined for none
  std::vector<Type> types;      // of inputs, for those that are no tensors
  StepBodies bodies;
};

/// Memory of an outlet of the plan, and the steps' outputs that lie in it.
struct Outlet {
  std::shared_ptr<std::byte> memory;              // null: given away with an output
  std::byte* at = nullptr;                        // this, or memory of the caller's
  std::vector<std::pair<size_t, size_t>> places;  // step and output
};

/// A plan with the memory that its runs write.
struct BoundPlan {
  std::shared_ptr<const Plan> plan;
  std::vector<Outlet> outlets;
  std::shared_ptr<std::byte> arena, scratch_memory;
  absl::Span<std::byte> scratch;
  std::vector<Value> slots;  // by ValueId
  std::vector<BoundStep> steps;

  /// Whether it lies in memory that is used again.
  bool InArena(const Tensor& tensor) const {
    const auto* at = static_cast<const std::byte*>(tensor.raw());
    if (at >= arena.get() && at < arena.get() + plan->arena_bytes) return true;
    for (size_t i = 0; i < outlets.size(); ++i) {
      if (at >= outlets[i].at && at < outlets[i].at + plan->outlet_bytes[i]) return true;
    }
    return false;
  }

  /// The place that the plan gives a value; undefined for none.
  Tensor PlaceOf(ValueId id) const {
    if (id == kNoValue || plan->offsets[id] < 0) return Tensor();
    const Type& type = plan->known[id].type;
    std::byte* base = plan->outlets[id] < 0 ? arena.get() : outlets[plan->outlets[id]].at;
    return Tensor::Borrow(type.element, *type.StaticShape(), base + plan->offsets[id], nullptr);
  }

  /// Moves an outlet to other memory.
  void Move(Outlet& outlet, std::byte* to) {
    outlet.at = to;
    for (const auto& [step, output] : outlet.places) {
      steps[step].planned[output] = PlaceOf(plan->steps[step].node->outputs[output]);
    }
  }
};

/// Whether two pieces of memory have a byte in common.
bool Overlap(const void* a, int64_t a_bytes, const void* b, int64_t b_bytes) {
  const auto first = reinterpret_cast<uintptr_t>(a), second = reinterpret_cast<uintptr_t>(b);
  return first < second + b_bytes && second < first + a_bytes;
}

BoundStep BindStep(const Step& step, const Program& program, ThreadPool* pool,
                   const std::shared_ptr<MemoryBudget>& budget, BoundPlan& bound) {
  BoundStep result;
  const Node& node = *step.node;
  for (ValueId id : node.inputs) {
    result.inputs.push_back(id == kNoValue ? nullptr : &bound.slots[id]);
    result.types.push_back(id == kNoValue ? Type() : bound.plan->known[id].type);
  }
  for (ValueId id : node.outputs) {
    result.outputs.push_back(id == kNoValue ? nullptr : &bound.slots[id]);
    result.planned.push_back(bound.PlaceOf(id));
  }
  for (const Graph* subgraph : node.Subgraphs()) {
    const std::shared_ptr<const Program> body = program.body(subgraph);
    Body entry{.subgraph = subgraph,
               .context = std::make_unique<ExecutionContext>(body, pool, budget)};
    for (const Capture& capture : body->graph().captures) {
      entry.captures.push_back(&bound.slots[capture.outer]);
    }
    result.bodies.bodies.push_back(std::move(entry));
  }
  return result;
}

StatusOr<std::unique_ptr<BoundPlan>> Bind(std::shared_ptr<const Plan> plan, const Program& program,
                                          ThreadPool* pool,
                                          const std::shared_ptr<MemoryBudget>& budget) {
  auto bound = std::make_unique<BoundPlan>();
  bound->plan = std::move(plan);
  const Plan& p = *bound->plan;
  SX_ASSIGN_OR_RETURN(bound->arena, AllocateBytes(p.arena_bytes, budget));
  SX_ASSIGN_OR_RETURN(bound->scratch_memory, AllocateBytes(p.scratch_bytes, budget));
  bound->scratch =
      absl::MakeSpan(bound->scratch_memory.get(), static_cast<size_t>(p.scratch_bytes));
  bound->outlets.resize(p.outlet_bytes.size());
  for (size_t i = 0; i < p.steps.size(); ++i) {
    for (size_t k = 0; k < p.steps[i].node->outputs.size(); ++k) {
      const ValueId id = p.steps[i].node->outputs[k];
      if (id != kNoValue && p.outlets[id] >= 0) {
        bound->outlets[p.outlets[id]].places.emplace_back(i, k);
      }
    }
  }
  bound->slots.resize(p.known.size());
  for (size_t i = 0; i < p.known.size(); ++i) {
    if (p.known[i].value) bound->slots[i] = *p.known[i].value;
  }
  bound->steps.reserve(p.steps.size());
  for (const Step& step : p.steps) {
    bound->steps.push_back(BindStep(step, program, pool, budget, *bound));
  }
  return bound;
}

/// Gives every output a place: the planned one, or new memory of the shape that inference finds
/// now, or nothing where only the kernel can tell.
Status PlaceOutputs(const Step& step, const Plan& plan, BoundStep& bound,
                    const RunEnvironment& environment) {
  std::vector<Type> types;
  if (step.dynamic) {
    SX_ASSIGN_OR_RETURN(types, InferFromValues(*step.node, bound.inputs, bound.types));
  }
  for (size_t i = 0; i < bound.outputs.size(); ++i) {
    Value* output = bound.outputs[i];
    if (output == nullptr) continue;
    const Tensor& place = bound.planned[i];
    if (place.defined()) {
      if (const auto shape = step.dynamic ? types[i].StaticShape() : std::nullopt;
          shape && *shape != place.shape()) {
        return InvalidArgument("output ", i, " has shape ", shape->ToString(), ", but ",
                               place.shape().ToString(), " was expected");
      }
      if (!output->is_tensor() || output->tensor().raw() != place.raw()) *output = place;
    } else {
      *output = Value();  // never memory that something else may share by now
      const Type& type = step.dynamic ? types[i] : plan.known[step.node->outputs[i]].type;
      SX_RETURN_IF_ERROR(AllocateInferred(type, environment.budget, *output).status());
    }
  }
  return absl::OkStatus();
}

/// A view: the input's elements in the shape that inference gave.
Status RunView(const Step& step, const BoundPlan& plan, BoundStep& bound) {
  const ValueId id = step.node->outputs[0];
  if (id == kNoValue) return absl::OkStatus();
  const Tensor& input = bound.inputs[0]->tensor();
  std::optional<Shape> shape = plan.plan->known[id].type.StaticShape();
  if (!shape) {
    SX_ASSIGN_OR_RETURN(const std::vector<Type> types,
                        InferFromValues(*step.node, bound.inputs, bound.types));
    shape = types[0].StaticShape();
  }
  if (!shape || shape->Elements() != input.size()) {
    return InvalidArgument("shape ", shape ? shape->ToString() : "[?]", " does not hold the ",
                           input.size(), " elements of ", input.ToString());
  }
  *bound.outputs[0] = input.Reshaped(*std::move(shape));
  return absl::OkStatus();
}

Status RunStep(const Step& step, const BoundPlan& plan, BoundStep& bound,
               const RunEnvironment& environment) {
  if (step.view && bound.inputs[0]->is_tensor()) return RunView(step, plan, bound);
  SX_RETURN_IF_ERROR(PlaceOutputs(step, *plan.plan, bound, environment));
  bound.bodies.environment = &environment;
  KernelContext context(*step.node, environment, &bound.bodies, bound.inputs, bound.outputs,
                        plan.scratch, step.row_stride);
  SX_RETURN_IF_ERROR(RunKernel(*step.kernel, context));
  // An output that is really another value's place would change when that place is used again.
  for (size_t i = 0; i < bound.outputs.size(); ++i) {
    Value* output = bound.outputs[i];
    if (output == nullptr || !output->is_tensor() ||
        output->tensor().raw() == bound.planned[i].raw() || !plan.InArena(output->tensor())) {
      continue;
    }
    SX_ASSIGN_OR_RETURN(*output, output->tensor().Clone(environment.budget));
  }
  return absl::OkStatus();
}

/// A copy of a tensor whose rows lie `stride` elements apart.
StatusOr<Tensor> GatherRows(const Tensor& tensor, int64_t stride,
                            const std::shared_ptr<MemoryBudget>& budget) {
  SX_ASSIGN_OR_RETURN(Tensor copy,
                      Tensor::CreateUninitialized(tensor.type(), tensor.shape(), budget));
  const size_t row = static_cast<size_t>(tensor.shape().dims().back()) * ElementSize(tensor.type());
  const size_t step = static_cast<size_t>(stride) * ElementSize(tensor.type());
  const auto* from = static_cast<const std::byte*>(tensor.raw());
  auto* to = static_cast<std::byte*>(copy.raw());
  for (size_t at = 0; at < static_cast<size_t>(tensor.bytes()); at += row, from += step) {
    std::memcpy(to + at, from, row);
  }
  return copy;
}

}  // namespace

struct ExecutionContext::State {
  std::shared_ptr<const Program> program;
  ThreadPool* pool = nullptr;
  std::shared_ptr<MemoryBudget> budget;
  std::vector<std::unique_ptr<BoundPlan>> plans;  // the latest used first
  std::vector<const Value*> run_inputs;           // of the run under way: inputs, then captures
  std::vector<Value> defaults;
  RunControl::Clock::time_point started;  // the last run's first step

  bool Fits(const BoundPlan& bound) const {
    for (size_t i = 0; i < run_inputs.size(); ++i) {
      if (!HasType(*run_inputs[i], bound.plan->input_types[i])) return false;
    }
    return true;
  }

  /// Brings the plan for run_inputs to the front.
  Status SelectPlan(const RunEnvironment& environment) {
    for (size_t i = 0; i < plans.size(); ++i) {
      if (!Fits(*plans[i])) continue;
      std::rotate(plans.begin(), plans.begin() + i, plans.begin() + i + 1);
      return absl::OkStatus();
    }
    std::vector<Type> types;
    for (const Value* value : run_inputs) types.push_back(TypeOf(*value));
    SX_ASSIGN_OR_RETURN(std::shared_ptr<const Plan> plan, program->PlanFor(types, environment));
    if (static_cast<int>(plans.size()) >= std::max(program->max_plans(), 1)) plans.pop_back();
    SX_ASSIGN_OR_RETURN(std::unique_ptr<BoundPlan> bound,
                        Bind(std::move(plan), *program, pool, budget));
    plans.insert(plans.begin(), std::move(bound));
    return absl::OkStatus();
  }

  /// Whether an output can be computed in `place`: whole, aligned, and no input's memory.
  bool Suits(const BoundPlan& bound, ValueId id, const Tensor& place) const {
    const Plan& plan = *bound.plan;
    const int outlet = plan.outlets[id];
    if (outlet < 0 || plan.offsets[id] != 0 || plan.outlet_bytes[outlet] != place.bytes() ||
        place.type() == DataType::kString ||
        reinterpret_cast<uintptr_t>(place.raw()) % kAlignment != 0 ||
        !HasType(Value(place), plan.known[id].type)) {
      return false;
    }
    return std::none_of(run_inputs.begin(), run_inputs.end(), [&](const Value* input) {
      if (!input->is_tensor()) return !input->is_none();  // a sequence's tensors are not looked at
      const Tensor& tensor = input->tensor();
      return Overlap(tensor.raw(), tensor.bytes(), place.raw(), place.bytes());
    });
  }

  /// Gives every outlet memory: a place that the caller offers, or its own.
  Status PrepareOutlets(BoundPlan& bound, absl::Span<Value* const> places) {
    if (bound.outlets.empty()) return absl::OkStatus();
    const Graph& graph = program->graph();
    absl::InlinedVector<std::byte*, 4> offered(bound.outlets.size(), nullptr);
    for (size_t i = 0; i < places.size(); ++i) {
      if (places[i] == nullptr || !places[i]->is_tensor()) continue;
      Tensor& place = places[i]->tensor();
      if (!Suits(bound, graph.outputs[i], place)) continue;
      offered[bound.plan->outlets[graph.outputs[i]]] = place.data<std::byte>();
    }
    for (size_t i = 0; i < bound.outlets.size(); ++i) {
      Outlet& outlet = bound.outlets[i];
      if (offered[i] == nullptr && outlet.memory == nullptr) {
        SX_ASSIGN_OR_RETURN(outlet.memory, AllocateBytes(bound.plan->outlet_bytes[i], budget));
      }
      std::byte* const at = offered[i] != nullptr ? offered[i] : outlet.memory.get();
      if (outlet.at != at) bound.Move(outlet, at);
    }
    return absl::OkStatus();
  }

  /// Shows the i-th step's outputs to `observer`.
  Status Show(const BoundPlan& bound, size_t i, const Observer& observer) const {
    const Step& step = bound.plan->steps[i];
    const Node& node = *step.node;
    for (size_t k = 0; k < node.outputs.size(); ++k) {
      if (node.outputs[k] == kNoValue) continue;
      const ValueInfo& value = program->graph().value(node.outputs[k]);
      Value shown = *bound.steps[i].outputs[k];
      if (k == 0 && step.row_stride > 0) {
        SX_ASSIGN_OR_RETURN(shown, GatherRows(shown.tensor(), step.row_stride, budget));
      }
      SX_RETURN_IF_ERROR(observer({.layer = static_cast<int>(i),
                                   .name = NameInModel(value),
                                   .value = shown,
                                   .channels_last = value.channels_last}));
    }
    return absl::OkStatus();
  }

  Status RunAll(const RunEnvironment& environment, const Observer& observer,
                std::vector<NodeTiming>* timings, absl::Span<Value* const> places) {
    SX_RETURN_IF_ERROR(SelectPlan(environment));
    BoundPlan& bound = *plans.front();
    const Plan& plan = *bound.plan;
    SX_RETURN_IF_ERROR(PrepareOutlets(bound, places));
    for (size_t i = 0; i < run_inputs.size(); ++i) bound.slots[plan.inputs[i]] = *run_inputs[i];
    started = RunControl::Clock::now();
    const auto now = [&] {
      return std::chrono::nanoseconds(RunControl::Clock::now() - started).count();
    };
    if (timings != nullptr) timings->resize(plan.steps.size());
    int64_t begin = 0;  // a step begins where the one before ended: one look at the clock for both
    for (size_t i = 0; i < plan.steps.size(); ++i) {
      const Step& step = plan.steps[i];
      Status status = environment.control->Check();
      if (status.ok()) {
        // Products alone: what moves, converts or compares numbers keeps them as they are.
        const bool product = step.node->op->multiply_adds != nullptr;
        const FlushDenormals flush(product && program->flushes_denormals());
        status = RunStep(step, bound, bound.steps[i], environment);
      }
      if (status.ok() && timings != nullptr) {
        (*timings)[i] = {.layer = static_cast<int>(i), .begin_ns = begin, .end_ns = now()};
        begin = (*timings)[i].end_ns;
      }
      if (status.ok() && observer) {
        status = Show(bound, i, observer);
        if (timings != nullptr) begin = now();
      }
      if (!status.ok()) return Prepend(status, absl::StrCat(step.node->Describe(), ": "));
      for (ValueId id : step.release) bound.slots[id] = Value();
    }
    return absl::OkStatus();
  }
};

ExecutionContext::ExecutionContext(std::shared_ptr<const Program> program, ThreadPool* pool,
                                   std::shared_ptr<MemoryBudget> budget)
    : state_(std::make_unique<State>()) {
  state_->program = std::move(program);
  state_->pool = pool;
  state_->budget = std::move(budget);
  for (size_t i = 0; i < state_->program->graph().inputs.size(); ++i) {
    const Tensor* tensor = state_->program->default_of(static_cast<int>(i));
    state_->defaults.push_back(tensor == nullptr ? Value() : Value(*tensor));
  }
}

ExecutionContext::~ExecutionContext() = default;

Status ExecutionContext::Run(absl::Span<const Value> inputs, const RunOptions& options,
                             std::vector<NodeTiming>* timings, absl::Span<Value* const> places) {
  return WithoutExceptions([&]() -> Status {
    static const RunControl* const unlimited = new RunControl();
    const RunEnvironment environment{
        .pool = state_->pool,
        .control = options.control == nullptr ? unlimited : options.control,
        .budget = state_->budget,
        .seed = options.seed};
    const Graph& graph = state_->program->graph();
    if (inputs.size() != graph.inputs.size()) {
      return InvalidArgument("expected ", graph.inputs.size(), " inputs, got ", inputs.size());
    }
    state_->run_inputs.clear();
    for (size_t i = 0; i < inputs.size(); ++i) {
      const bool use_default = inputs[i].is_none() && state_->defaults[i].is_tensor();
      state_->run_inputs.push_back(use_default ? &state_->defaults[i] : &inputs[i]);
    }
    std::vector<NodeTiming> profiled;
    if (options.profile != nullptr && timings == nullptr) timings = &profiled;
    SX_RETURN_IF_ERROR(state_->RunAll(environment, options.observer, timings, places));
    if (options.profile != nullptr) {
      options.profile->Add(*state_->plans.front()->plan, state_->started, *timings);
    }
    return absl::OkStatus();
  });
}

Status ExecutionContext::RunBody(absl::Span<const Value> inputs,
                                 absl::Span<const Value* const> captures,
                                 const RunEnvironment& environment) {
  if (inputs.size() != state_->program->graph().inputs.size()) {
    return InvalidArgument("subgraph '", state_->program->graph().name, "' takes ",
                           state_->program->graph().inputs.size(), " inputs, not ", inputs.size());
  }
  state_->run_inputs.clear();
  for (const Value& value : inputs) state_->run_inputs.push_back(&value);
  for (const Value* value : captures) state_->run_inputs.push_back(value);
  return state_->RunAll(environment, {}, nullptr, {});
}

const Value& ExecutionContext::output(int i) const {
  return state_->plans.front()->slots[state_->program->graph().outputs[i]];
}

StatusOr<Value> ExecutionContext::TakeOutput(int i) {
  const Value& value = output(i);
  if (!value.is_tensor()) return value;  // what sequences and maps hold is never changed
  const Tensor& tensor = value.tensor();
  for (Outlet& outlet : state_->plans.front()->outlets) {
    if (outlet.memory == nullptr || tensor.raw() != outlet.memory.get()) continue;
    std::byte* const at = outlet.at;
    return Value(Tensor::Borrow(tensor.type(), tensor.shape(), at, std::move(outlet.memory)));
  }
  SX_ASSIGN_OR_RETURN(Tensor copy, tensor.Clone(state_->budget));
  return Value(std::move(copy));
}

void ExecutionContext::Forget() {
  if (state_->plans.empty()) return;
  BoundPlan& bound = *state_->plans.front();
  for (ValueId id : bound.plan->inputs) bound.slots[id] = Value();
}

int ExecutionContext::output_count() const {
  return static_cast<int>(state_->program->graph().outputs.size());
}

}  // namespace sardonyx
