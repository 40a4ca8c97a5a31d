// Running a session, at once or in a thread of its own.
#include <thread>

#include "api/call.h"
#include "api/ort/objects.h"

namespace sardonyx::ort {
namespace {

StatusOr<Call> Prepare(std::shared_ptr<LoadedModel> model, const char* const* input_names,
                       const OrtValue* const* inputs, size_t input_count,
                       const char* const* output_names, size_t output_count, OrtValue** outputs) {
  if ((input_count > 0 && (input_names == nullptr || inputs == nullptr)) ||
      output_names == nullptr || outputs == nullptr) {
    return InvalidArgument("names or values are null");
  }
  if (output_count == 0) return InvalidArgument("no output is asked for");
  Call call(std::move(model), output_count);
  for (size_t i = 0; i < input_count; ++i) {
    if (input_names[i] == nullptr || inputs[i] == nullptr) {
      return InvalidArgument("input ", i, " or its name is null");
    }
    SX_RETURN_IF_ERROR(call.SetInput(input_names[i], i, inputs[i]->value));
  }
  for (size_t i = 0; i < output_count; ++i) {
    if (output_names[i] == nullptr) return InvalidArgument("the name of output ", i, " is null");
    // What is there and no tensor is replaced.
    const bool place = outputs[i] != nullptr && outputs[i]->value.is_tensor();
    SX_RETURN_IF_ERROR(call.SetOutput(output_names[i], i, i, place ? outputs[i]->value : Value()));
  }
  return call;
}

/// Runs `call`, tells the session's logger how it went, and writes the run's own trace where it is
/// to have one.
Status RunLogged(Call& call, const OrtRunOptions* options, const OrtLogger& session_logger) {
  static const OrtRunOptions* const none = new OrtRunOptions;
  const OrtRunOptions& given = options == nullptr ? *none : *options;
  std::optional<TraceRecording> recording;
  if (given.trace_prefix) recording.emplace(*given.trace_prefix);
  Status status = call.Run({.stop = options == nullptr ? nullptr : &given.stop,
                            .profile = recording ? recording->profile() : nullptr});
  if (recording && status.ok()) status = recording->End();
  const int level = status.ok() ? kVerbose : kError;
  const int least = given.log_severity < 0 ? session_logger.severity : given.log_severity;
  if (level < least) return status;  // no word of it is put together
  OrtLogger logger = session_logger;
  logger.severity = least;
  if (!given.tag.empty()) absl::StrAppend(&logger.id, "/", given.tag);
  logger.Log(level, "run", "run", status.ok() ? "done" : std::string(status.message()));
  return status;
}

void Deliver(Call& call, OrtValue** outputs) {
  std::vector<std::unique_ptr<OrtValue>> fresh(call.outputs().size());
  for (size_t i = 0; i < fresh.size(); ++i) {
    if (outputs[i] == nullptr) fresh[i] = std::make_unique<OrtValue>();
  }
  for (size_t i = 0; i < fresh.size(); ++i) {
    if (outputs[i] == nullptr) outputs[i] = fresh[i].release();
    outputs[i]->value = std::move(call.outputs()[i]);
  }
}

OrtStatus* RunNow(OrtSession* session, const OrtRunOptions* options, const char* const* input_names,
                  const OrtValue* const* inputs, size_t input_count,
                  const char* const* output_names, size_t output_count, OrtValue** outputs) {
  return Guarded([&] {
    return Run(session, options, input_names, inputs, input_count, output_names, output_count,
               outputs);
  });
}

OrtStatus* RunAsync(OrtSession* session, const OrtRunOptions* options,
                    const char* const* input_names, const OrtValue* const* inputs,
                    size_t input_count, const char* const* output_names, size_t output_count,
                    OrtValue** outputs, OrtRunAsyncCallback callback, void* user) {
  return Guarded([&]() -> Status {
    if (callback == nullptr) return InvalidArgument("the callback is null");
    SX_ASSIGN_OR_RETURN(std::shared_ptr<OpenSession> open, FindOpen(session));
    SX_ASSIGN_OR_RETURN(Call prepared, Prepare(open->model, input_names, inputs, input_count,
                                               output_names, output_count, outputs));
    std::thread([call = std::move(prepared), open = std::move(open), options, outputs, callback,
                 user]() mutable {
      OrtStatus* status = Guarded([&]() -> Status {
        SX_RETURN_IF_ERROR(RunLogged(call, options, *open->logger));
        Deliver(call, outputs);
        return absl::OkStatus();
      });
      callback(user, outputs, call.outputs().size(), status);
    }).detach();
    return absl::OkStatus();
  });
}

}  // namespace

Status Run(OrtSession* session, const OrtRunOptions* options, const char* const* input_names,
           const OrtValue* const* inputs, size_t input_count, const char* const* output_names,
           size_t output_count, OrtValue** outputs) {
  SX_ASSIGN_OR_RETURN(const std::shared_ptr<OpenSession> open, FindOpen(session));
  SX_ASSIGN_OR_RETURN(Call call, Prepare(open->model, input_names, inputs, input_count,
                                         output_names, output_count, outputs));
  SX_RETURN_IF_ERROR(RunLogged(call, options, *open->logger));
  Deliver(call, outputs);
  return absl::OkStatus();
}

void AddRunFunctions(Table& table) {
  table.Set(SlotOf("Run"), RunNow);
  table.Set(SlotOf("RunAsync"), RunAsync);
}

}  // namespace sardonyx::ort
