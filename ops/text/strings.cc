// StringConcat and StringSplit.
#include <algorithm>

#include "ops/common/int_inputs.h"
#include "ops/text/defs.h"

namespace sardonyx {
namespace {

// ---- StringConcat -------------------------------------------------------------------------

Status InferConcat(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckStrings(context, 0));
  SX_RETURN_IF_ERROR(CheckStrings(context, 1));
  SX_ASSIGN_OR_RETURN(std::optional<SymbolicShape> shape,
                      BroadcastSymbolic(context.shape(0), context.shape(1)));
  if (shape) SX_RETURN_IF_ERROR(CheckPlausible(DataType::kString, *shape));
  context.set_output(0, DataType::kString, std::move(shape));
  return absl::OkStatus();
}

/// Element of a broadcast input that output element `position` shows.
int64_t BroadcastIndex(const Shape& output, const Shape& input, int64_t position) {
  int64_t index = 0, step = 1;
  for (int i = input.rank() - 1, o = output.rank() - 1; i >= 0; --i, --o) {
    if (input[i] != 1) index += position % output[o] * step;
    position /= output[o];
    step *= input[i];
  }
  return index;
}

Status RunConcat(KernelContext& context) {
  const Tensor& x = context.input(0);
  const Tensor& y = context.input(1);
  Tensor& output = context.output(0);
  return context.ParallelFor(output.size(), 60, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      output.data<std::string>()[i] =
          absl::StrCat(x.data<std::string>()[BroadcastIndex(output.shape(), x.shape(), i)],
                       y.data<std::string>()[BroadcastIndex(output.shape(), y.shape(), i)]);
    }
  });
}

// ---- StringSplit --------------------------------------------------------------------------

struct SplitAttrs : Attrs {
  std::string delimiter;  // empty: runs of white space
  int64_t most = -1;      // splits; negative: any number
};

StatusOr<std::shared_ptr<Attrs>> ParseSplit(ParseContext& context) {
  auto attrs = std::make_shared<SplitAttrs>();
  attrs->delimiter = context.String("delimiter", "");
  attrs->most = context.Int("maxsplit", -1);
  return attrs;
}

Status InferSplit(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckStrings(context, 0));
  const SymbolicShape* data = context.shape(0);
  std::optional<SymbolicShape> parts, counts;
  if (data != nullptr) {
    counts = parts = *data;
    parts->push_back(Dim());
  }
  context.set_output(0, DataType::kString, std::move(parts));
  context.set_output(1, DataType::kInt64, std::move(counts));
  return absl::OkStatus();
}

constexpr absl::string_view kSpace = " \t\n\v\f\r";

/// Calls part(text) for each part of `text`, in order; returns how many there are.
template <typename Part>
int64_t Split(absl::string_view text, const SplitAttrs& attrs, Part&& part) {
  const bool by_space = attrs.delimiter.empty();
  const size_t width = by_space ? 1 : attrs.delimiter.size();
  int64_t count = 0;
  for (;; ++count) {
    if (by_space) {
      const size_t first = text.find_first_not_of(kSpace);
      if (first == absl::string_view::npos) return count;
      text.remove_prefix(first);
    }
    size_t end = absl::string_view::npos;
    if (attrs.most < 0 || count < attrs.most) {
      end = by_space ? text.find_first_of(kSpace) : text.find(attrs.delimiter);
    }
    if (end == absl::string_view::npos) {
      part(text);
      return count + 1;
    }
    part(text.substr(0, end));
    text.remove_prefix(end + width);
  }
}

Status RunSplit(KernelContext& context) {
  const auto& attrs = context.attrs<SplitAttrs>();
  const Tensor& data = context.input(0);
  const std::string* from = data.data<std::string>();
  SX_ASSIGN_OR_RETURN(Tensor counts, context.Temporary(DataType::kInt64, data.shape()));
  SX_RETURN_IF_ERROR(context.ParallelFor(data.size(), 100, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      counts.data<int64_t>()[i] = Split(from[i], attrs, [](absl::string_view) {});
    }
  }));
  int64_t most = 0;
  for (int64_t count : counts.span<int64_t>()) most = std::max(most, count);
  if (context.has_output(0)) {
    Shape shape = data.shape();
    shape.push_back(most);
    SX_ASSIGN_OR_RETURN(Tensor * parts, context.Allocate(0, DataType::kString, shape));
    const double cost = 100.0 + 30.0 * static_cast<double>(most);
    SX_RETURN_IF_ERROR(context.ParallelFor(data.size(), cost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        std::string* to = parts->data<std::string>() + i * most;
        const int64_t count = Split(from[i], attrs, [&](absl::string_view part) {
          (to++)->assign(part.data(), part.size());
        });
        for (int64_t k = count; k < most; ++k) (to++)->clear();
      }
    }));
  }
  if (context.has_output(1)) context.output(1).CopyFrom(counts);
  return absl::OkStatus();
}

}  // namespace

std::vector<OpDef> StringOps() {
  return {
      {.domain = "",
       .name = "StringConcat",
       .versions = {20},
       .min_inputs = 2,
       .max_inputs = 2,
       .infer = InferConcat,
       .kernels = {SimpleKernel<RunConcat>("strings.concat")}},
      {.domain = "",
       .name = "StringSplit",
       .versions = {20},
       .min_inputs = 1,
       .max_inputs = 1,
       .min_outputs = 2,
       .max_outputs = 2,
       .parse = ParseSplit,
       .infer = InferSplit,
       .kernels = {SimpleKernel<RunSplit>("strings.split")}},
  };
}

}  // namespace sardonyx
