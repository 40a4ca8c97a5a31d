// Options of sessions and runs.
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "api/ort/objects.h"

namespace sardonyx::ort {
namespace {

// What a configuration entry begins with that is one of Sardonyx's own options.
constexpr absl::string_view kOwn = "sardonyx.";

template <typename T>
OrtStatus* Create(T** out) {
  return Guarded(
      [&] {
        *out = new T;
        return absl::OkStatus();
      },
      out);
}

/// Accepted and without effect: there is one arena and one order of execution.
OrtStatus* Accept(OrtSessionOptions* options) {
  return Guarded([] { return absl::OkStatus(); }, options);
}

OrtStatus* Clone(const OrtSessionOptions* from, OrtSessionOptions** out) {
  return Guarded(
      [&] {
        *out = new OrtSessionOptions(*from);
        return absl::OkStatus();
      },
      from, out);
}

OrtStatus* SetOptimizationLevel(OrtSessionOptions* options, int level) {
  return Guarded(
      [&] {
        options->load.session.optimize = level != 0;
        return absl::OkStatus();
      },
      options);
}

OrtStatus* SetThreads(OrtSessionOptions* options, int threads) {
  return Guarded(
      [&]() -> Status {
        if (threads < 0) return InvalidArgument("the number of threads is ", threads);
        options->load.session.threads = threads;
        return absl::OkStatus();
      },
      options);
}

/// A member of session options, set.
template <auto kMember, typename T>
OrtStatus* SetSession(OrtSessionOptions* options, T value) {
  return Guarded(
      [&] {
        options->*kMember = value;
        return absl::OkStatus();
      },
      options);
}
OrtStatus* SetLogId(OrtSessionOptions* options, const char* id) {
  return Guarded(
      [&] {
        options->log_id = id;
        return absl::OkStatus();
      },
      options, id);
}
OrtStatus* SetLogFunction(OrtSessionOptions* options, OrtLoggingFunction function, void* param) {
  return Guarded(
      [&] {
        options->log_function = function;
        options->log_param = param;
        return absl::OkStatus();
      },
      options);
}

OrtStatus* EnableProfiling(OrtSessionOptions* options, const char* prefix) {
  return Guarded([&] { return SetOption("profile", prefix, options->load); }, options, prefix);
}
OrtStatus* DisableProfiling(OrtSessionOptions* options) {
  return Guarded([&] { return SetOption("profile", "", options->load); }, options);
}

OrtStatus* AddConfigEntry(OrtSessionOptions* options, const char* key, const char* value) {
  return Guarded(
      [&]() -> Status {
        if (absl::StartsWith(key, kOwn)) {
          return SetOption(absl::StripPrefix(key, kOwn), value, options->load);
        }
        options->config[key] = value;
        return absl::OkStatus();
      },
      options, key, value);
}
OrtStatus* HasConfigEntry(const OrtSessionOptions* options, const char* key, int* out) {
  return Guarded(
      [&] {
        *out = options->config.count(key) > 0 ? 1 : 0;
        return absl::OkStatus();
      },
      options, key, out);
}
OrtStatus* GetConfigEntry(const OrtSessionOptions* options, const char* key, char* value,
                          size_t* size) {
  return Guarded(
      [&]() -> Status {
        const auto found = options->config.find(key);
        if (found == options->config.end()) return InvalidArgument("there is no entry '", key, "'");
        const size_t needed = found->second.size() + 1;
        const size_t room = std::exchange(*size, needed);
        if (value == nullptr) return absl::OkStatus();
        if (room < needed) return InvalidArgument("'", key, "' takes ", needed, " bytes");
        std::memcpy(value, found->second.c_str(), needed);
        return absl::OkStatus();
      },
      options, key, size);
}

OrtStatus* SetFreeDimension(OrtSessionOptions* options, const char* name, int64_t size) {
  return Guarded(
      [&]() -> Status {
        if (size < 0) return InvalidArgument("dimension '", name, "' is ", size);
        options->load.session.symbols[name] = size;
        return absl::OkStatus();
      },
      options, name);
}

OrtStatus* AppendProvider(OrtSessionOptions* options, const char* name, const char* const*,
                          const char* const*, size_t) {
  return Guarded(
      [&]() -> Status {
        if (absl::string_view(name) == "CPU" || absl::string_view(name) == "CPUExecutionProvider") {
          return absl::OkStatus();
        }
        return InvalidArgument("there is no execution provider '", name,
                               "'; CPUExecutionProvider is the only one");
      },
      options, name);
}

/// Tensors in the place of initializers. Their elements are shared.
Status SetInitializer(OrtSessionOptions& options, const char* name, const OrtValue* value) {
  if (name == nullptr || value == nullptr || !value->value.is_tensor()) {
    return InvalidArgument("an initializer has no name, or its value is no tensor");
  }
  options.load.initializers[name] = value->value.tensor();
  return absl::OkStatus();
}
OrtStatus* AddInitializer(OrtSessionOptions* options, const char* name, const OrtValue* value) {
  return Guarded([&] { return SetInitializer(*options, name, value); }, options);
}
OrtStatus* AddInitializers(OrtSessionOptions* options, const char* const* names,
                           const OrtValue* const* values, size_t count) {
  return Guarded(
      [&]() -> Status {
        for (size_t i = 0; i < count; ++i) {
          SX_RETURN_IF_ERROR(SetInitializer(*options, names[i], values[i]));
        }
        return absl::OkStatus();
      },
      options, names, values);
}
/// Files of external data in memory, which is needed until sessions have been created.
OrtStatus* AddFiles(OrtSessionOptions* options, const char* const* names, char* const* buffers,
                    const size_t* sizes, size_t count) {
  return Guarded(
      [&]() -> Status {
        for (size_t i = 0; i < count; ++i) {
          if (names[i] == nullptr || buffers[i] == nullptr) {
            return InvalidArgument("file ", i, " or its name is null");
          }
          options->load.files[names[i]] = {.bytes = {buffers[i], sizes[i]}, .stays = false};
        }
        return absl::OkStatus();
      },
      options, names, buffers, sizes);
}

/// A member of run options, set or read.
template <auto kMember>
OrtStatus* SetRun(OrtRunOptions* options, int value) {
  return Guarded(
      [&] {
        options->*kMember = value;
        return absl::OkStatus();
      },
      options);
}
template <auto kMember>
OrtStatus* GetRun(const OrtRunOptions* options, int* out) {
  return Guarded(
      [&] {
        *out = options->*kMember;
        return absl::OkStatus();
      },
      options, out);
}
OrtStatus* SetTag(OrtRunOptions* options, const char* tag) {
  return Guarded(
      [&] {
        options->tag = tag;
        return absl::OkStatus();
      },
      options, tag);
}
OrtStatus* GetTag(const OrtRunOptions* options, const char** out) {
  return Guarded(
      [&] {
        *out = options->tag.c_str();
        return absl::OkStatus();
      },
      options, out);
}
template <bool kStop>
OrtStatus* Terminate(OrtRunOptions* options) {
  return Guarded(
      [&] {
        options->stop.Set(kStop);
        return absl::OkStatus();
      },
      options);
}
OrtStatus* EnableRunProfiling(OrtRunOptions* options, const char* prefix) {
  return Guarded(
      [&] {
        options->trace_prefix = prefix;
        return absl::OkStatus();
      },
      options, prefix);
}
OrtStatus* DisableRunProfiling(OrtRunOptions* options) {
  return Guarded(
      [&] {
        options->trace_prefix.reset();
        return absl::OkStatus();
      },
      options);
}
OrtStatus* AddRunConfigEntry(OrtRunOptions* options, const char* key, const char* value) {
  return Guarded(
      [&] {
        options->config[key] = value;
        return absl::OkStatus();
      },
      options, key, value);
}

}  // namespace

void AddOptionFunctions(Table& table) {
  table.Set(SlotOf("CreateSessionOptions"), Create<OrtSessionOptions>);
  table.Set(
      SlotOf("ReleaseSessionOptions"), +[](OrtSessionOptions* options) { delete options; });
  table.Set(SlotOf("CloneSessionOptions"), Clone);
  for (const size_t slot :
       {SlotOf("SetSessionExecutionMode"), SlotOf("EnableMemPattern"), SlotOf("DisableMemPattern"),
        SlotOf("EnableCpuMemArena"), SlotOf("DisableCpuMemArena"),
        SlotOf("SetSessionLogVerbosityLevel"), SlotOf("SetInterOpNumThreads"),
        SlotOf("SetDeterministicCompute"), SlotOf("SessionOptionsSetEpSelectionPolicy"),
        SlotOf("AddFreeDimensionOverride")}) {
    table.Set(slot, Accept);
  }
  table.Set(SlotOf("SetSessionLogId"), SetLogId);
  table.Set(SlotOf("SetSessionLogSeverityLevel"), SetSession<&OrtSessionOptions::severity, int>);
  table.Set(SlotOf("SetUserLoggingFunction"), SetLogFunction);
  table.Set(SlotOf("EnableProfiling"), EnableProfiling);
  table.Set(SlotOf("DisableProfiling"), DisableProfiling);
  table.Set(SlotOf("AddInitializer"), AddInitializer);
  table.Set(SlotOf("AddExternalInitializers"), AddInitializers);
  table.Set(SlotOf("AddExternalInitializersFromFilesInMemory"), AddFiles);
  table.Set(SlotOf("SetSessionGraphOptimizationLevel"), SetOptimizationLevel);
  table.Set(SlotOf("SetIntraOpNumThreads"), SetThreads);
  table.Set(SlotOf("AddSessionConfigEntry"), AddConfigEntry);
  table.Set(SlotOf("HasSessionConfigEntry"), HasConfigEntry);
  table.Set(SlotOf("GetSessionConfigEntry"), GetConfigEntry);
  table.Set(SlotOf("AddFreeDimensionOverrideByName"), SetFreeDimension);
  table.Set(SlotOf("SessionOptionsAppendExecutionProvider"), AppendProvider);
  table.Set(SlotOf("CreateRunOptions"), Create<OrtRunOptions>);
  table.Set(
      SlotOf("ReleaseRunOptions"), +[](OrtRunOptions* options) { delete options; });
  table.Set(SlotOf("RunOptionsSetRunLogVerbosityLevel"), SetRun<&OrtRunOptions::log_verbosity>);
  table.Set(SlotOf("RunOptionsGetRunLogVerbosityLevel"), GetRun<&OrtRunOptions::log_verbosity>);
  table.Set(SlotOf("RunOptionsSetRunLogSeverityLevel"), SetRun<&OrtRunOptions::log_severity>);
  table.Set(SlotOf("RunOptionsGetRunLogSeverityLevel"), GetRun<&OrtRunOptions::log_severity>);
  table.Set(SlotOf("RunOptionsSetRunTag"), SetTag);
  table.Set(SlotOf("RunOptionsGetRunTag"), GetTag);
  table.Set(SlotOf("RunOptionsSetTerminate"), Terminate<true>);
  table.Set(SlotOf("RunOptionsUnsetTerminate"), Terminate<false>);
  table.Set(SlotOf("AddRunConfigEntry"), AddRunConfigEntry);
  table.Set(SlotOf("RunOptionsEnableProfiling"), EnableRunProfiling);
  table.Set(SlotOf("RunOptionsDisableProfiling"), DisableRunProfiling);
}

}  // namespace sardonyx::ort
