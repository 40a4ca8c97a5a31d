// Memory: what it is, and where applications get it.
#include <cstdlib>
#include <cstring>

#include "api/ort/objects.h"

namespace sardonyx::ort {
namespace {

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

void AddMemoryFunctions(Table& table) {
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
  table.Set(SlotOf("AllocatorAlloc"), AllocatorAlloc);
  table.Set(SlotOf("AllocatorFree"), AllocatorFree);
  table.Set(SlotOf("AllocatorGetInfo"), AllocatorGetInfo);
}

}  // namespace sardonyx::ort
