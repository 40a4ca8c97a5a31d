// The table itself, statuses, environments, memory, providers.
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

// ---- Environments and providers ------------------------------------------------------------

OrtStatus* CreateEnv(int log_level, const char*, OrtEnv** out) {
  return Guarded(
      [&] {
        *out = new OrtEnv{log_level};
        return absl::OkStatus();
      },
      out);
}
OrtStatus* CreateEnvWithCustomLogger(OrtLoggingFunction, void*, int log_level, const char* log_id,
                                     OrtEnv** out) {
  return CreateEnv(log_level, log_id, out);
}
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

// ---- Memory --------------------------------------------------------------------------------

void* Allocate(OrtAllocator*, size_t size) {
  return std::aligned_alloc(kAlignment, (size + kAlignment) / kAlignment * kAlignment);
}
void* AllocateOnStream(OrtAllocator* self, size_t size, void*) { return Allocate(self, size); }
void Free(OrtAllocator*, void* memory) { std::free(memory); }
const OrtMemoryInfo* InfoOf(const OrtAllocator*) { return CpuMemory(); }
OrtStatus* NoStats(const OrtAllocator*, void**) {
  return NewStatus(kNotImplemented, "the allocator counts nothing");
}

OrtStatus* CreateMemoryInfo(const char* name, int allocator_type, int id, int mem_type,
                            OrtMemoryInfo** out) {
  return Guarded(
      [&] {
        *out = new OrtMemoryInfo{name, allocator_type, id, mem_type};
        return absl::OkStatus();
      },
      name, out);
}
OrtStatus* CreateCpuMemoryInfo(int allocator_type, int mem_type, OrtMemoryInfo** out) {
  return CreateMemoryInfo("Cpu", allocator_type, 0, mem_type, out);
}
OrtStatus* CompareMemoryInfo(const OrtMemoryInfo* a, const OrtMemoryInfo* b, int* out) {
  return Guarded(
      [&] {
        *out = *a == *b ? 0 : -1;
        return absl::OkStatus();
      },
      a, b, out);
}
template <auto kMember, typename Out>
OrtStatus* GetMember(const OrtMemoryInfo* info, Out* out) {
  return Guarded(
      [&] {
        if constexpr (std::is_same_v<Out, const char*>) {
          *out = (info->*kMember).c_str();
        } else {
          *out = info->*kMember;
        }
        return absl::OkStatus();
      },
      info, out);
}

OrtStatus* AllocatorAlloc(OrtAllocator* allocator, size_t size, void** out) {
  return Guarded(
      [&]() -> Status {
        *out = allocator->Alloc(allocator, size);
        return *out != nullptr ? absl::OkStatus() : LimitExceeded("out of memory");
      },
      allocator, out);
}
OrtStatus* AllocatorFree(OrtAllocator* allocator, void* memory) {
  return Guarded(
      [&] {
        allocator->Free(allocator, memory);
        return absl::OkStatus();
      },
      allocator);
}
OrtStatus* AllocatorGetInfo(const OrtAllocator* allocator, const OrtMemoryInfo** out) {
  return Guarded(
      [&] {
        *out = allocator->Info(allocator);
        return absl::OkStatus();
      },
      allocator, out);
}
OrtStatus* CreateAllocator(const OrtSession* session, const OrtMemoryInfo* info,
                           OrtAllocator** out) {
  return Guarded(
      [&]() -> Status {
        SX_RETURN_IF_ERROR(FindSession(session).status());
        SX_RETURN_IF_ERROR(CheckIsCpu(*info));
        *out = DefaultAllocator();
        return absl::OkStatus();
      },
      info, out);
}

}  // namespace

OrtStatus* NewStatus(int code, absl::string_view message) {
  try {
    return new OrtStatus{code, std::string(message.empty() ? "an error without words" : message)};
  } catch (const std::bad_alloc&) {
    static OrtStatus* const no_memory = new OrtStatus{kFail, "out of memory"};
    return no_memory;  // never released: memory that is that short will not be missed
  }
}

OrtStatus* ToOrt(const Status& status) {
  return status.ok() ? nullptr : NewStatus(CodeOf(status), status.message());
}

OrtAllocator* DefaultAllocator() {
  static OrtAllocator allocator = {kVersion, Allocate,        Free, InfoOf, Allocate,
                                   NoStats,  AllocateOnStream};
  return &allocator;
}

Status CheckIsCpu(const OrtMemoryInfo& info) {
  if (info.name == "Cpu") return absl::OkStatus();
  return InvalidArgument("there is no memory '", info.name, "', only Cpu");
}

const OrtMemoryInfo* CpuMemory() {
  static const OrtMemoryInfo* const info = new OrtMemoryInfo{"Cpu", 0, 0, 0};
  return info;
}

StatusOr<char*> CopyText(OrtAllocator* allocator, absl::string_view text) {
  auto* copy = static_cast<char*>(allocator->Alloc(allocator, text.size() + 1));
  if (copy == nullptr) return LimitExceeded("the allocator gave no memory");
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return copy;
}

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
  table.Set(
      SlotOf("ReleaseStatus"), +[](OrtStatus* status) { delete status; });
  table.Set(SlotOf("CreateEnv"), CreateEnv);
  table.Set(SlotOf("CreateEnvWithCustomLogger"), CreateEnvWithCustomLogger);
  table.Set(
      SlotOf("ReleaseEnv"), +[](OrtEnv* env) { delete env; });
  for (const size_t slot :
       {SlotOf("EnableTelemetryEvents"), SlotOf("DisableTelemetryEvents"),
        SlotOf("SetLanguageProjection"), SlotOf("UpdateEnvWithCustomLogLevel")}) {
    table.Set(slot, Accept);
  }
  table.Set(SlotOf("GetAvailableProviders"), GetAvailableProviders);
  table.Set(SlotOf("ReleaseAvailableProviders"), ReleaseAvailableProviders);
  table.Set(
      SlotOf("GetBuildInfoString"), +[]() -> const char* { return "Sardonyx " SARDONYX_VERSION; });
  table.Set(SlotOf("CreateMemoryInfo"), CreateMemoryInfo);
  table.Set(SlotOf("CreateCpuMemoryInfo"), CreateCpuMemoryInfo);
  table.Set(
      SlotOf("ReleaseMemoryInfo"), +[](OrtMemoryInfo* info) { delete info; });
  table.Set(SlotOf("CompareMemoryInfo"), CompareMemoryInfo);
  table.Set(SlotOf("MemoryInfoGetName"), GetMember<&OrtMemoryInfo::name, const char*>);
  table.Set(SlotOf("MemoryInfoGetId"), GetMember<&OrtMemoryInfo::id, int>);
  table.Set(SlotOf("MemoryInfoGetMemType"), GetMember<&OrtMemoryInfo::mem_type, int>);
  table.Set(SlotOf("MemoryInfoGetType"), GetMember<&OrtMemoryInfo::allocator_type, int>);
  table.Set(
      SlotOf("MemoryInfoGetDeviceType"), +[](const OrtMemoryInfo*, int* out) {
        if (out != nullptr) *out = 0;  // the CPU
      });
  table.Set(
      SlotOf("GetAllocatorWithDefaultOptions"),
      +[](OrtAllocator** out) { return Give(out, DefaultAllocator()); });
  table.Set(SlotOf("CreateAllocator"), CreateAllocator);
  table.Set(SlotOf("ReleaseAllocator"), Nothing);
  table.Set(SlotOf("AllocatorAlloc"), AllocatorAlloc);
  table.Set(SlotOf("AllocatorFree"), AllocatorFree);
  table.Set(SlotOf("AllocatorGetInfo"), AllocatorGetInfo);
}

}  // namespace sardonyx::ort

const OrtApiBase* OrtGetApiBase() {
  static const OrtApiBase base = {.GetApi = [](uint32_t version) -> const void* {
                                    const bool known =
                                        version >= 1 && version <= sardonyx::ort::kVersion;
                                    return known ? sardonyx::ort::TheTable().slots() : nullptr;
                                  },
                                  .GetVersionString = [] { return sardonyx::ort::kVersionString; }};
  return &base;
}

OrtStatus* OrtSessionOptionsAppendExecutionProvider_CPU(OrtSessionOptions*, int) {
  return nullptr;  // it is the only one
}
