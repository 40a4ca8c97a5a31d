// onnxruntime as a side of a comparison.
#include "exporter/exporter.h"
#include "tools/cli/find_library.h"
#include "tools/cli/ort_values.h"
#include "tools/cli/runner_foreign.h"

namespace sardonyx {
namespace {

/// Everything that onnxruntime keeps for a model, in the order in which it must be made.
struct OrtState {
  explicit OrtState(const OrtLibrary& library)
      : env(library), options(library), memory(library), session(library) {}
  OrtLibrary::Handle<OrtSlot::kReleaseEnv> env;
  OrtLibrary::Handle<OrtSlot::kReleaseSessionOptions> options;
  OrtLibrary::Handle<OrtSlot::kReleaseMemoryInfo> memory;
  OrtLibrary::Handle<OrtSlot::kReleaseSession> session;
  void* allocator = nullptr;  // the library's own
};

class OrtRunner : public ForeignRunner {
 public:
  explicit OrtRunner(OrtLibrary library) : library_(std::move(library)), state_(library_) {}

  Status Open(const std::string& path, Model& model, const RunnerOptions& options) {
    SX_ASSIGN_OR_RETURN(const SessionOptions flags, ForeignOptions(options));
    symbols_ = flags.symbols;
    constexpr int kErrorsOnly = 3;  // of onnxruntime's levels of logging
    constexpr int kArena = 1, kDefaultMemory = 0;
    SX_RETURN_IF_ERROR(
        library_.Call(OrtSlot::kCreateEnv, kErrorsOnly, "sardonyx", state_.env.out()));
    SX_RETURN_IF_ERROR(library_.Call(OrtSlot::kCreateSessionOptions, state_.options.out()));
    SX_RETURN_IF_ERROR(
        library_.Call(OrtSlot::kSetIntraOpNumThreads, state_.options.get(), flags.threads));
    SX_RETURN_IF_ERROR(
        library_.Call(OrtSlot::kCreateCpuMemoryInfo, kArena, kDefaultMemory, state_.memory.out()));
    SX_RETURN_IF_ERROR(library_.Call(OrtSlot::kGetAllocatorWithDefaultOptions, &state_.allocator));
    SX_RETURN_IF_ERROR(OpenSession(path, model, options));
    SX_RETURN_IF_ERROR(ReadPorts(OrtSlot::kSessionGetInputCount, OrtSlot::kSessionGetInputName,
                                 OrtSlot::kSessionGetInputTypeInfo, inputs_));
    return ReadPorts(OrtSlot::kSessionGetOutputCount, OrtSlot::kSessionGetOutputName,
                     OrtSlot::kSessionGetOutputTypeInfo, outputs_);
  }

 private:
  /// From the file; where inner values are to be seen, from a copy of which they are outputs.
  Status OpenSession(const std::string& path, Model& model, const RunnerOptions& options) {
    if (!AddOutputs("onnxruntime", options, model)) {
      return library_.Call(OrtSlot::kCreateSession, static_cast<const void*>(state_.env.get()),
                           path.c_str(), static_cast<const void*>(state_.options.get()),
                           state_.session.out());
    }
    SX_ASSIGN_OR_RETURN(const std::string bytes, ExportBytes(model));
    return library_.Call(OrtSlot::kCreateSessionFromArray,
                         static_cast<const void*>(state_.env.get()),
                         static_cast<const void*>(bytes.data()), bytes.size(),
                         static_cast<const void*>(state_.options.get()), state_.session.out());
  }

  Status ReadPorts(OrtSlot count_of, OrtSlot name_of, OrtSlot type_of, std::vector<Port>& ports) {
    const void* const session = state_.session.get();
    size_t count = 0;
    SX_RETURN_IF_ERROR(library_.Call(count_of, session, &count));
    for (size_t i = 0; i < count; ++i) {
      char* name = nullptr;
      SX_RETURN_IF_ERROR(library_.Call(name_of, session, i, state_.allocator, &name));
      OrtLibrary::Handle<OrtSlot::kReleaseTypeInfo> info(library_);
      ports.push_back({.name = name});
      SX_RETURN_IF_ERROR(
          library_.Call(OrtSlot::kAllocatorFree, state_.allocator, static_cast<void*>(name)));
      SX_RETURN_IF_ERROR(library_.Call(type_of, session, i, info.out()));
      SX_ASSIGN_OR_RETURN(ports.back().type, TypeFromOrt(library_, info.get()));
    }
    return absl::OkStatus();
  }

  StatusOr<std::vector<Value>> Compute(const Inputs& inputs, bool read) override {
    std::vector<OrtValueHandle> given, made;
    std::vector<const char*> given_names, made_names;
    std::vector<const void*> in;
    for (const auto& [name, tensor] : inputs) {
      SX_ASSIGN_OR_RETURN(OrtValueHandle handle,
                          ToOrt(library_, tensor, state_.memory.get(), state_.allocator));
      in.push_back(handle.get());
      given.push_back(std::move(handle));
      given_names.push_back(name.c_str());
    }
    for (const Port& port : outputs_) made_names.push_back(port.name.c_str());
    std::vector<void*> out(outputs_.size());
    const Status status = library_.Call(
        OrtSlot::kRun, state_.session.get(), static_cast<const void*>(nullptr),
        static_cast<const char* const*>(given_names.data()),
        static_cast<const void* const*>(in.data()), in.size(),
        static_cast<const char* const*>(made_names.data()), made_names.size(), out.data());
    for (void* value : out) {
      made.emplace_back(library_);
      *made.back().out() = value;
    }
    SX_RETURN_IF_ERROR(status);
    std::vector<Value> outputs;
    for (size_t i = 0; read && i < made.size(); ++i) {
      SX_ASSIGN_OR_RETURN(Tensor tensor, FromOrt(library_, made[i].get()));
      outputs.push_back(std::move(tensor));
    }
    return outputs;
  }

  OrtLibrary library_;
  OrtState state_;
};

}  // namespace

StatusOr<std::unique_ptr<Runner>> MakeOnnxruntimeRunner(Model& model, const std::string& path,
                                                        const RunnerOptions& options) {
  static const LibraryPackage* const package =
      new LibraryPackage{.name = "onnxruntime",
                         .option = "--onnxruntime",
                         .file = "libonnxruntime.so",
                         .in_python = {"onnxruntime/capi"},
                         .in_node = {"onnxruntime-node/bin/napi-v6/linux/x64",
                                     "onnxruntime-node/bin/napi-v3/linux/x64"}};
  SX_ASSIGN_OR_RETURN(const std::string file, FindLibrary(*package, options.onnxruntime));
  SX_ASSIGN_OR_RETURN(OrtLibrary library, OrtLibrary::Open(file));
  auto runner = std::make_unique<OrtRunner>(std::move(library));
  SX_RETURN_IF_ERROR(runner->Open(path, model, options));
  return runner;
}

}  // namespace sardonyx
