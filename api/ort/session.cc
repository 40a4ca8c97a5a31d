// Sessions: loading, inputs and outputs, metadata.
#include "api/ort/objects.h"

namespace sardonyx::ort {
namespace {

OrtLogger LoggerOf(const OrtEnv& env, const OrtSessionOptions& options) {
  OrtLogger logger = env.logger;
  if (options.severity >= 0) logger.severity = options.severity;
  if (!options.log_id.empty()) logger.id = options.log_id;
  if (options.log_function != nullptr) {
    logger.function = options.log_function;
    logger.param = options.log_param;
  }
  return logger;
}

template <typename Load>
StatusOr<std::shared_ptr<OpenSession>> Make(const OrtSessionOptions& options,
                                            std::shared_ptr<const OrtLogger> logger, Load&& load) {
  LoadOptions how = options.load;
  SX_ASSIGN_OR_RETURN(how.session.custom_ops, MakeCustomOps(options, logger));
  SX_ASSIGN_OR_RETURN(LoadedModel model, load(how));
  return std::make_shared<OpenSession>(Share(std::move(model)), std::move(logger));
}

template <typename Load>
OrtStatus* Open(const OrtEnv* env, const OrtSessionOptions* options, OrtSession** out,
                Load&& load) {
  return Guarded(
      [&]() -> Status {
        const OrtSessionOptions none;
        const OrtSessionOptions& given = options == nullptr ? none : *options;
        const auto logger = std::make_shared<const OrtLogger>(LoggerOf(*env, given));
        StatusOr<std::shared_ptr<OpenSession>> session = Make(given, logger, load);
        if (!session.ok()) {
          logger->Log(kError, "session", "loading", std::string(session.status().message()));
          return session.status();
        }
        const Session& made = *(*session)->model->session;
        logger->Log(kInfo, "session", "loading",
                    absl::StrCat("graph '", (*session)->model->metadata.graph_name, "' is ready: ",
                                 made.inputs().size(), " inputs, ", made.outputs().size(),
                                 " outputs, ", made.options().threads, " threads"));
        *out = AllSessions().Add(*std::move(session));
        return absl::OkStatus();
      },
      env, out);
}

OrtStatus* CreateSession(const OrtEnv* env, const char* path, const OrtSessionOptions* options,
                         OrtSession** out) {
  if (path == nullptr) return NewStatus(kInvalidArgument, "the path is null");
  return Open(env, options, out, [&](const LoadOptions& how) { return LoadFile(path, how); });
}

OrtStatus* CreateSessionFromArray(const OrtEnv* env, const void* bytes, size_t size,
                                  const OrtSessionOptions* options, OrtSession** out) {
  if (bytes == nullptr) return NewStatus(kInvalidArgument, "the model is null");
  const absl::string_view view(static_cast<const char*>(bytes), size);
  return Open(env, options, out, [&](const LoadOptions& how) { return LoadBytes(view, "", how); });
}

/// Inputs and outputs as onnxruntime counts them: inputs with a default are initializers that may
/// be overridden, and no inputs.
enum class Ports { kInputs, kOutputs, kInitializers };

std::vector<const Port*> List(const Session& session, Ports which) {
  std::vector<const Port*> list;
  for (const Port& port : which == Ports::kOutputs ? session.outputs() : session.inputs()) {
    if (which == Ports::kOutputs || port.has_default == (which == Ports::kInitializers)) {
      list.push_back(&port);
    }
  }
  return list;
}

template <Ports kWhich>
OrtStatus* Count(const OrtSession* session, size_t* out) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(const auto model, FindSession(session));
        *out = List(*model->session, kWhich).size();
        return absl::OkStatus();
      },
      out);
}

StatusOr<const Port*> PortAt(const Session& session, Ports which, size_t index) {
  const std::vector<const Port*> list = List(session, which);
  if (index < list.size()) return list[index];
  return InvalidArgument("there is no input or output ", index, " of ", list.size());
}

template <Ports kWhich>
OrtStatus* GetName(const OrtSession* session, size_t index, OrtAllocator* allocator, char** out) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(const auto model, FindSession(session));
        SX_ASSIGN_OR_RETURN(const Port* port, PortAt(*model->session, kWhich, index));
        SX_ASSIGN_OR_RETURN(*out, CopyText(allocator, port->name));
        return absl::OkStatus();
      },
      allocator, out);
}

template <Ports kWhich>
OrtStatus* GetType(const OrtSession* session, size_t index, OrtTypeInfo** out) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(const auto model, FindSession(session));
        SX_ASSIGN_OR_RETURN(const Port* port, PortAt(*model->session, kWhich, index));
        *out = Describe(port->type);
        return absl::OkStatus();
      },
      out);
}

OrtStatus* GetMemoryInfos(const OrtSession* session, const OrtMemoryInfo** infos, size_t count) {
  return Guarded(
      [&]() -> Status {
        SX_RETURN_IF_ERROR(FindSession(session).status());
        std::fill_n(infos, count, CpuMemory());
        return absl::OkStatus();
      },
      infos);
}

OrtStatus* GetMetadata(const OrtSession* session, OrtModelMetadata** out) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(const auto model, FindSession(session));
        *out = new OrtModelMetadata{model->metadata};
        return absl::OkStatus();
      },
      out);
}

template <auto kMember>
OrtStatus* GetText(const OrtModelMetadata* metadata, OrtAllocator* allocator, char** out) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(*out, CopyText(allocator, metadata->metadata.*kMember));
        return absl::OkStatus();
      },
      metadata, allocator, out);
}

OrtStatus* LookupCustom(const OrtModelMetadata* metadata, OrtAllocator* allocator, const char* key,
                        char** out) {
  return Guarded(
      [&]() -> Status {
        *out = nullptr;
        const auto found = metadata->metadata.custom.find(key);
        if (found == metadata->metadata.custom.end()) return absl::OkStatus();
        SX_ASSIGN_OR_RETURN(*out, CopyText(allocator, found->second));
        return absl::OkStatus();
      },
      metadata, allocator, key, out);
}

OrtStatus* GetCustomKeys(const OrtModelMetadata* metadata, OrtAllocator* allocator, char*** keys,
                         int64_t* count) {
  return Guarded(
      [&]() -> Status {
        const auto& custom = metadata->metadata.custom;
        *keys = nullptr;
        *count = static_cast<int64_t>(custom.size());
        if (custom.empty()) return absl::OkStatus();
        auto** list =
            static_cast<char**>(allocator->Alloc(allocator, custom.size() * sizeof(char*)));
        if (list == nullptr) return LimitExceeded("the allocator gave no memory");
        size_t i = 0;
        for (const auto& [key, value] : custom) {
          SX_ASSIGN_OR_RETURN(list[i++], CopyText(allocator, key));
        }
        *keys = list;
        return absl::OkStatus();
      },
      metadata, allocator, keys, count);
}

OrtStatus* EndProfiling(const OrtSession* session, OrtAllocator* allocator, char** out) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(const auto model, FindSession(session));
        TraceRecording* const recording = model->recording.get();
        if (recording != nullptr) SX_RETURN_IF_ERROR(recording->End());
        SX_ASSIGN_OR_RETURN(*out,
                            CopyText(allocator, recording == nullptr ? "" : recording->path()));
        return absl::OkStatus();
      },
      allocator, out);
}

OrtStatus* GetProfilingStart(const OrtSession* session, uint64_t* out) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(const auto model, FindSession(session));
        *out = 0;
        if (model->recording == nullptr) return absl::OkStatus();
        const auto since = model->recording->begun().begin().time_since_epoch();
        *out = static_cast<uint64_t>(std::chrono::nanoseconds(since).count());
        return absl::OkStatus();
      },
      out);
}

OrtStatus* GetVersion(const OrtModelMetadata* metadata, int64_t* out) {
  return Guarded(
      [&] {
        *out = metadata->metadata.model_version;
        return absl::OkStatus();
      },
      metadata, out);
}

}  // namespace

Sessions& AllSessions() {
  static Sessions* const sessions = new Sessions;  // for threads that outlive main
  return *sessions;
}

StatusOr<std::shared_ptr<OpenSession>> FindOpen(const OrtSession* handle) {
  std::shared_ptr<OpenSession> found = AllSessions().Get(handle);
  if (found == nullptr) return InvalidArgument("the session is null or was released");
  return found;
}

StatusOr<std::shared_ptr<LoadedModel>> FindSession(const OrtSession* handle) {
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<OpenSession> found, FindOpen(handle));
  return found->model;
}

void AddSessionFunctions(Table& table) {
  table.Set(SlotOf("CreateSession"), CreateSession);
  table.Set(SlotOf("CreateSessionFromArray"), CreateSessionFromArray);
  table.Set(
      SlotOf("ReleaseSession"), +[](OrtSession* session) { AllSessions().Release(session); });
  table.Set(SlotOf("SessionGetInputCount"), Count<Ports::kInputs>);
  table.Set(SlotOf("SessionGetOutputCount"), Count<Ports::kOutputs>);
  table.Set(SlotOf("SessionGetOverridableInitializerCount"), Count<Ports::kInitializers>);
  table.Set(SlotOf("SessionGetInputName"), GetName<Ports::kInputs>);
  table.Set(SlotOf("SessionGetOutputName"), GetName<Ports::kOutputs>);
  table.Set(SlotOf("SessionGetOverridableInitializerName"), GetName<Ports::kInitializers>);
  table.Set(SlotOf("SessionGetInputTypeInfo"), GetType<Ports::kInputs>);
  table.Set(SlotOf("SessionGetOutputTypeInfo"), GetType<Ports::kOutputs>);
  table.Set(SlotOf("SessionGetOverridableInitializerTypeInfo"), GetType<Ports::kInitializers>);
  table.Set(SlotOf("SessionGetMemoryInfoForInputs"), GetMemoryInfos);
  table.Set(SlotOf("SessionGetMemoryInfoForOutputs"), GetMemoryInfos);
  table.Set(SlotOf("SessionEndProfiling"), EndProfiling);
  table.Set(SlotOf("SessionGetProfilingStartTimeNs"), GetProfilingStart);
  table.Set(SlotOf("SessionGetModelMetadata"), GetMetadata);
  table.Set(
      SlotOf("ReleaseModelMetadata"), +[](OrtModelMetadata* metadata) { delete metadata; });
  table.Set(SlotOf("ModelMetadataGetProducerName"), GetText<&Metadata::producer_name>);
  table.Set(SlotOf("ModelMetadataGetGraphName"), GetText<&Metadata::graph_name>);
  table.Set(SlotOf("ModelMetadataGetDomain"), GetText<&Metadata::domain>);
  table.Set(SlotOf("ModelMetadataGetDescription"), GetText<&Metadata::description>);
  table.Set(SlotOf("ModelMetadataGetGraphDescription"), GetText<&Metadata::graph_description>);
  table.Set(SlotOf("ModelMetadataLookupCustomMetadataMap"), LookupCustom);
  table.Set(SlotOf("ModelMetadataGetCustomMetadataMapKeys"), GetCustomKeys);
  table.Set(SlotOf("ModelMetadataGetVersion"), GetVersion);
}

}  // namespace sardonyx::ort
