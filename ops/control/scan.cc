#include "ops/common/slices.h"
#include "ops/control/common.h"

namespace sardonyx {
namespace {

struct ScanAttrs : Attrs {
  std::shared_ptr<Graph> body;
  std::vector<Type> declared;                // of the body's outputs
  int scans = 0;                             // scan inputs, the last of the inputs
  int states = 0;                            // before them
  Ints input_axes, output_axes;              // by scan input, scan output
  Ints input_directions, output_directions;  // 1: backwards
  bool batched = false;                      // opset 8: everything has a leading batch axis
};

Ints ReadList(ParseContext& context, const std::string& name, int64_t count, bool flags) {
  Ints list = context.IntList(name, Ints(std::max<int64_t>(count, 0), 0));
  if (static_cast<int64_t>(list.size()) != count) {
    context.Fail(
        absl::StrCat("attribute '", name, "' has ", list.size(), " elements, expected ", count));
    list.assign(std::max<int64_t>(count, 0), 0);
  }
  for (int64_t value : list) {
    if (flags && value != 0 && value != 1) {
      context.Fail(absl::StrCat("attribute '", name, "' holds ", value, ", expected 0 or 1"));
    }
  }
  return list;
}

StatusOr<std::shared_ptr<Attrs>> Parse(ParseContext& context) {
  auto attrs = std::make_shared<ScanAttrs>();
  context.Require("body");
  context.Require("num_scan_inputs");
  attrs->body = context.GraphValue("body");
  attrs->batched = context.version() < 9;
  const int64_t inputs =
      static_cast<int64_t>(context.node().inputs.size()) - (attrs->batched ? 1 : 0);
  const auto outputs = static_cast<int64_t>(context.node().outputs.size());
  const int64_t scans = context.Int("num_scan_inputs", 0);
  if (scans < 1 || scans > inputs || inputs - scans > outputs) {
    context.Fail(absl::StrCat("num_scan_inputs is ", scans, " of ", inputs, " inputs and ", outputs,
                              " outputs"));
    return std::shared_ptr<Attrs>(std::move(attrs));
  }
  attrs->scans = static_cast<int>(scans);
  attrs->states = static_cast<int>(inputs - scans);
  const int64_t scan_outputs = outputs - attrs->states;
  if (attrs->batched) {
    attrs->input_directions = ReadList(context, "directions", scans, true);
    attrs->output_directions.assign(scan_outputs, 0);
    attrs->input_axes.assign(scans, 0);
    attrs->output_axes.assign(scan_outputs, 0);
  } else {
    attrs->input_directions = ReadList(context, "scan_input_directions", scans, true);
    attrs->output_directions = ReadList(context, "scan_output_directions", scan_outputs, true);
    attrs->input_axes = ReadList(context, "scan_input_axes", scans, false);
    attrs->output_axes = ReadList(context, "scan_output_axes", scan_outputs, false);
  }
  if (attrs->body != nullptr && (static_cast<int64_t>(attrs->body->inputs.size()) != inputs ||
                                 static_cast<int64_t>(attrs->body->outputs.size()) != outputs)) {
    context.Fail(absl::StrCat("the body has ", attrs->body->inputs.size(), " inputs and ",
                              attrs->body->outputs.size(), " outputs, the node ", inputs, " and ",
                              outputs));
  }
  if (attrs->body != nullptr) attrs->declared = DeclaredOutputs(*attrs->body);
  return std::shared_ptr<Attrs>(std::move(attrs));
}

/// Only element types: what the body makes of shapes shows during the run.
Status Infer(InferContext& context) {
  const auto& attrs = context.attrs<ScanAttrs>();
  const int first = attrs.batched ? 1 : 0;
  std::vector<Type> inputs;
  for (int i = 0; i < attrs.states + attrs.scans; ++i) {
    inputs.push_back(Type::Tensor(context.element(i + first)));
  }
  SX_ASSIGN_OR_RETURN(const std::vector<Type> types,
                      context.InferBody(*attrs.body, std::move(inputs)));
  for (int i = 0; i < context.output_count(); ++i) {
    if (types[i].is_tensor()) context.set_output(i, Type::Tensor(types[i].element));
  }
  return absl::OkStatus();
}

/// One scan over `length` steps; `state` is changed in place.
Status ScanOnce(KernelContext& context, const std::vector<Tensor>& scanned, int64_t length,
                std::vector<Value>& state, std::vector<Stack>& stacks) {
  const auto& attrs = context.attrs<ScanAttrs>();
  const auto& budget = context.environment().budget;
  std::vector<Value> inputs(attrs.states + attrs.scans), outputs;
  for (int64_t t = 0; t < length; ++t) {
    SX_RETURN_IF_ERROR(context.Check());
    for (int i = 0; i < attrs.states; ++i) inputs[i] = state[i];
    for (int i = 0; i < attrs.scans; ++i) {
      SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(attrs.input_axes[i], scanned[i].rank()));
      const int64_t at = attrs.input_directions[i] ? length - 1 - t : t;
      SX_ASSIGN_OR_RETURN(const Tensor slice, TakeRange(scanned[i], axis, at, 1, budget));
      inputs[attrs.states + i] = slice.Reshaped(WithoutAxis(slice.shape(), axis));
    }
    SX_RETURN_IF_ERROR(context.bodies().Run(*attrs.body, inputs, &outputs));
    for (size_t i = 0; i < stacks.size(); ++i) {
      SX_RETURN_IF_ERROR(stacks[i].Add(outputs[attrs.states + i], budget));
    }
    for (int i = 0; i < attrs.states; ++i) {
      SX_ASSIGN_OR_RETURN(state[i], Keep(outputs[i], budget));
    }
  }
  return absl::OkStatus();
}

/// The common size of the scan inputs along their axes.
StatusOr<int64_t> ScanLength(const ScanAttrs& attrs, const std::vector<Tensor>& scanned) {
  int64_t length = -1;
  for (int i = 0; i < attrs.scans; ++i) {
    if (!scanned[i].defined()) return InvalidArgument("scan input ", i, " is no tensor");
    SX_ASSIGN_OR_RETURN(const int axis, NormalizeAxis(attrs.input_axes[i], scanned[i].rank()));
    const int64_t size = scanned[i].dim(axis);
    if (length >= 0 && size != length) {
      return InvalidArgument("scan input ", i, " has ", size, " steps, another has ", length);
    }
    length = size;
  }
  return length;
}

Status RunUnbatched(KernelContext& context) {
  const auto& attrs = context.attrs<ScanAttrs>();
  const auto& budget = context.environment().budget;
  std::vector<Value> state;
  std::vector<Tensor> scanned;
  for (int i = 0; i < attrs.states; ++i) state.push_back(context.value(i));
  for (int i = 0; i < attrs.scans; ++i) scanned.push_back(context.input(attrs.states + i));
  SX_ASSIGN_OR_RETURN(const int64_t length, ScanLength(attrs, scanned));
  std::vector<Stack> stacks(context.output_count() - attrs.states);
  SX_RETURN_IF_ERROR(ScanOnce(context, scanned, length, state, stacks));
  for (int i = 0; i < attrs.states; ++i) context.set_output(i, std::move(state[i]));
  for (size_t i = 0; i < stacks.size(); ++i) {
    const int output = attrs.states + static_cast<int>(i);
    SX_ASSIGN_OR_RETURN(
        Tensor joined, stacks[i].Join(attrs.output_axes[i], attrs.output_directions[i] != 0,
                                      ExpectedOutput(*attrs.body, output, attrs.declared), budget));
    context.set_output(output, std::move(joined));
  }
  return absl::OkStatus();
}

/// Steps of batch item `item` under opset 8's optional sequence_lens.
StatusOr<int64_t> SequenceLength(const Tensor& lengths, int64_t item, int64_t longest) {
  if (!lengths.defined()) return longest;
  if (lengths.type() != DataType::kInt64 || lengths.size() <= item) {
    return InvalidArgument("sequence_lens is ", lengths.ToString(), ", expected one int64 an item");
  }
  const int64_t length = lengths.data<int64_t>()[item];
  if (length < 0 || length > longest) {
    return InvalidArgument("sequence_lens holds ", length, " of ", longest, " steps");
  }
  return length;
}

/// `tensor` with zeros after its first dimension's end up to `size`.
StatusOr<Tensor> ZeroPad(const Tensor& tensor, int64_t size,
                         const std::shared_ptr<MemoryBudget>& budget) {
  Shape shape = tensor.shape();
  shape[0] = size;
  SX_ASSIGN_OR_RETURN(Tensor padded, Tensor::Create(tensor.type(), shape, budget));
  PutRange(tensor, 0, 0, padded);
  return padded;
}

/// Scan output i of each item, with zeros after its last step. An item without steps has zeros of
/// the shape that another's steps have. `*expected`, of one step, becomes that of one item.
Status JoinItems(const std::vector<std::vector<Stack>>& items, int i, int64_t longest,
                 const std::shared_ptr<MemoryBudget>& budget, Type* expected, Stack* result) {
  for (const std::vector<Stack>& item : items) {
    if (!item[i].empty()) *expected = item[i].part();
  }
  for (const std::vector<Stack>& item : items) {
    SX_ASSIGN_OR_RETURN(const Tensor joined, item[i].Join(0, false, *expected, budget));
    SX_ASSIGN_OR_RETURN(Tensor padded, ZeroPad(joined, longest, budget));
    SX_RETURN_IF_ERROR(result->Add(std::move(padded), budget));
  }
  if (expected->shape) expected->shape->insert(expected->shape->begin(), Dim(longest));
  return absl::OkStatus();
}

Status RunBatched(KernelContext& context) {
  const auto& attrs = context.attrs<ScanAttrs>();
  const auto& budget = context.environment().budget;
  const int count = attrs.states + attrs.scans;
  int64_t batch = -1;
  for (int i = 0; i < count; ++i) {
    const Tensor& input = context.input(i + 1);
    if (input.rank() < 1 || (batch >= 0 && input.dim(0) != batch)) {
      return InvalidArgument("input ", i + 1, " is ", input.ToString(),
                             ", expected a leading batch axis",
                             batch < 0 ? "" : absl::StrCat(" of ", batch));
    }
    batch = input.dim(0);
  }
  const int outputs = context.output_count();
  std::vector<Stack> results(outputs);
  std::vector<std::vector<Stack>> stacks;  // of the scan outputs of each item
  int64_t longest = 0;
  for (int64_t item = 0; item < batch; ++item) {
    SX_RETURN_IF_ERROR(context.Check());
    std::vector<Tensor> items;
    for (int i = 0; i < count; ++i) {
      SX_ASSIGN_OR_RETURN(const Tensor slice, TakeRange(context.input(i + 1), 0, item, 1, budget));
      items.push_back(slice.Reshaped(WithoutAxis(slice.shape(), 0)));
    }
    std::vector<Value> state(items.begin(), items.begin() + attrs.states);
    const std::vector<Tensor> scanned(items.begin() + attrs.states, items.end());
    SX_ASSIGN_OR_RETURN(longest, ScanLength(attrs, scanned));
    SX_ASSIGN_OR_RETURN(const int64_t length, SequenceLength(context.input(0), item, longest));
    stacks.emplace_back(outputs - attrs.states);
    SX_RETURN_IF_ERROR(ScanOnce(context, scanned, length, state, stacks.back()));
    for (int i = 0; i < attrs.states; ++i) SX_RETURN_IF_ERROR(results[i].Add(state[i], budget));
  }
  for (int i = 0; i < outputs; ++i) {
    Type expected = ExpectedOutput(*attrs.body, i, attrs.declared);
    if (i >= attrs.states) {
      SX_RETURN_IF_ERROR(
          JoinItems(stacks, i - attrs.states, longest, budget, &expected, &results[i]));
    }
    SX_ASSIGN_OR_RETURN(Tensor joined, results[i].Join(0, false, expected, budget));
    context.set_output(i, std::move(joined));
  }
  return absl::OkStatus();
}

Status Run(KernelContext& context) {
  return context.attrs<ScanAttrs>().batched ? RunBatched(context) : RunUnbatched(context);
}

}  // namespace

OpDef ScanOp() {
  return {.name = "Scan",
          .versions = {8, 9, 11, 16, 19, 21, 23, 24, 25},
          .min_inputs = 0,
          .max_inputs = kVariadic,
          .min_outputs = 1,
          .max_outputs = kVariadic,
          .parse = Parse,
          .infer = Infer,
          .kernels = {SimpleKernel<Run>("scan.reference")}};
}

}  // namespace sardonyx
