// OpenVINO as a side of a comparison.
#include "exporter/exporter.h"
#include "tools/cli/find_library.h"
#include "tools/cli/ov_library.h"
#include "tools/cli/runner_foreign.h"

namespace sardonyx {
namespace {

using Object = OvLibrary::Object;

class OvRunner : public ForeignRunner {
 public:
  explicit OvRunner(OvLibrary library) : library_(std::move(library)) {}

  Status Open(const std::string& path, Model& model, const RunnerOptions& options) {
    SX_ASSIGN_OR_RETURN(const SessionOptions flags, ForeignOptions(options));
    symbols_ = flags.symbols;
    SX_ASSIGN_OR_RETURN(core_, library_.Make("ov_core_free", "ov_core_create"));
    SX_ASSIGN_OR_RETURN(const Object read, Read(path, model, options));
    SX_ASSIGN_OR_RETURN(compiled_, library_.Compile(core_.get(), read.get(), flags.threads));
    SX_ASSIGN_OR_RETURN(
        request_, library_.Make("ov_infer_request_free", "ov_compiled_model_create_infer_request",
                                static_cast<const void*>(compiled_.get())));
    return ReadPorts(model.graph);
  }

 private:
  /// From the file; where inner values are to be seen, from a copy of which they are outputs.
  StatusOr<Object> Read(const std::string& path, Model& model, const RunnerOptions& options) {
    const void* const core = core_.get();
    if (!AddOutputs("openvino", options, model)) {
      return library_.Make("ov_model_free", "ov_core_read_model", core, path.c_str(),
                           static_cast<const char*>(nullptr));
    }
    SX_ASSIGN_OR_RETURN(const std::string bytes, ExportBytes(model));
    return library_.Make("ov_model_free", "ov_core_read_model_from_memory_buffer", core,
                         bytes.data(), bytes.size(), static_cast<const void*>(nullptr));
  }

  /// OpenVINO keeps the model's order of outputs, but not always their names.
  Status ReadPorts(const Graph& graph) {
    for (const ValueId id : graph.inputs) {
      const ValueInfo& value = graph.value(id);
      inputs_.push_back(
          {.name = value.name, .type = value.type, .has_default = value.constant.has_value()});
    }
    for (size_t i = 0; i < graph.outputs.size(); ++i) {
      outputs_.push_back({.name = graph.OutputName(i), .type = graph.value(graph.outputs[i]).type});
    }
    size_t count = 0;
    SX_RETURN_IF_ERROR(library_.Call("ov_compiled_model_outputs_size",
                                     static_cast<const void*>(compiled_.get()), &count));
    if (count == outputs_.size()) return absl::OkStatus();
    return Unimplemented("openvino makes ", count, " outputs of the model's ", outputs_.size());
  }

  StatusOr<std::vector<Value>> Compute(const Inputs& inputs, bool read) override {
    std::vector<Object> given;
    for (const auto& [name, tensor] : inputs) {
      SX_ASSIGN_OR_RETURN(Object object, ToOv(library_, tensor));
      SX_RETURN_IF_ERROR(library_.Call("ov_infer_request_set_tensor", request_.get(), name.c_str(),
                                       static_cast<const void*>(object.get())));
      given.push_back(std::move(object));
    }
    SX_RETURN_IF_ERROR(library_.Call("ov_infer_request_infer", request_.get()));
    std::vector<Value> outputs;
    for (size_t i = 0; read && i < outputs_.size(); ++i) {
      SX_ASSIGN_OR_RETURN(
          const Object output,
          library_.Make("ov_tensor_free", "ov_infer_request_get_output_tensor_by_index",
                        static_cast<const void*>(request_.get()), i));
      SX_ASSIGN_OR_RETURN(Tensor tensor, FromOv(library_, output.get()));
      outputs.push_back(std::move(tensor));
    }
    return outputs;
  }

  OvLibrary library_;
  // In the order in which they must be made.
  Object core_{nullptr, nullptr}, compiled_{nullptr, nullptr}, request_{nullptr, nullptr};
};

}  // namespace

StatusOr<std::unique_ptr<Runner>> MakeOpenvinoRunner(Model& model, const std::string& path,
                                                     const RunnerOptions& options) {
  static const LibraryPackage* const package = new LibraryPackage{.name = "openvino",
                                                                  .option = "--openvino",
                                                                  .file = "libopenvino_c.so",
                                                                  .in_python = {"openvino/libs"},
                                                                  .in_node = {"openvino-node/bin"}};
  SX_ASSIGN_OR_RETURN(const std::string file, FindLibrary(*package, options.openvino));
  SX_ASSIGN_OR_RETURN(OvLibrary library, OvLibrary::Open(file));
  auto runner = std::make_unique<OvRunner>(std::move(library));
  SX_RETURN_IF_ERROR(runner->Open(path, model, options));
  return runner;
}

}  // namespace sardonyx
