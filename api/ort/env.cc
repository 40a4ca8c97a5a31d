// Environments: what sessions have in common, and where messages go.
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "api/ort/objects.h"

void OrtLogger::Log(int level, const char* category, const char* place,
                    const std::string& message) const {
  if (level < severity) return;
  if (function == nullptr) {
    constexpr char kLetters[] = "VIWEF";
    const int letter = std::min<int>(std::max(level, 0), sizeof(kLetters) - 2);
    std::fprintf(stderr, "[%c:%s:%s, %s] %s\n", kLetters[letter], category, id.c_str(), place,
                 message.c_str());
    return;
  }
  try {
    function(param, level, category, id.c_str(), place, message.c_str());
  } catch (...) {  // nobody is there whom a logger could tell that it failed
  }
}

namespace sardonyx::ort {
namespace {

OrtStatus* Create(OrtLogger logger, const char* id, OrtEnv** out) {
  return Guarded(
      [&] {
        logger.id = id == nullptr ? "" : id;
        *out = new OrtEnv{std::move(logger)};
        return absl::OkStatus();
      },
      out);
}

OrtStatus* CreateEnv(int severity, const char* id, OrtEnv** out) {
  return Create({.severity = severity}, id, out);
}
OrtStatus* CreateEnvWithCustomLogger(OrtLoggingFunction function, void* param, int severity,
                                     const char* id, OrtEnv** out) {
  return Create({.function = function, .param = param, .severity = severity}, id, out);
}
OrtStatus* SetLogLevel(OrtEnv* env, int severity) {
  return Give(env == nullptr ? nullptr : &env->logger.severity, severity);
}

// ---- Messages of operators -----------------------------------------------------------------

OrtStatus* LogMessage(const OrtLogger* logger, int severity, const char* message, const char* file,
                      int line, const char* function) {
  return Guarded(
      [&] {
        logger->Log(severity, "operator", absl::StrCat(file, ":", line, " ", function).c_str(),
                    message);
        return absl::OkStatus();
      },
      logger, message, file, function);
}

OrtStatus* GetLogLevel(const OrtLogger* logger, int* out) {
  return Guarded(
      [&] {
        *out = logger->severity;
        return absl::OkStatus();
      },
      logger, out);
}

}  // namespace

void AddEnvFunctions(Table& table) {
  table.Set(SlotOf("CreateEnv"), CreateEnv);
  table.Set(SlotOf("CreateEnvWithCustomLogger"), CreateEnvWithCustomLogger);
  table.Set(
      SlotOf("ReleaseEnv"), +[](OrtEnv* env) { delete env; });
  table.Set(SlotOf("UpdateEnvWithCustomLogLevel"), SetLogLevel);
  table.Set(SlotOf("Logger_LogMessage"), LogMessage);
  table.Set(SlotOf("Logger_GetLoggingSeverityLevel"), GetLogLevel);
}

}  // namespace sardonyx::ort
