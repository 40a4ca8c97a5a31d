// Inputs and outputs bound to names, to be run again and again.
#include <cstring>
#include <utility>

#include "api/ort/objects.h"

/// Values share their memory with what was bound, so a bound output is written into on every run.
struct OrtIoBinding {
  struct Output {
    std::string name;
    std::unique_ptr<OrtValue> value;  // null until a run has made it
    bool given = false;               // by the application
  };

  OrtSession* session;
  std::vector<std::pair<std::string, OrtValue>> inputs;
  std::vector<Output> outputs;
};

namespace sardonyx::ort {
namespace {

OrtStatus* Create(OrtSession* session, OrtIoBinding** out) {
  return Guarded(
      [&]() -> Status {
        SX_RETURN_IF_ERROR(FindSession(session).status());
        *out = new OrtIoBinding{session, {}, {}};
        return absl::OkStatus();
      },
      out);
}

OrtStatus* BindInput(OrtIoBinding* binding, const char* name, const OrtValue* value) {
  return Guarded(
      [&]() -> Status {
        SX_ASSIGN_OR_RETURN(const auto model, FindSession(binding->session));
        SX_RETURN_IF_ERROR(model->session->FindInput(name).status());
        for (auto& [bound, held] : binding->inputs) {
          if (bound != name) continue;
          held = *value;
          return absl::OkStatus();
        }
        binding->inputs.emplace_back(name, *value);
        return absl::OkStatus();
      },
      binding, name, value);
}

Status Bind(OrtIoBinding* binding, const char* name, const OrtValue* value) {
  SX_ASSIGN_OR_RETURN(const auto model, FindSession(binding->session));
  SX_RETURN_IF_ERROR(model->session->FindOutput(name).status());
  OrtIoBinding::Output output{.name = name, .given = value != nullptr};
  if (value != nullptr) output.value = std::make_unique<OrtValue>(*value);
  for (OrtIoBinding::Output& bound : binding->outputs) {
    if (bound.name != name) continue;
    bound = std::move(output);
    return absl::OkStatus();
  }
  binding->outputs.push_back(std::move(output));
  return absl::OkStatus();
}

OrtStatus* BindOutput(OrtIoBinding* binding, const char* name, const OrtValue* value) {
  return Guarded([&] { return Bind(binding, name, value); }, binding, name, value);
}
OrtStatus* BindOutputToDevice(OrtIoBinding* binding, const char* name, const OrtMemoryInfo* info) {
  return Guarded([&] { return Bind(binding, name, nullptr); }, binding, name, info);
}

OrtStatus* RunWithBinding(OrtSession* session, const OrtRunOptions* options,
                          const OrtIoBinding* binding) {
  return Guarded(
      [&]() -> Status {
        std::vector<const char*> input_names, output_names;
        std::vector<const OrtValue*> inputs;
        std::vector<OrtValue*> outputs;
        for (const auto& [name, value] : binding->inputs) {
          input_names.push_back(name.c_str());
          inputs.push_back(&value);
        }
        for (const OrtIoBinding::Output& output : binding->outputs) {
          output_names.push_back(output.name.c_str());
          outputs.push_back(output.given ? output.value.get() : nullptr);
        }
        SX_RETURN_IF_ERROR(Run(session, options, input_names.data(), inputs.data(), inputs.size(),
                               output_names.data(), output_names.size(), outputs.data()));
        auto& bound = const_cast<OrtIoBinding*>(binding)->outputs;
        for (size_t i = 0; i < bound.size(); ++i) {
          if (!bound[i].given) bound[i].value.reset(outputs[i]);
        }
        return absl::OkStatus();
      },
      binding);
}

template <typename T>
StatusOr<T*> AllocateArray(OrtAllocator* allocator, size_t count) {
  auto* array = static_cast<T*>(allocator->Alloc(allocator, count * sizeof(T)));
  if (array == nullptr) return LimitExceeded("the allocator gave no memory");
  return array;
}

OrtStatus* GetNames(const OrtIoBinding* binding, OrtAllocator* allocator, char** buffer,
                    size_t** lengths, size_t* count) {
  return Guarded(
      [&]() -> Status {
        *buffer = nullptr;
        *lengths = nullptr;
        *count = binding->outputs.size();
        if (binding->outputs.empty()) return absl::OkStatus();
        std::string all;
        for (const OrtIoBinding::Output& output : binding->outputs) all += output.name;
        SX_ASSIGN_OR_RETURN(*lengths, AllocateArray<size_t>(allocator, *count));
        for (size_t i = 0; i < *count; ++i) (*lengths)[i] = binding->outputs[i].name.size();
        SX_ASSIGN_OR_RETURN(*buffer, CopyText(allocator, all));
        return absl::OkStatus();
      },
      binding, allocator, buffer, lengths, count);
}

OrtStatus* GetValues(const OrtIoBinding* binding, OrtAllocator* allocator, OrtValue*** values,
                     size_t* count) {
  return Guarded(
      [&]() -> Status {
        *values = nullptr;
        *count = 0;
        std::vector<std::unique_ptr<OrtValue>> copies;
        for (const OrtIoBinding::Output& output : binding->outputs) {
          if (output.value == nullptr) {
            return InvalidArgument("output '", output.name, "' has no value before a run");
          }
          copies.push_back(std::make_unique<OrtValue>(*output.value));
        }
        if (copies.empty()) return absl::OkStatus();
        SX_ASSIGN_OR_RETURN(*values, AllocateArray<OrtValue*>(allocator, copies.size()));
        *count = copies.size();
        for (size_t i = 0; i < *count; ++i) (*values)[i] = copies[i].release();
        return absl::OkStatus();
      },
      binding, allocator, values, count);
}

OrtStatus* Synchronize(OrtIoBinding* binding) {
  return Guarded([] { return absl::OkStatus(); }, binding);
}

}  // namespace

void AddBindingFunctions(Table& table) {
  table.Set(SlotOf("CreateIoBinding"), Create);
  table.Set(
      SlotOf("ReleaseIoBinding"), +[](OrtIoBinding* binding) { delete binding; });
  table.Set(SlotOf("BindInput"), BindInput);
  table.Set(SlotOf("BindOutput"), BindOutput);
  table.Set(SlotOf("BindOutputToDevice"), BindOutputToDevice);
  table.Set(SlotOf("RunWithBinding"), RunWithBinding);
  table.Set(SlotOf("GetBoundOutputNames"), GetNames);
  table.Set(SlotOf("GetBoundOutputValues"), GetValues);
  table.Set(
      SlotOf("ClearBoundInputs"), +[](OrtIoBinding* binding) {
        if (binding != nullptr) binding->inputs.clear();
      });
  table.Set(
      SlotOf("ClearBoundOutputs"), +[](OrtIoBinding* binding) {
        if (binding != nullptr) binding->outputs.clear();
      });
  table.Set(SlotOf("SynchronizeBoundInputs"), Synchronize);
  table.Set(SlotOf("SynchronizeBoundOutputs"), Synchronize);
}

}  // namespace sardonyx::ort
