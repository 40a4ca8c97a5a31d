#include "ops/custom/custom.h"

#include <dlfcn.h>

#include <utility>

#include "ops/custom/host.h"

namespace sardonyx {
namespace {

/// An OpDef that owns its names and knows the application's functions.
struct CustomOpDef : OpDef {
  std::string domain_text, name_text, kernel_text;
  SardonyxCustomOp api;
  std::shared_ptr<void> owner;
};

const SardonyxCustomOp& Api(const Node& node) {
  return static_cast<const CustomOpDef&>(*node.op).api;
}

/// What `function` of the application returns; 1, with the error kept, where it throws.
template <typename Function>
int Shielded(SardonyxOpCall& call, Function&& function) {
  try {
    return function();
  } catch (...) {
    call.Fail(CurrentException());
    return 1;
  }
}

StatusOr<std::shared_ptr<Attrs>> ParseCustom(ParseContext& context) {
  const SardonyxCustomOp& api = Api(context.node());
  auto attrs = std::make_shared<CustomAttrs>(api.release);
  if (api.parse == nullptr) return attrs;
  SardonyxOpCall call{.parse = &context, .kept = attrs.get()};
  const int failed =
      Shielded(call, [&] { return api.parse(&CustomOpHost(), &call, api.user, &attrs->state); });
  SX_RETURN_IF_ERROR(call.Outcome(failed));
  return attrs;
}

Status InferCustom(InferContext& context) {
  SardonyxOpCall call{.infer = &context};
  const auto& attrs = context.attrs<CustomAttrs>();
  const int failed = Shielded(
      call, [&] { return Api(context.node()).infer(&CustomOpHost(), &call, attrs.state); });
  return call.Outcome(failed);
}

class CustomKernel : public Kernel {
 public:
  explicit CustomKernel(std::vector<Type> announced) : announced_(std::move(announced)) {}

  static StatusOr<std::unique_ptr<Kernel>> Prepare(const PrepareContext& context) {
    std::vector<Type> announced;
    for (size_t i = 0; i < context.node().outputs.size(); ++i) {
      announced.push_back(context.output(static_cast<int>(i)));
    }
    return std::make_unique<CustomKernel>(std::move(announced));
  }

  Status Run(KernelContext& context) const override {
    SardonyxOpCall call{.kernel = &context};
    const auto& attrs = context.attrs<CustomAttrs>();
    const int failed = Shielded(
        call, [&] { return Api(context.node()).run(&CustomOpHost(), &call, attrs.state); });
    SX_RETURN_IF_ERROR(call.Outcome(failed));
    return CheckOutputs(context, announced_);
  }

 private:
  const std::vector<Type> announced_;
};

bool Agrees(const Tensor& tensor, const Type& type) {
  if (!type.is_tensor()) return true;
  if (type.element != DataType::kUndefined && type.element != tensor.type()) return false;
  if (!type.shape) return true;
  if (type.rank() != tensor.rank()) return false;
  for (int i = 0; i < tensor.rank(); ++i) {
    const Dim& dim = (*type.shape)[i];
    if (dim.known() && dim.value != tensor.dim(i)) return false;
  }
  return true;
}

Status CheckApi(const SardonyxCustomOp& op) {
  if (op.abi != SARDONYX_CUSTOM_OP_ABI) {
    return InvalidArgument("a custom operator is of ABI ", op.abi, ", this runtime knows ",
                           SARDONYX_CUSTOM_OP_ABI);
  }
  if (op.name == nullptr || *op.name == '\0' || op.domain == nullptr) {
    return InvalidArgument("a custom operator lacks its name or domain");
  }
  if (op.infer == nullptr || op.run == nullptr) {
    return InvalidArgument("custom operator '", op.name, "' lacks its infer or run function");
  }
  const auto fits = [](int32_t min, int32_t max) { return min >= 0 && (max == -1 || max >= min); };
  if (op.since_version < 1 || !fits(op.min_inputs, op.max_inputs) ||
      !fits(op.min_outputs, op.max_outputs)) {
    return InvalidArgument("custom operator '", op.name, "': since_version is ", op.since_version,
                           ", inputs ", op.min_inputs, " to ", op.max_inputs, ", outputs ",
                           op.min_outputs, " to ", op.max_outputs,
                           "; expected a version from 1 and rising counts, -1 for any number");
  }
  return absl::OkStatus();
}

int MaxCount(int32_t max) { return max == -1 ? kVariadic : max; }

}  // namespace

Status CheckOutputs(KernelContext& context, const std::vector<Type>& announced) {
  for (int i = 0; i < context.output_count(); ++i) {
    if (!context.has_output(i)) continue;
    if (!context.has_placed_output(i)) {
      return InvalidArgument("the custom operator did not make its output ", i);
    }
    const Tensor& made = context.output(i);
    if (Agrees(made, announced[i])) continue;
    return InvalidArgument("the custom operator made its output ", i, " ", made.ToString(),
                           ", but had announced ", announced[i].ToString());
  }
  return absl::OkStatus();
}

StatusOr<std::shared_ptr<const OpDef>> MakeCustomOp(const SardonyxCustomOp& op,
                                                    std::shared_ptr<void> owner) {
  SX_RETURN_IF_ERROR(CheckApi(op));
  auto def = std::make_shared<CustomOpDef>();
  def->api = op;
  def->owner = std::move(owner);
  def->domain_text = absl::string_view(op.domain) == "ai.onnx" ? "" : op.domain;
  def->name_text = op.name;
  def->kernel_text = absl::StrCat("custom.", op.name);
  def->domain = def->domain_text;
  def->name = def->name_text;
  def->versions = {op.since_version};
  def->min_inputs = op.min_inputs;
  def->max_inputs = MaxCount(op.max_inputs);
  def->min_outputs = op.min_outputs;
  def->max_outputs = MaxCount(op.max_outputs);
  def->parse = ParseCustom;
  def->infer = InferCustom;
  def->kernels = {{.name = def->kernel_text, .prepare = CustomKernel::Prepare}};
  def->pure = false;  // nothing is known of it: it is neither folded nor merged
  return def;
}

StatusOr<CustomOps> LoadCustomOps(const std::string& path) {
  // Without a slash dlopen would look in the system's folders.
  const std::string file = path.find('/') == std::string::npos ? absl::StrCat("./", path) : path;
  void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return InvalidArgument("cannot load the library: ", dlerror());
  const std::shared_ptr<void> library(handle, [](void* open) { dlclose(open); });
  using List = const SardonyxCustomOp* const* (*)();
  const auto list = reinterpret_cast<List>(dlsym(handle, "sardonyx_custom_ops"));
  if (list == nullptr) {
    return InvalidArgument("library '", path, "' has no function sardonyx_custom_ops");
  }
  CustomOps ops;
  const SardonyxCustomOp* const* op = list();
  for (; op != nullptr && *op != nullptr; ++op) {
    SX_ASSIGN_OR_RETURN(std::shared_ptr<const OpDef> def, MakeCustomOp(**op, library));
    ops.push_back(std::move(def));
  }
  if (ops.empty()) return InvalidArgument("library '", path, "' offers no operators");
  return ops;
}

}  // namespace sardonyx
