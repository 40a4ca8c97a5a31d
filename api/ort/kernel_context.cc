// What the code of an operator's kernel asks of a run.
#include <algorithm>
#include <climits>

#include "api/ort/custom_op.h"
#include "api/values.h"

namespace sardonyx::ort {
namespace {

template <auto kCount>
OrtStatus* CountOf(const OrtKernelContext* context, size_t* out) {
  return Guarded(
      [&] {
        *out = static_cast<size_t>((context->kernel.*kCount)());
        return absl::OkStatus();
      },
      context, out);
}

OrtStatus* Input(OrtKernelContext* context, size_t index, const OrtValue** out) {
  return Guarded(
      [&]() -> Status {
        const int i = static_cast<int>(std::min<size_t>(index, INT_MAX));
        if (i >= context->kernel.input_count()) return InvalidArgument("there is no input ", index);
        *out = nullptr;
        if (!context->kernel.has_input(i)) return absl::OkStatus();
        std::lock_guard lock(context->mutex);
        *out = &context->values.emplace_back(OrtValue{context->kernel.value(i)});
        return absl::OkStatus();
      },
      context, out);
}

OrtStatus* Output(OrtKernelContext* context, size_t index, const int64_t* dims, size_t rank,
                  OrtValue** out) {
  return Guarded(
      [&]() -> Status {
        const int i = static_cast<int>(std::min<size_t>(index, INT_MAX));
        if (i >= context->kernel.output_count()) {
          return InvalidArgument("there is no output ", index);
        }
        *out = nullptr;
        if (!context->kernel.has_output(i)) return absl::OkStatus();
        SX_ASSIGN_OR_RETURN(const Shape shape, ShapeOf(static_cast<int64_t>(rank), dims));
        const DataType type = context->info.outputs[index].element;
        if (type == DataType::kUndefined) {
          return InvalidArgument("the element type of output ", index, " is not known");
        }
        std::lock_guard lock(context->mutex);
        OrtValue*& made = context->outputs[index];
        if (made == nullptr || made->value.tensor().shape() != shape) {
          SX_ASSIGN_OR_RETURN(const Tensor* tensor, context->kernel.Allocate(i, type, shape));
          made = &context->values.emplace_back(OrtValue{*tensor});
        }
        *out = made;
        return absl::OkStatus();
      },
      context, out);
}

OrtStatus* NoStream(const OrtKernelContext* context, void** out) {
  return Guarded(
      [&] {
        *out = nullptr;
        return absl::OkStatus();
      },
      context, out);
}

OrtStatus* ContextLogger(const OrtKernelContext* context, const OrtLogger** out) {
  return Guarded(
      [&] {
        *out = context->info.logger.get();
        return absl::OkStatus();
      },
      context, out);
}

OrtStatus* ContextAllocator(const OrtKernelContext* context, const OrtMemoryInfo* info,
                            OrtAllocator** out) {
  return Guarded(
      [&]() -> Status {
        SX_RETURN_IF_ERROR(CheckIsCpu(*info));
        *out = DefaultAllocator();
        return absl::OkStatus();
      },
      context, info, out);
}

OrtStatus* Scratch(OrtKernelContext* context, const OrtMemoryInfo* info, size_t bytes, void** out) {
  return Guarded(
      [&]() -> Status {
        SX_RETURN_IF_ERROR(CheckIsCpu(*info));
        if (bytes > static_cast<size_t>(INT64_MAX / 2)) return LimitExceeded(bytes, " bytes");
        SX_ASSIGN_OR_RETURN(
            std::shared_ptr<std::byte> memory,
            AllocateBytes(static_cast<int64_t>(bytes), context->kernel.environment().budget));
        *out = memory.get();
        std::lock_guard lock(context->mutex);
        context->scratch.push_back(std::move(memory));
        return absl::OkStatus();
      },
      context, info, out);
}

/// Calls function(user, i) for each i below `total`, in at most `batches` pieces (0: any number).
OrtStatus* ForEach(const OrtKernelContext* context, void (*function)(void* user, size_t i),
                   size_t total, size_t batches, void* user) {
  return Guarded(
      [&]() -> Status {
        if (function == nullptr) return InvalidArgument("the function is null");
        const size_t pieces = batches == 0 ? total : std::min(batches, total);
        return context->kernel.ParallelTasks(static_cast<int64_t>(pieces), [&](int64_t piece) {
          const size_t p = static_cast<size_t>(piece), whole = total / pieces,
                       rest = total % pieces;
          const size_t begin = p * whole + std::min(p, rest);
          const size_t end = begin + whole + (p < rest ? 1 : 0);
          for (size_t i = begin; i < end; ++i) function(user, i);
        });
      },
      context);
}

}  // namespace

void AddKernelContextFunctions(Table& table) {
  table.Set(SlotOf("KernelContext_GetInputCount"), CountOf<&KernelContext::input_count>);
  table.Set(SlotOf("KernelContext_GetOutputCount"), CountOf<&KernelContext::output_count>);
  table.Set(SlotOf("KernelContext_GetInput"), Input);
  table.Set(SlotOf("KernelContext_GetOutput"), Output);
  table.Set(SlotOf("KernelContext_GetGPUComputeStream"), NoStream);
  table.Set(SlotOf("KernelContext_GetLogger"), ContextLogger);
  table.Set(SlotOf("KernelContext_GetAllocator"), ContextAllocator);
  table.Set(SlotOf("KernelContext_GetScratchBuffer"), Scratch);
  table.Set(SlotOf("KernelContext_ParallelFor"), ForEach);
}

}  // namespace sardonyx::ort
