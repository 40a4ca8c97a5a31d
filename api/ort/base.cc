// The table itself, statuses, providers.
#include <cstdlib>
#include <cstring>
#include <utility>

#include "api/ort/objects.h"

namespace sardonyx::ort {
namespace {

int CodeOf(const Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
      return kInvalidArgument;
    case absl::StatusCode::kNotFound:
      return kNoSuchFile;
    case absl::StatusCode::kDataLoss:
      return kInvalidProtobuf;
    case absl::StatusCode::kUnimplemented:
      return kNotImplemented;
    default:
      return kFail;
  }
}

// Where there is not even memory to say so.
OrtStatus* NoMemory() {
  static OrtStatus* const status = new OrtStatus{kFail, "out of memory"};
  return status;
}

void ReleaseStatus(OrtStatus* status) {
  if (status != NoMemory()) delete status;
}

// ---- Functions that are not there ----------------------------------------------------------

template <size_t kSlot>
OrtStatus* Missing() {
  return NewStatus(kNotImplemented, absl::StrCat(kSlots[kSlot], " is not implemented by Sardonyx"));
}
void Nothing() {}
const void* Null() { return nullptr; }

/// Functions that return no status: those that return nothing, and those that return 0 or null.
constexpr absl::string_view kVoid[] = {
    "CreateKeyValuePairs", "AddKeyValuePair",         "GetKeyValuePairs",
    "RemoveKeyValuePair",  "RunOptionsSetSyncStream",
};
constexpr absl::string_view kNull[] = {
    "GetTrainingApi",
    "GetModelEditorApi",
    "GetCompileApi",
    "GetEpApi",
    "GetInteropApi",
    "GetModelPackageApi",
    "GetExperimentalFunction",
    "GetKeyValue",
    "GetRunConfigEntry",
    "HardwareDevice_Type",
    "HardwareDevice_VendorId",
    "HardwareDevice_Vendor",
    "HardwareDevice_DeviceId",
    "HardwareDevice_Metadata",
    "EpDevice_EpName",
    "EpDevice_EpVendor",
    "EpDevice_EpMetadata",
    "EpDevice_EpOptions",
    "EpDevice_Device",
    "EpDevice_MemoryInfo",
    "MemoryInfoGetDeviceMemType",
    "MemoryInfoGetVendorId",
    "ExternalInitializerInfo_GetFilePath",
    "ExternalInitializerInfo_GetFileOffset",
    "ExternalInitializerInfo_GetByteSize",
    "SyncStream_GetHandle",
};

template <size_t N>
constexpr bool IsAmong(absl::string_view name, const absl::string_view (&list)[N]) {
  for (absl::string_view one : list) {
    if (one == name) return true;
  }
  return false;
}

template <size_t... kSlot>
void AddMissing(Table& table, std::index_sequence<kSlot...>) {
  (table.Set(kSlot, Missing<kSlot>), ...);
  for (size_t i = 0; i < kSlotCount; ++i) {
    if (IsAmong(kSlots[i], kNull)) table.Set(i, Null);
    if (IsAmong(kSlots[i], kVoid) || kSlots[i].substr(0, 7) == "Release") table.Set(i, Nothing);
  }
}

const Table& TheTable() {
  static const Table* const table = [] {
    auto* made = new Table;
    AddMissing(*made, std::make_index_sequence<kSlotCount>());
    AddBaseFunctions(*made);
    AddEnvFunctions(*made);
    AddMemoryFunctions(*made);
    AddCustomOpFunctions(*made);
    AddKernelInfoFunctions(*made);
    AddKernelContextFunctions(*made);
    AddInferContextFunctions(*made);
    AddOptionFunctions(*made);
    AddSessionFunctions(*made);
    AddRunFunctions(*made);
    AddBindingFunctions(*made);
    AddValueFunctions(*made);
    AddTypeFunctions(*made);
    return made;
  }();
  return *table;
}

// ---- Providers -----------------------------------------------------------------------------

OrtStatus* Accept() { return nullptr; }  // what has no effect here

OrtStatus* GetAvailableProviders(char*** out, int* count) {
  return Guarded(
      [&]() -> Status {
        *out = static_cast<char**>(std::malloc(sizeof(char*)));
        if (*out == nullptr) return LimitExceeded("out of memory");
        (*out)[0] = strdup("CPUExecutionProvider");
        *count = 1;
        return absl::OkStatus();
      },
      out, count);
}
OrtStatus* ReleaseAvailableProviders(char** names, int count) {
  for (int i = 0; names != nullptr && i < count; ++i) std::free(names[i]);
  std::free(names);
  return nullptr;
}

}  // namespace

OrtStatus* NewStatus(int code, absl::string_view message) {
  try {
    return new OrtStatus{code, std::string(message.empty() ? "an error without words" : message)};
  } catch (const std::bad_alloc&) {
    return NoMemory();
  }
}

OrtStatus* ToOrt(const Status& status) {
  return status.ok() ? nullptr : NewStatus(CodeOf(status), status.message());
}

Status FromOrt(OrtStatus* status) {
  if (status == nullptr) return absl::OkStatus();
  const std::unique_ptr<OrtStatus, void (*)(OrtStatus*)> owned(status, ReleaseStatus);
  switch (status->code) {
    case kInvalidArgument:
    case kInvalidGraph:
      return absl::InvalidArgumentError(status->message);
    case kNotImplemented:
      return absl::UnimplementedError(status->message);
    default:
      return absl::InternalError(status->message);
  }
}

const void* TheApi() { return TheTable().slots(); }

void AddBaseFunctions(Table& table) {
  table.Set(
      SlotOf("CreateStatus"), +[](int code, const char* message) {
        return NewStatus(code, message == nullptr ? "" : message);
      });
  table.Set(
      SlotOf("GetErrorCode"), +[](const OrtStatus* status) {
        return status == nullptr ? static_cast<int>(kOk) : status->code;
      });
  table.Set(
      SlotOf("GetErrorMessage"),
      +[](const OrtStatus* status) { return status == nullptr ? "" : status->message.c_str(); });
  table.Set(SlotOf("ReleaseStatus"), ReleaseStatus);
  for (const size_t slot : {SlotOf("EnableTelemetryEvents"), SlotOf("DisableTelemetryEvents"),
                            SlotOf("SetLanguageProjection")}) {
    table.Set(slot, Accept);
  }
  table.Set(SlotOf("GetAvailableProviders"), GetAvailableProviders);
  table.Set(SlotOf("ReleaseAvailableProviders"), ReleaseAvailableProviders);
  table.Set(
      SlotOf("GetBuildInfoString"), +[]() -> const char* { return "Sardonyx " SARDONYX_VERSION; });
}

}  // namespace sardonyx::ort

const OrtApiBase* OrtGetApiBase() {
  static const OrtApiBase base = {.GetApi = [](uint32_t version) -> const void* {
                                    const bool known =
                                        version >= 1 && version <= sardonyx::ort::kVersion;
                                    return known ? sardonyx::ort::TheApi() : nullptr;
                                  },
                                  .GetVersionString = [] { return sardonyx::ort::kVersionString; }};
  return &base;
}

OrtStatus* OrtSessionOptionsAppendExecutionProvider_CPU(OrtSessionOptions*, int) {
  return nullptr;  // it is the only one
}
