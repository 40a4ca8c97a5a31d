#include "runtime/passes/strings.h"

#include <algorithm>

namespace sardonyx {
namespace {

bool HasStrings(const Tensor& tensor) { return tensor.type() == DataType::kString; }

/// A string within its own object (libstdc++ has room for 15 characters there) takes nothing more.
int64_t BytesBeyond(const std::string& string) {
  static const size_t kInside = std::string().capacity();
  return string.capacity() > kInside ? static_cast<int64_t>(string.capacity()) + 1 : 0;
}

int64_t Longest(const Tensor& tensor) {
  int64_t longest = 0;
  for (const std::string& string : tensor.span<std::string>()) {
    longest = std::max(longest, BytesBeyond(string));
  }
  return longest;
}

}  // namespace

int64_t StringBytes(const Tensor& tensor) {
  int64_t bytes = 0;
  if (!HasStrings(tensor)) return bytes;
  for (const std::string& string : tensor.span<std::string>()) bytes += BytesBeyond(string);
  return bytes;
}

Status CheckStrings(KernelContext& context) {
  int64_t elements = 0;
  for (int i = 0; i < context.output_count(); ++i) {
    if (context.has_placed_output(i) && HasStrings(context.output(i))) {
      elements += context.output(i).size();
    }
  }
  if (elements == 0) return absl::OkStatus();
  int64_t longest = 0;
  for (int i = 0; i < context.input_count(); ++i) {
    if (context.has_input(i) && context.value(i).is_tensor() && HasStrings(context.input(i))) {
      longest += Longest(context.input(i));
    }
  }
  const std::optional<int64_t> bytes = CheckedMul(elements, longest);
  const MemoryBudget* budget = context.environment().budget.get();
  if (budget != nullptr && (!bytes || *bytes > budget->limit() - budget->used())) {
    return LimitExceeded("its ", elements, " strings may have ", longest,
                         " bytes each, more than the memory limit of ", budget->limit(),
                         " bytes leaves");
  }
  return absl::OkStatus();
}

Status CountStrings(KernelContext& context) {
  for (int i = 0; i < context.output_count(); ++i) {
    if (!context.has_placed_output(i)) continue;
    Tensor& output = context.output(i);
    const int64_t bytes = StringBytes(output);
    if (bytes == 0) continue;
    SX_ASSIGN_OR_RETURN(auto reserved, ReserveBytes(bytes, context.environment().budget));
    auto owner = std::make_shared<std::pair<Tensor, std::shared_ptr<void>>>(output, reserved);
    output = Tensor::Borrow(output.type(), output.shape(), output.raw(), std::move(owner));
  }
  return absl::OkStatus();
}

}  // namespace sardonyx
