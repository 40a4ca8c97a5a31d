// Running a session.
#include "api/c/objects.h"
#include "api/call.h"

namespace sardonyx {
namespace {

Observer ObserverOf(const SardonyxRun& run) {
  if (run.observer == nullptr) return {};
  return [see = run.observer, user = run.user](const LayerOutput& output) -> Status {
    SardonyxValue shown{output.value};
    if (output.channels_last) {
      SX_ASSIGN_OR_RETURN(shown.value, InModelLayout(output));
    }
    if (see(user, std::string(output.name).c_str(), &shown) == 0) return absl::OkStatus();
    return absl::CancelledError("the observer ended the run");
  };
}

/// The i-th of the names, which may be null altogether. Errors: it is null alone.
StatusOr<const char*> NameAt(const char* const* names, size_t i, const char* what) {
  const char* const name = names == nullptr ? nullptr : names[i];
  if (names != nullptr && name == nullptr) {
    return InvalidArgument("the name of ", what, " ", i, " is null");
  }
  return name;
}

CallOptions OptionsOf(SardonyxRun* run) {
  if (run == nullptr) return {};
  return {.seconds = run->seconds,
          .seed = run->seed,
          .observer = ObserverOf(*run),
          .stop = &run->stop,
          .profile = run->profile.get()};
}

/// New outputs become the caller's values, all of them or none.
void Deliver(Call& call, SardonyxValue** outputs) {
  std::vector<std::unique_ptr<SardonyxValue>> fresh(call.outputs().size());
  for (size_t i = 0; i < fresh.size(); ++i) {
    if (outputs[i] == nullptr) fresh[i] = std::make_unique<SardonyxValue>();
  }
  for (size_t i = 0; i < fresh.size(); ++i) {
    if (outputs[i] != nullptr) continue;
    outputs[i] = fresh[i].release();
    outputs[i]->value = std::move(call.outputs()[i]);
  }
}

SardonyxStatus* Run(SardonyxSession* handle, SardonyxRun* run, const char* const* input_names,
                    const SardonyxValue* const* inputs, size_t input_count,
                    const char* const* output_names, SardonyxValue** outputs, size_t output_count) {
  return Guarded([&]() -> Status {
    SX_ASSIGN_OR_RETURN(const std::shared_ptr<CSession> session, FindSession(handle));
    if (input_count > 0) SX_RETURN_IF_ERROR(CheckNotNull("inputs", inputs));
    if (output_count > 0) SX_RETURN_IF_ERROR(CheckNotNull("outputs", outputs));
    Call call(session->model, output_count);
    for (size_t i = 0; i < input_count; ++i) {
      SX_ASSIGN_OR_RETURN(const char* name, NameAt(input_names, i, "input"));
      const Value none;
      SX_RETURN_IF_ERROR(call.SetInput(name, i, inputs[i] == nullptr ? none : inputs[i]->value));
    }
    for (size_t i = 0; i < output_count; ++i) {
      SX_ASSIGN_OR_RETURN(const char* name, NameAt(output_names, i, "output"));
      if (outputs[i] != nullptr && !outputs[i]->value.is_tensor()) {
        return InvalidArgument("output ", i, " is to be written into a ",
                               outputs[i]->value.ToString(), ", expected a tensor");
      }
      const Value none;
      SX_RETURN_IF_ERROR(
          call.SetOutput(name, i, i, outputs[i] == nullptr ? none : outputs[i]->value));
    }
    SX_RETURN_IF_ERROR(call.Run(OptionsOf(run)));
    Deliver(call, outputs);
    return absl::OkStatus();
  });
}

/// Changes a run's settings with `change`.
template <typename Change>
SardonyxStatus* Set(SardonyxRun* run, Change&& change) {
  return Guarded([&] {
    SX_RETURN_IF_ERROR(CheckNotNull("run", run));
    change(*run);
    return absl::OkStatus();
  });
}

}  // namespace

void AddRunFunctions(SardonyxApi& api) {
  api.create_run = [](SardonyxRun** run) {
    return Guarded([&] {
      SX_RETURN_IF_ERROR(CheckNotNull("run", run));
      *run = new SardonyxRun;
      return absl::OkStatus();
    });
  };
  api.set_time_limit = [](SardonyxRun* run, double seconds) {
    return Set(run, [&](SardonyxRun& r) { r.seconds = seconds; });
  };
  api.set_seed = [](SardonyxRun* run, uint64_t seed) {
    return Set(run, [&](SardonyxRun& r) { r.seed = seed; });
  };
  api.set_observer = [](SardonyxRun* run, SardonyxObserver observer, void* user) {
    return Set(run, [&](SardonyxRun& r) {
      r.observer = observer;
      r.user = user;
    });
  };
  api.cancel = [](SardonyxRun* run, int32_t cancelled) {
    return Set(run, [&](SardonyxRun& r) { r.stop.Set(cancelled != 0); });
  };
  api.release_run = [](SardonyxRun* run) { delete run; };
  api.run = Run;
}

}  // namespace sardonyx
