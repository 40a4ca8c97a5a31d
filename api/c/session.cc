// Options and sessions.
#include "api/c/objects.h"
#include "api/values.h"
#include "ops/custom/custom.h"

namespace sardonyx {
namespace {

SardonyxKind KindOf(Type::Kind kind) {
  switch (kind) {
    case Type::Kind::kTensor:
      return SARDONYX_TENSOR;
    case Type::Kind::kSequence:
      return SARDONYX_SEQUENCE;
    case Type::Kind::kMap:
      return SARDONYX_MAP;
    case Type::Kind::kOptional:
      return SARDONYX_OPTIONAL;
    case Type::Kind::kUnknown:
      break;
  }
  return SARDONYX_NONE;
}

SardonyxStatus* CreateOptions(SardonyxOptions** options) {
  return Guarded([&] {
    SX_RETURN_IF_ERROR(CheckNotNull("options", options));
    *options = new SardonyxOptions;
    return absl::OkStatus();
  });
}

SardonyxStatus* Set(SardonyxOptions* options, const char* name, const char* value) {
  return Guarded([&] {
    SX_RETURN_IF_ERROR(CheckNotNull("options", options, "name", name, "value", value));
    return SetOption(name, value, options->load);
  });
}

SardonyxStatus* AddCustomOp(SardonyxOptions* options, const SardonyxCustomOp* op) {
  return Guarded([&]() -> Status {
    SX_RETURN_IF_ERROR(CheckNotNull("options", options, "op", op));
    SX_ASSIGN_OR_RETURN(auto def, MakeCustomOp(*op));
    options->load.session.custom_ops.push_back(std::move(def));
    return absl::OkStatus();
  });
}

/// Makes a session of what `load` gives for the options.
template <typename Load>
Status Open(const SardonyxOptions* options, SardonyxSession** session, Load&& load) {
  SX_RETURN_IF_ERROR(CheckNotNull("session", session));
  SX_ASSIGN_OR_RETURN(LoadedModel model, load(options == nullptr ? LoadOptions() : options->load));
  *session = Sessions().Add(std::make_shared<CSession>(Share(std::move(model))));
  return absl::OkStatus();
}

SardonyxStatus* OpenFile(const char* path, const SardonyxOptions* options,
                         SardonyxSession** session) {
  return Guarded([&] {
    SX_RETURN_IF_ERROR(CheckNotNull("path", path));
    return Open(options, session, [&](const LoadOptions& how) { return LoadFile(path, how); });
  });
}

SardonyxStatus* OpenBytes(const void* bytes, size_t size, const char* folder,
                          const SardonyxOptions* options, SardonyxSession** session) {
  return Guarded([&] {
    SX_RETURN_IF_ERROR(CheckNotNull("bytes", bytes));
    const absl::string_view view(static_cast<const char*>(bytes), size);
    return Open(options, session, [&](const LoadOptions& how) {
      return LoadBytes(view, folder == nullptr ? "" : folder, how);
    });
  });
}

SardonyxStatus* EndProfiling(SardonyxSession* handle, const char** path) {
  return Guarded([&]() -> Status {
    SX_RETURN_IF_ERROR(CheckNotNull("path", path));
    SX_ASSIGN_OR_RETURN(const std::shared_ptr<CSession> session, FindSession(handle));
    TraceRecording* const recording = session->model->recording.get();
    if (recording != nullptr) SX_RETURN_IF_ERROR(recording->End());
    *path = recording == nullptr ? "" : recording->path().c_str();
    return absl::OkStatus();
  });
}

SardonyxStatus* OpenMapped(const void* bytes, size_t size, const char* folder,
                           void (*release)(void* user), void* user, const SardonyxOptions* options,
                           SardonyxSession** session) {
  return Guarded([&] {
    SX_RETURN_IF_ERROR(CheckNotNull("bytes", bytes));
    const Lent lent(release, user);
    SX_RETURN_IF_ERROR(Open(options, session, [&](const LoadOptions& how) {
      const absl::string_view view(static_cast<const char*>(bytes), size);
      return LoadShared({view, lent.owner()}, folder == nullptr ? "" : folder, how);
    }));
    lent.Keep();
    return absl::OkStatus();
  });
}

const SardonyxPort* At(const std::vector<SardonyxPort>& ports, size_t position) {
  return position < ports.size() ? &ports[position] : nullptr;
}

}  // namespace

CSessions& Sessions() {
  static CSessions* const sessions = new CSessions;  // for threads that outlive main
  return *sessions;
}

StatusOr<std::shared_ptr<CSession>> FindSession(const SardonyxSession* handle) {
  std::shared_ptr<CSession> found = Sessions().Get(handle);
  if (found == nullptr) {
    return absl::FailedPreconditionError("the session is null or was released");
  }
  return found;
}

CSession::CSession(std::shared_ptr<LoadedModel> loaded) : model(std::move(loaded)) {
  inputs = Describe(model->session->inputs());
  outputs = Describe(model->session->outputs());
  const Metadata& m = model->metadata;
  std::vector<const char*>& keys = names_.emplace_back();
  std::vector<const char*>& values = names_.emplace_back();
  for (const auto& [key, value] : m.custom) {
    keys.push_back(key.c_str());
    values.push_back(value.c_str());
  }
  metadata = {.producer_name = m.producer_name.c_str(),
              .producer_version = m.producer_version.c_str(),
              .domain = m.domain.c_str(),
              .description = m.description.c_str(),
              .graph_name = m.graph_name.c_str(),
              .model_version = m.model_version,
              .ir_version = m.ir_version,
              .opset = m.opset,
              .custom_count = keys.size(),
              .custom_keys = keys.data(),
              .custom_values = values.data()};
}

SardonyxType CSession::Describe(const Type& type) {
  SardonyxType result = {.kind = KindOf(type.kind), .rank = -1};
  result.element_type =
      static_cast<int32_t>(type.kind == Type::Kind::kMap ? type.key : type.element);
  if (type.shape) {
    std::vector<int64_t>& dims = dims_.emplace_back();
    std::vector<const char*>& names = names_.emplace_back();
    for (const Dim& dim : *type.shape) {
      dims.push_back(dim.known() ? dim.value : -1);
      names.push_back(dim.symbol.c_str());
    }
    result.rank = static_cast<int32_t>(dims.size());
    result.dims = dims.data();
    result.symbols = names.data();
  }
  if (type.inner != nullptr) result.of = &types_.emplace_back(Describe(*type.inner));
  return result;
}

std::vector<SardonyxPort> CSession::Describe(const std::vector<Port>& ports) {
  std::vector<SardonyxPort> result;
  for (const Port& port : ports) {
    const bool optional = port.has_default || port.type.kind == Type::Kind::kOptional;
    result.push_back({.name = port.name.c_str(),
                      .type = Describe(port.type),
                      .may_be_left_out = optional ? 1 : 0});
  }
  return result;
}

void AddOptionFunctions(SardonyxApi& api) {
  api.create_options = CreateOptions;
  api.set_option = Set;
  api.add_custom_op = AddCustomOp;
  api.release_options = [](SardonyxOptions* options) { delete options; };
}

void AddSessionFunctions(SardonyxApi& api) {
  api.load_file = OpenFile;
  api.load_bytes = OpenBytes;
  api.end_profiling = EndProfiling;
  api.load_mapped = OpenMapped;
  api.release_session = [](SardonyxSession* session) { Sessions().Release(session); };
  api.input_count = [](const SardonyxSession* session) {
    const auto found = Sessions().Get(session);
    return found == nullptr ? 0 : found->inputs.size();
  };
  api.output_count = [](const SardonyxSession* session) {
    const auto found = Sessions().Get(session);
    return found == nullptr ? 0 : found->outputs.size();
  };
  api.input = [](const SardonyxSession* session, size_t position) {
    const auto found = Sessions().Get(session);
    return found == nullptr ? nullptr : At(found->inputs, position);
  };
  api.output = [](const SardonyxSession* session, size_t position) {
    const auto found = Sessions().Get(session);
    return found == nullptr ? nullptr : At(found->outputs, position);
  };
  api.metadata = [](const SardonyxSession* session) -> const SardonyxMetadata* {
    const auto found = Sessions().Get(session);
    return found == nullptr ? nullptr : &found->metadata;
  };
}

}  // namespace sardonyx
