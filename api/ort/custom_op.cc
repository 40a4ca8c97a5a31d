// Operators of an application's own, of onnxruntime's kind: domains, libraries, and how the runtime
// sees them.
#include "api/ort/custom_op.h"

#include <dlfcn.h>

#include <algorithm>

#include "ops/custom/custom.h"
#include "ops/custom/host.h"

namespace sardonyx::ort {
namespace {

enum Characteristic { kRequired = 0, kLeftOut = 1, kVariadicPort = 2 };

/// The inputs or the outputs of an operator.
struct Side {
  std::vector<int> types;  // of elements; 0: any. The last one's goes for what follows it too
  int min = 0, max = 0;

  int TypeOf(size_t i) const { return types.empty() ? 0 : types[std::min(i, types.size() - 1)]; }
};

/// One of an application's operators of the same name, which differ in types.
struct Overload {
  const OrtCustomOp* op;
  Side inputs, outputs;
};

struct OrtOpDef : OpDef {
  std::string domain_text, name_text, kernel_text;
  std::vector<Overload> overloads;
  std::shared_ptr<const OrtLogger> logger;
  std::vector<std::shared_ptr<void>> libraries;
};

// ---- What an operator says of itself -------------------------------------------------------

template <typename Type, typename Kind, typename Arity>
StatusOr<Side> SideOf(const OrtCustomOp* op, size_t count, Type type, Kind kind, Arity arity) {
  if (count > 0 && type == nullptr) return InvalidArgument("it does not tell its types");
  Side side;
  for (size_t i = 0; i < count; ++i) {
    side.types.push_back(type(op, i));
    if (side.types.back() < 0 || side.types.back() >= kDataTypeCount) {
      return InvalidArgument("there is no element type ", side.types.back());
    }
    const int characteristic = kind == nullptr ? kRequired : kind(op, i);
    side.max = static_cast<int>(i) + 1;
    if (characteristic == kRequired) side.min = side.max;
    if (characteristic != kVariadicPort) continue;
    if (i + 1 != count) return InvalidArgument("what is variadic does not come last");
    side.min = static_cast<int>(i) + std::max(arity == nullptr ? 1 : arity(op), 0);
    side.max = kVariadic;
  }
  return side;
}

StatusOr<Overload> OverloadOf(const OrtCustomOp* op) {
  const bool creates = (op->version >= 16 && op->CreateKernelV2 != nullptr) || op->CreateKernel;
  const bool computes = (op->version >= 16 && op->KernelComputeV2 != nullptr) || op->KernelCompute;
  if (!creates || !computes || op->KernelDestroy == nullptr) {
    return InvalidArgument("it lacks a function that creates, computes or destroys a kernel");
  }
  if (op->GetInputTypeCount == nullptr || op->GetOutputTypeCount == nullptr) {
    return InvalidArgument("it does not count its inputs and outputs");
  }
  const bool tells_kinds = op->version >= 8, tells_arity = op->version >= 14;
  Overload overload{.op = op};
  SX_ASSIGN_OR_RETURN(overload.inputs,
                      SideOf(op, op->GetInputTypeCount(op), op->GetInputType,
                             tells_kinds ? op->GetInputCharacteristic : nullptr,
                             tells_arity ? op->GetVariadicInputMinArity : nullptr));
  SX_ASSIGN_OR_RETURN(overload.outputs,
                      SideOf(op, op->GetOutputTypeCount(op), op->GetOutputType,
                             tells_kinds ? op->GetOutputCharacteristic : nullptr,
                             tells_arity ? op->GetVariadicOutputMinArity : nullptr));
  return overload;
}

/// What `function` of the application returns; what it throws is an error.
template <typename Function>
Status Shielded(Function&& function) {
  try {
    return function();
  } catch (...) {
    return CurrentException();
  }
}

/// The overload for elements of these types, of which not all need be known.
template <typename Context>
StatusOr<const Overload*> Choose(const Context& context) {
  const auto& def = static_cast<const OrtOpDef&>(*context.node().op);
  for (const Overload& overload : def.overloads) {
    bool fits = true;
    for (int i = 0; i < context.input_count(); ++i) {
      const int wanted = overload.inputs.TypeOf(static_cast<size_t>(i));
      const DataType found = context.has_input(i) ? context.element(i) : DataType::kUndefined;
      fits = fits && (wanted == 0 || found == DataType::kUndefined ||
                      found == static_cast<DataType>(wanted));
    }
    if (fits) return &overload;
  }
  return InvalidArgument("the custom operator does not take inputs of these types");
}

// ---- Inference -----------------------------------------------------------------------------

/// The element type of an output; where it is any, that of the first input of any type.
DataType ElementOf(const Overload& overload, const InferContext& context, size_t output) {
  const int own = overload.outputs.TypeOf(output);
  if (own != 0) return static_cast<DataType>(own);
  for (int i = 0; i < context.input_count(); ++i) {
    if (overload.inputs.TypeOf(static_cast<size_t>(i)) == 0) return context.element(i);
  }
  return DataType::kUndefined;
}

Status Infer(InferContext& context) {
  SX_ASSIGN_OR_RETURN(const Overload* overload, Choose(context));
  for (int i = 0; i < context.output_count(); ++i) {
    context.set_output(i, ElementOf(*overload, context, static_cast<size_t>(i)), std::nullopt);
  }
  const OrtCustomOp& op = *overload->op;
  if (op.version < 17 || op.InferOutputShapeFn == nullptr) return absl::OkStatus();
  OrtShapeInferContext given{context};
  return Shielded([&] { return FromOrt(op.InferOutputShapeFn(&op, &given)); });
}

// ---- Kernels -------------------------------------------------------------------------------

/// A kernel of the application's, for all plans of a session.
class Instance {
 public:
  Instance(const OrtCustomOp* op, OrtKernelInfo info) : op_(op), info_(std::move(info)) {}
  ~Instance() {
    if (kernel_ != nullptr) op_->KernelDestroy(kernel_);
  }
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  Status Create() {
    return Shielded([&]() -> Status {
      if (op_->version >= 16 && op_->CreateKernelV2 != nullptr) {
        return FromOrt(op_->CreateKernelV2(op_, TheApi(), &info_, &kernel_));
      }
      kernel_ = op_->CreateKernel(op_, TheApi(), &info_);
      return absl::OkStatus();
    });
  }

  Status Compute(KernelContext& context) const {
    OrtKernelContext given{context, info_};
    SX_RETURN_IF_ERROR(Shielded([&]() -> Status {
      if (op_->version >= 16 && op_->KernelComputeV2 != nullptr) {
        return FromOrt(op_->KernelComputeV2(kernel_, &given));
      }
      op_->KernelCompute(kernel_, &given);
      return absl::OkStatus();
    }));
    return CheckOutputs(context, info_.outputs);
  }

 private:
  const OrtCustomOp* const op_;
  const OrtKernelInfo info_;
  void* kernel_ = nullptr;
};

class OrtKernel : public Kernel {
 public:
  explicit OrtKernel(std::shared_ptr<const Instance> instance) : instance_(std::move(instance)) {}
  Status Run(KernelContext& context) const override { return instance_->Compute(context); }

 private:
  const std::shared_ptr<const Instance> instance_;
};

OrtKernelInfo InfoOf(const PrepareContext& context) {
  const Node& node = context.node();
  OrtKernelInfo info{.name = node.name,
                     .domain = node.domain,
                     .op_type = node.op_type,
                     .version = node.version,
                     .attributes = node.attributes,
                     .logger = static_cast<const OrtOpDef&>(*node.op).logger};
  for (int i = 0; i < context.input_count(); ++i) {
    info.inputs.push_back(context.input(i));
    const Tensor* constant = context.constant(i);
    info.constants.push_back({constant == nullptr ? Value() : Value(*constant)});
  }
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    info.outputs.push_back(context.output(static_cast<int>(i)));
  }
  return info;
}

StatusOr<std::unique_ptr<Kernel>> Prepare(const PrepareContext& context) {
  SX_ASSIGN_OR_RETURN(const Overload* overload, Choose(context));
  Status created;
  const auto make = [&]() -> std::shared_ptr<const Instance> {
    auto instance = std::make_shared<Instance>(overload->op, InfoOf(context));
    created = instance->Create();
    return created.ok() ? instance : nullptr;
  };
  const std::shared_ptr<const Instance> instance = context.Shared<Instance>("kernel", make);
  if (instance == nullptr) return created;
  return std::make_unique<OrtKernel>(instance);
}

// ---- Registration --------------------------------------------------------------------------

bool IsForCpu(const OrtCustomOp* op) {
  const char* provider =
      op->GetExecutionProviderType == nullptr ? nullptr : op->GetExecutionProviderType(op);
  return provider == nullptr || *provider == '\0' ||
         absl::string_view(provider) == "CPUExecutionProvider";
}

std::shared_ptr<OrtOpDef> NewDef(const std::string& domain, const std::string& name) {
  auto def = std::make_shared<OrtOpDef>();
  def->domain_text = domain == "ai.onnx" ? "" : domain;
  def->name_text = name;
  def->kernel_text = absl::StrCat("custom.", name);
  def->domain = def->domain_text;
  def->name = def->name_text;
  def->versions = {1};
  def->min_inputs = def->min_outputs = kVariadic;
  def->parse = [](ParseContext& context) -> StatusOr<std::shared_ptr<Attrs>> {
    for (const auto& [attribute, value] : context.node().attributes) context.Ignore(attribute);
    return std::make_shared<Attrs>();  // the kernel reads them
  };
  def->infer = Infer;
  def->kernels = {{.name = def->kernel_text, .prepare = Prepare}};
  def->pure = false;  // nothing is known of it: it is neither folded nor merged
  return def;
}

void AddOverload(Overload overload, OrtOpDef& def) {
  def.min_inputs = std::min(def.min_inputs, overload.inputs.min);
  def.max_inputs = std::max(def.max_inputs, overload.inputs.max);
  def.min_outputs = std::min(def.min_outputs, overload.outputs.min);
  def.max_outputs = std::max(def.max_outputs, overload.outputs.max);
  def.overloads.push_back(std::move(overload));
}

OrtStatus* CreateDomain(const char* name, OrtCustomOpDomain** out) {
  return Guarded(
      [&] {
        auto contents = std::make_shared<OrtCustomOpDomain::Contents>();
        contents->name = name;
        *out = new OrtCustomOpDomain{std::move(contents)};
        return absl::OkStatus();
      },
      name, out);
}

OrtStatus* AddOp(OrtCustomOpDomain* domain, const OrtCustomOp* op) {
  return Guarded(
      [&] {
        domain->contents->ops.push_back(op);
        return absl::OkStatus();
      },
      domain, op);
}

OrtStatus* AddDomain(OrtSessionOptions* options, OrtCustomOpDomain* domain) {
  return Guarded(
      [&] {
        options->domains.push_back(domain->contents);
        return absl::OkStatus();
      },
      options, domain);
}

using RegisterOps = OrtStatus* (*)(OrtSessionOptions* options, const OrtApiBase* base);

Status Register(OrtSessionOptions* options, void* function, const char* name) {
  if (function == nullptr) return InvalidArgument("there is no function '", name, "'");
  const auto register_ops = reinterpret_cast<RegisterOps>(function);
  return Shielded([&] { return FromOrt(register_ops(options, OrtGetApiBase())); });
}

constexpr const char* kRegister = "RegisterCustomOps";

OrtStatus* RegisterLibrary(OrtSessionOptions* options, const char* path, void** handle) {
  return Guarded(
      [&]() -> Status {
        *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (*handle == nullptr) return InvalidArgument("cannot load the library: ", dlerror());
        return Register(options, dlsym(*handle, kRegister), kRegister);
      },
      options, path, handle);
}

/// The same, with the library open as long as it is needed.
OrtStatus* RegisterKeptLibrary(OrtSessionOptions* options, const char* path) {
  void* handle = nullptr;
  OrtStatus* const status = RegisterLibrary(options, path, &handle);
  if (handle == nullptr) return status;
  const std::shared_ptr<void> library(handle, [](void* open) { dlclose(open); });
  if (status == nullptr) options->libraries.push_back(library);
  return status;
}

OrtStatus* RegisterByName(OrtSessionOptions* options, const char* function) {
  return Guarded([&] { return Register(options, dlsym(RTLD_DEFAULT, function), function); },
                 options, function);
}

}  // namespace

StatusOr<CustomOps> MakeCustomOps(const OrtSessionOptions& options,
                                  std::shared_ptr<const OrtLogger> logger) {
  std::map<std::pair<std::string, std::string>, std::shared_ptr<OrtOpDef>> defs;
  for (const auto& domain : options.domains) {
    for (const OrtCustomOp* op : domain->ops) {
      const char* name = op->GetName == nullptr ? nullptr : op->GetName(op);
      if (name == nullptr || *name == '\0') {
        return InvalidArgument("a custom operator of domain '", domain->name, "' has no name");
      }
      if (!IsForCpu(op)) continue;
      StatusOr<Overload> overload = OverloadOf(op);
      if (!overload.ok()) {
        return Prepend(overload.status(), absl::StrCat("custom operator '", name, "': "));
      }
      std::shared_ptr<OrtOpDef>& def = defs[{domain->name, name}];
      if (def == nullptr) def = NewDef(domain->name, name);
      AddOverload(*std::move(overload), *def);
    }
  }
  CustomOps ops = options.load.session.custom_ops;
  for (auto& [key, def] : defs) {
    def->logger = logger;
    def->libraries = options.libraries;
    ops.push_back(std::move(def));
  }
  return ops;
}

void AddCustomOpFunctions(Table& table) {
  table.Set(SlotOf("CreateCustomOpDomain"), CreateDomain);
  table.Set(SlotOf("CustomOpDomain_Add"), AddOp);
  table.Set(SlotOf("AddCustomOpDomain"), AddDomain);
  table.Set(
      SlotOf("ReleaseCustomOpDomain"), +[](OrtCustomOpDomain* domain) { delete domain; });
  table.Set(SlotOf("RegisterCustomOpsLibrary"), RegisterLibrary);
  table.Set(SlotOf("RegisterCustomOpsLibrary_V2"), RegisterKeptLibrary);
  table.Set(SlotOf("RegisterCustomOpsUsingFunction"), RegisterByName);
}

}  // namespace sardonyx::ort
