// onnxruntime as a side of a comparison.
#include <algorithm>
#include <chrono>
#include <set>

#include "exporter/exporter.h"
#include "tools/cli/find_library.h"
#include "tools/cli/model_file.h"
#include "tools/cli/ort_values.h"
#include "tools/cli/runner.h"

namespace sardonyx {
namespace {

using Clock = std::chrono::steady_clock;

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

class OrtRunner : public Runner {
 public:
  explicit OrtRunner(OrtLibrary library) : library_(std::move(library)), state_(library_) {}

  Status Open(const std::string& path, Model& model, const RunnerOptions& options) {
    SessionFlags session = options.session;
    session.backend = "auto";  // which only says that the rest is to be read
    SX_ASSIGN_OR_RETURN(const SessionOptions flags, ToSessionOptions(session));
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

  const std::vector<Port>& inputs() const override { return inputs_; }
  const std::vector<Port>& outputs() const override { return outputs_; }
  size_t own_outputs() const override { return own_outputs_; }
  std::map<std::string, int64_t> symbols() const override { return symbols_; }

  StatusOr<std::vector<Value>> Run(const std::map<std::string, Value>& inputs,
                                   const RunOptions& options) override {
    SX_ASSIGN_OR_RETURN(const std::vector<OrtValueHandle> made, RunOnce(inputs));
    std::vector<Value> outputs;
    for (const OrtValueHandle& output : made) {
      SX_ASSIGN_OR_RETURN(Tensor tensor, FromOrt(library_, output.get()));
      outputs.push_back(std::move(tensor));
    }
    if (!options.observer) return outputs;
    for (size_t layer = 0; layer < plan_.layers.size(); ++layer) {
      for (const std::string& name : plan_.layers[layer].output_names) {
        const auto port = std::find_if(outputs_.begin(), outputs_.end(),
                                       [&](const Port& p) { return p.name == name; });
        if (port == outputs_.end()) continue;
        SX_RETURN_IF_ERROR(options.observer({.layer = static_cast<int>(layer),
                                             .name = name,
                                             .value = outputs[port - outputs_.begin()]}));
      }
    }
    return outputs;
  }

  StatusOr<std::vector<double>> Measure(const std::map<std::string, Value>& inputs,
                                        const MeasureOptions& options) override {
    return RepeatRuns(options, [&]() -> StatusOr<RunTime> {
      const Clock::time_point begin = Clock::now();
      SX_RETURN_IF_ERROR(RunOnce(inputs).status());
      return RunTime{std::chrono::duration<double, std::milli>(Clock::now() - begin).count()};
    });
  }

  StatusOr<PlanReport> Describe(const std::map<std::string, Shape>&) override { return plan_; }

 private:
  /// From the file; where inner values are to be seen, from a copy of which they are outputs.
  Status OpenSession(const std::string& path, Model& model, const RunnerOptions& options) {
    if (!AddOutputs(options, model)) {
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

  /// Makes those values of the model outputs that are asked for, and its nodes the layers of the
  /// plan; whether there are any.
  bool AddOutputs(const RunnerOptions& options, Model& model) {
    Graph& graph = model.graph;
    const bool every = options.fetch_all || options.observe;
    const std::set<std::string> wanted(options.fetch.begin(), options.fetch.end());
    std::set<ValueId> present(graph.outputs.begin(), graph.outputs.end());
    own_outputs_ = graph.outputs.size();
    for (const Node& node : graph.nodes) {
      LayerReport layer{.name = node.name, .op = node.op_type, .kernel = "onnxruntime"};
      for (const ValueId id : node.inputs) {
        layer.input_names.push_back(id == kNoValue ? "" : graph.value(id).name);
      }
      for (const ValueId id : node.outputs) {
        layer.output_names.push_back(id == kNoValue ? "" : graph.value(id).name);
        if (id == kNoValue || !(every || wanted.count(graph.value(id).name) > 0)) continue;
        if (present.insert(id).second) graph.outputs.push_back(id);
      }
      if (every) plan_.layers.push_back(std::move(layer));
    }
    return graph.outputs.size() > own_outputs_;
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

  StatusOr<std::vector<OrtValueHandle>> RunOnce(const std::map<std::string, Value>& inputs) {
    std::vector<OrtValueHandle> given, made;
    std::vector<const char*> given_names, made_names;
    for (const auto& [name, value] : inputs) {
      if (value.is_none()) continue;
      if (!value.is_tensor()) {
        return Unimplemented("input '", name, "': only tensors are given to onnxruntime");
      }
      SX_ASSIGN_OR_RETURN(OrtValueHandle handle,
                          ToOrt(library_, value.tensor(), state_.memory.get(), state_.allocator));
      given.push_back(std::move(handle));
      given_names.push_back(name.c_str());
    }
    std::vector<const void*> in;
    for (const OrtValueHandle& handle : given) in.push_back(handle.get());
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
    if (!status.ok()) return status;
    return made;
  }

  OrtLibrary library_;
  OrtState state_;
  std::map<std::string, int64_t> symbols_;
  std::vector<Port> inputs_, outputs_;
  size_t own_outputs_ = 0;
  PlanReport plan_;
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
