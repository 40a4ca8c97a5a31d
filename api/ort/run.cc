// Running a session, at once or in a thread of its own.
#include <thread>

#include "api/call.h"
#include "api/ort/objects.h"

namespace sardonyx::ort {
namespace {

StatusOr<Call> Prepare(OrtSession* handle, const char* const* input_names,
                       const OrtValue* const* inputs, size_t input_count,
                       const char* const* output_names, size_t output_count, OrtValue** outputs) {
  SX_ASSIGN_OR_RETURN(std::shared_ptr<LoadedModel> model, FindSession(handle));
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

CallOptions OptionsOf(const OrtRunOptions* options) {
  return {.stop = options == nullptr ? nullptr : &options->stop};
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
    SX_ASSIGN_OR_RETURN(Call prepared, Prepare(session, input_names, inputs, input_count,
                                               output_names, output_count, outputs));
    std::thread([call = std::move(prepared), options, outputs, callback, user]() mutable {
      OrtStatus* status = Guarded([&]() -> Status {
        SX_RETURN_IF_ERROR(call.Run(OptionsOf(options)));
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
  SX_ASSIGN_OR_RETURN(Call call, Prepare(session, input_names, inputs, input_count, output_names,
                                         output_count, outputs));
  SX_RETURN_IF_ERROR(call.Run(OptionsOf(options)));
  Deliver(call, outputs);
  return absl::OkStatus();
}

void AddRunFunctions(Table& table) {
  table.Set(SlotOf("Run"), RunNow);
  table.Set(SlotOf("RunAsync"), RunAsync);
}

}  // namespace sardonyx::ort
