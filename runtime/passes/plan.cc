#include "runtime/passes/plan.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "runtime/base/memory.h"

namespace sardonyx {
namespace {

PrepareContext MakePrepareContext(const Node& node, const Knowledge& known, const Graph& graph,
                                  const PlanOptions& options) {
  std::vector<Type> inputs, outputs;
  std::vector<const Tensor*> constants;
  for (ValueId id : node.inputs) {
    inputs.push_back(id == kNoValue ? Type() : known[id].type);
    constants.push_back(graph.constant(id));
  }
  for (ValueId id : node.outputs) outputs.push_back(id == kNoValue ? Type() : known[id].type);
  return PrepareContext(node, std::move(inputs), std::move(constants), std::move(outputs),
                        *options.evaluate.environment, options.accuracy, options.cache);
}

/// A kernel that a node might get.
struct Candidate {
  const KernelDef* def = nullptr;
  double estimate_ns = 0;
};

std::vector<Candidate> FindCandidates(const PrepareContext& context, const PlanOptions& options,
                                      std::vector<std::string>& refusals) {
  std::vector<Candidate> found;
  for (const KernelDef& def : context.node().op->kernels) {
    if (def.backend == Backend::kNative && !options.native) continue;
    if (def.backend == Backend::kOneDnn && !options.onednn) continue;
    const std::string reason = def.refuses == nullptr ? "" : def.refuses(context);
    if (reason.empty()) {
      found.push_back({&def, def.estimate_ns == nullptr ? 0 : def.estimate_ns(context)});
    } else {
      refusals.push_back(absl::StrCat(def.name, ": ", reason));
    }
  }
  return found;
}

/// The first, or whichever of those that compete with it by time should take the least.
std::vector<Candidate>::iterator Best(std::vector<Candidate>& candidates) {
  auto best = candidates.begin();
  if (best == candidates.end() || best->def->estimate_ns == nullptr) return best;
  for (auto it = candidates.begin(); it != candidates.end(); ++it) {
    if (it->def->estimate_ns != nullptr && it->estimate_ns < best->estimate_ns) best = it;
  }
  return best;
}

/// Leaves out reference kernels where there is another.
std::vector<std::string> NamesOf(const std::vector<Candidate>& candidates) {
  std::vector<std::string> names;
  for (const Candidate& candidate : candidates) {
    if (!names.empty() && candidate.def->backend == Backend::kReference) continue;
    names.emplace_back(candidate.def->name);
  }
  return names;
}

/// The one that was chosen beforehand for the node whose first output has that name; none: end.
std::vector<Candidate>::iterator Chosen(std::vector<Candidate>& candidates,
                                        const KernelChoices* choices, const std::string& output) {
  if (choices == nullptr) return candidates.end();
  const auto choice = choices->find(output);
  if (choice == choices->end()) return candidates.end();
  return std::find_if(candidates.begin(), candidates.end(),
                      [&](const Candidate& c) { return c.def->name == choice->second; });
}

void ReportSlower(const std::vector<Candidate>& candidates, const Candidate& chosen,
                  std::vector<std::string>& refusals) {
  const auto us = [](double ns) { return absl::StrFormat("%.0f us", ns / 1e3); };
  for (const Candidate& other : candidates) {
    if (other.def == chosen.def || other.def->estimate_ns == nullptr) continue;
    refusals.push_back(absl::StrCat(other.def->name, ": should take ", us(other.estimate_ns), ", ",
                                    chosen.def->name, " ", us(chosen.estimate_ns)));
  }
}

Status ChooseKernel(const PrepareContext& context, const PlanOptions& options,
                    const std::string& output, Step& step) {
  std::vector<Candidate> candidates = FindCandidates(context, options, step.refusals);
  step.candidates = NamesOf(candidates);
  auto best = Chosen(candidates, options.choices, output);
  const bool chosen = best != candidates.end();
  if (!chosen) best = Best(candidates);
  for (; best != candidates.end(); best = Best(candidates)) {
    auto kernel = best->def->prepare(context);
    if (kernel.ok()) {
      step.kernel = *std::move(kernel);
      step.def = best->def;
      if (!chosen && step.def->estimate_ns != nullptr) {
        ReportSlower(candidates, *best, step.refusals);
      }
      return absl::OkStatus();
    }
    if (kernel.status().code() != absl::StatusCode::kUnimplemented) return kernel.status();
    step.refusals.push_back(absl::StrCat(best->def->name, ": ", kernel.status().message()));
    candidates.erase(best);
  }
  std::string all;
  for (const std::string& refusal : step.refusals) absl::StrAppend(&all, "; ", refusal);
  return Unimplemented("no kernel takes it", all);
}

/// Counts the readers of constants, to let go of those whose elements no run will read.
class ConstantReaders {
 public:
  ConstantReaders(const Graph& graph, const std::function<void(ValueId)>& release)
      : graph_(graph), release_(release) {
    if (release_ != nullptr) readers_ = graph.UseCounts();
  }

  /// Takes note of what a step's kernel has packed. A dynamic step's inference reads all inputs.
  void Prepared(const Step& step, Knowledge& known) {
    if (release_ == nullptr || step.kernel == nullptr || step.dynamic) return;
    for (size_t i = 0; i < step.node->inputs.size(); ++i) {
      const ValueId id = step.node->inputs[i];
      if (graph_.constant(id) == nullptr || step.kernel->reads(static_cast<int>(i))) continue;
      if (--readers_[id] > 0) continue;
      known[id].value = WithoutElements(*known[id].value);
      release_(id);
    }
  }

 private:
  const Graph& graph_;
  const std::function<void(ValueId)>& release_;
  std::vector<int> readers_;  // by ValueId: inputs, captures and outputs not seen yet
};

/// A type whose value can be given memory before the run.
bool IsPlaceable(const Type& type) {
  return type.is_tensor() && type.element != DataType::kUndefined &&
         type.element != DataType::kString && type.StaticShape().has_value();
}

/// Decides where values live: liveness, sharing by views and in-place operators, placement.
class MemoryPlanner {
 public:
  MemoryPlanner(const Graph& graph, Plan& plan)
      : graph_(graph),
        plan_(plan),
        buffer_of_(graph.values.size(), -1),
        root_(graph.values.size(), kNoValue),
        last_use_(graph.values.size(), -1),
        reads_(graph.values.size(), 0),
        producer_(graph.values.size(), -1),
        joins_(graph.values.size()) {}

  Status Run() {
    FindLastUses();
    for (Step& step : plan_.steps) {
      if (step.node->op->joined_axis != nullptr) FindJoins(step);
    }
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      SX_RETURN_IF_ERROR(PlaceOutputs(static_cast<int>(i)));
    }
    plan_.buffers = buffers_;
    const std::vector<int> outlet_of = TakeOutlets();
    plan_.arena_bytes = PlaceBuffers(buffers_);
    plan_.offsets.assign(graph_.values.size(), -1);
    plan_.outlets.assign(graph_.values.size(), -1);
    for (size_t id = 0; id < buffer_of_.size(); ++id) {
      const int buffer = buffer_of_[id];
      if (buffer < 0) continue;
      plan_.outlets[id] = outlet_of[buffer];
      const int64_t start = outlet_of[buffer] < 0 ? buffers_[arena_index_[buffer]].offset : 0;
      plan_.offsets[id] = start + joins_[id].offset;
    }
    for (size_t i = 0; i < plan_.buffers.size(); ++i) {
      if (outlet_of[i] < 0) plan_.buffers[i] = buffers_[arena_index_[i]];
    }
    plan_.buffer_of = std::move(buffer_of_);
    return absl::OkStatus();
  }

 private:
  /// A view's last use is its source's too: walk backwards so that chains of views add up.
  void FindLastUses() {
    const int end = static_cast<int>(plan_.steps.size());
    for (ValueId id : graph_.outputs) {
      last_use_[id] = end;
      ++reads_[id];
    }
    for (int i = end; i-- > 0;) {
      const Step& step = plan_.steps[i];
      for (ValueId id : graph_.Reads(*step.node)) {
        last_use_[id] = std::max(last_use_[id], i);
        ++reads_[id];
      }
      if (step.node->outputs.empty() || step.node->outputs[0] == kNoValue) continue;
      producer_[step.node->outputs[0]] = i;
      if (step.view) {
        int& source = last_use_[step.node->inputs[0]];
        source = std::max(source, last_use_[step.node->outputs[0]]);
      }
    }
  }

  /// The value whose memory `id` shows: its own, or what it is a view of.
  ValueId Root(ValueId id) const { return root_[id] == kNoValue ? id : root_[id]; }

  Status PlaceOutputs(int i) {
    Step& step = plan_.steps[i];
    const Node& node = *step.node;
    if (step.view && node.outputs[0] != kNoValue) root_[node.outputs[0]] = Root(node.inputs[0]);
    for (size_t o = 0; o < node.outputs.size(); ++o) {
      const ValueId id = node.outputs[o];
      if (id == kNoValue || step.view || !IsPlaceable(plan_.known[id].type)) continue;
      if (joins_[id].whole != kNoValue) {
        SX_RETURN_IF_ERROR(PlaceInWhole(i, id));
        continue;
      }
      if (buffer_of_[id] >= 0) continue;  // parts of it lie there already
      SX_ASSIGN_OR_RETURN(const int64_t bytes, CountBytes(node, id));
      if (o == 0 && TakeOver(i, id, bytes)) continue;
      NewBuffer(i, id, bytes);
    }
    for (ValueId id : graph_.Reads(node)) {
      if (last_use_[id] == i && buffer_of_[id] < 0 && !plan_.known[id].value) {
        step.release.push_back(id);
      }
    }
    return absl::OkStatus();
  }

  /// The size of a value that `node` computes, which counts among those of all values.
  StatusOr<int64_t> CountBytes(const Node& node, ValueId id) {
    const Type& type = plan_.known[id].type;
    SX_ASSIGN_OR_RETURN(const int64_t bytes, CheckedBytes(type.element, *type.StaticShape()));
    const auto total = CheckedAdd(plan_.unshared_bytes, bytes);
    if (!total) return LimitExceeded(node.Describe(), ": intermediate values are too large");
    plan_.unshared_bytes = *total;
    return bytes;
  }

  /// Buffers that hold outputs when the run ends become outlets, and the others stay for the arena;
  /// by buffer its outlet, -1 for none.
  std::vector<int> TakeOutlets() {
    std::vector<int> outlet_of;
    std::vector<Buffer> others;
    for (const Buffer& buffer : buffers_) {
      const bool leaves = buffer.last == static_cast<int>(plan_.steps.size());
      outlet_of.push_back(leaves ? static_cast<int>(plan_.outlet_bytes.size()) : -1);
      arena_index_.push_back(static_cast<int>(others.size()));
      if (leaves) {
        plan_.outlet_bytes.push_back(buffer.bytes);
      } else {
        others.push_back(buffer);
      }
    }
    buffers_ = std::move(others);
    return outlet_of;
  }

  /// A buffer for a value that step i is the first to write.
  void NewBuffer(int i, ValueId id, int64_t bytes) {
    buffer_of_[id] = static_cast<int>(buffers_.size());
    buffers_.push_back({.bytes = bytes, .first = i, .last = std::max(last_use_[id], i)});
  }

  /// What is computed right where it lies in another value.
  struct Join {
    ValueId whole = kNoValue;
    int64_t offset = 0;  // bytes from the beginning of the whole
  };

  /// Joins what `joining` puts one behind another, as far as nobody else reads it and the kernels
  /// that compute it can put it there.
  void FindJoins(const Step& joining) {
    const ValueId whole = joining.node->outputs[0];
    if (joining.view || joining.dynamic || whole == kNoValue) return;
    const Type& type = plan_.known[whole].type;
    if (!IsPlaceable(type)) return;
    const Shape shape = *type.StaticShape();
    const int axis = joining.node->op->joined_axis(*joining.node, shape.rank());
    int64_t before = 0;  // elements of the whole's row before the next input
    for (const ValueId id : joining.node->inputs) {
      const Shape part = *plan_.known[id].type.StaticShape();
      const int64_t length = part.Elements(axis, part.rank());
      if (Step* step = Computes(id); step != nullptr && part.Elements() > 0) {
        const int64_t offset = before * static_cast<int64_t>(ElementSize(type.element));
        const bool one_row = shape.Elements(0, axis) == 1;
        const bool in_place = one_row && offset % static_cast<int64_t>(kAlignment) == 0;
        if (in_place || (axis + 1 == shape.rank() && step->def->strided_rows)) {
          joins_[id] = {whole, offset};
          if (!one_row) step->row_stride = shape.dims().back();
        }
      }
      before += length;
    }
  }

  /// The step whose kernel computes `id` as output 0 for a single reader; null where it is not so.
  Step* Computes(ValueId id) {
    if (reads_[id] != 1 || producer_[id] < 0 || !IsPlaceable(plan_.known[id].type)) return nullptr;
    Step& step = plan_.steps[producer_[id]];
    return step.view || step.dynamic || step.node->op->joined_axis != nullptr ? nullptr : &step;
  }

  /// Step i is the first that computes a part of a whole, or a later one.
  Status PlaceInWhole(int i, ValueId id) {
    const ValueId whole = joins_[id].whole;
    if (buffer_of_[whole] < 0) {
      SX_ASSIGN_OR_RETURN(const int64_t bytes, CountBytes(*plan_.steps[i].node, whole));
      NewBuffer(i, whole, bytes);
    }
    buffer_of_[id] = buffer_of_[whole];
    return absl::OkStatus();
  }

  /// Output `id` of step i in the buffer of an input that dies there, if the operator allows it.
  bool TakeOver(int i, ValueId id, int64_t bytes) {
    const Node& node = *plan_.steps[i].node;
    for (int input : node.op->in_place) {
      if (input >= static_cast<int>(node.inputs.size())) continue;
      const ValueId from = node.inputs[input];
      if (from == kNoValue || buffer_of_[from] < 0) continue;
      Buffer& buffer = buffers_[buffer_of_[from]];
      // The buffer may be alive through another value than this input: a view of it.
      if (buffer.last != i || last_use_[from] != i || buffer.bytes != bytes) continue;
      // Nor may another input read the same memory, directly or as a view.
      const auto reads = graph_.Reads(node);
      const auto shares = [&](ValueId read) { return Root(read) == from; };
      if (std::count_if(reads.begin(), reads.end(), shares) != 1) continue;
      buffer.last = std::max(last_use_[id], i);
      buffer_of_[id] = buffer_of_[from];
      return true;
    }
    return false;
  }

  const Graph& graph_;
  Plan& plan_;
  std::vector<int> buffer_of_;  // by ValueId, -1 for none
  std::vector<ValueId> root_;   // by ValueId: what a view shows, kNoValue for what is no view
  std::vector<int> last_use_;   // step, or the number of steps for outputs
  std::vector<int> reads_;      // by ValueId, of steps and outputs
  std::vector<int> producer_;   // by ValueId, the step that computes it as output 0, -1 for none
  std::vector<Join> joins_;     // by ValueId
  std::vector<Buffer> buffers_;
  std::vector<int> arena_index_;  // by buffer: its place among those of the arena
};

}  // namespace

StatusOr<std::shared_ptr<const Plan>> MakePlan(const Graph& graph, std::vector<Type> input_types,
                                               const PlanOptions& options) {
  auto plan = std::make_shared<Plan>();
  plan->inputs = graph.inputs;
  for (const Capture& capture : graph.captures) plan->inputs.push_back(capture.inner);
  if (plan->inputs.size() != input_types.size()) {
    return InvalidArgument("graph '", graph.name, "' takes ", plan->inputs.size(),
                           " inputs and captures, not ", input_types.size());
  }
  plan->known = KnowConstants(graph);
  for (size_t i = 0; i < input_types.size(); ++i) {
    plan->known[plan->inputs[i]] = {.type = input_types[i], .value = {}, .ints = {}};
  }
  plan->input_types = std::move(input_types);
  SX_RETURN_IF_ERROR(InferGraph(graph, options.evaluate, plan->known));
  ConstantReaders readers(graph, options.release);
  for (const Node& node : graph.nodes) {
    const auto is_known = [&](ValueId id) {
      return id == kNoValue || plan->known[id].value.has_value();
    };
    if (node.op->pure && std::all_of(node.outputs.begin(), node.outputs.end(), is_known)) continue;
    Step step;
    step.node = &node;
    step.view = node.op->view && plan->known[node.inputs[0]].type.is_tensor();
    const auto shows_only_later = [&](ValueId id) {
      if (id == kNoValue) return false;
      const Type& type = plan->known[id].type;
      return !type.is_tensor() || !type.StaticShape() || type.element == DataType::kUndefined;
    };
    // Inputs count as well: kernels rely on inference having seen that their shapes fit.
    step.dynamic = std::any_of(node.outputs.begin(), node.outputs.end(), shows_only_later) ||
                   std::any_of(node.inputs.begin(), node.inputs.end(), shows_only_later);
    if (!step.view) {
      const bool has_output = !node.outputs.empty() && node.outputs[0] != kNoValue;
      const std::string output = has_output ? graph.value(node.outputs[0]).name : "";
      SX_RETURN_IF_ERROR(Prepend(ChooseKernel(MakePrepareContext(node, plan->known, graph, options),
                                              options, output, step),
                                 absl::StrCat(node.Describe(), ": ")));
      plan->scratch_bytes = std::max(plan->scratch_bytes, step.kernel->scratch_bytes());
      readers.Prepared(step, plan->known);
    }
    plan->steps.push_back(std::move(step));
  }
  SX_RETURN_IF_ERROR(MemoryPlanner(graph, *plan).Run());
  return std::shared_ptr<const Plan>(std::move(plan));
}

}  // namespace sardonyx
