// ArrayFeatureExtractor and FeatureVectorizer: choosing features, and putting them side by side.
#include "ops/common/element_check.h"
#include "ops/common/element_size.h"
#include "ops/common/int_inputs.h"
#include "ops/ml/batch.h"
#include "ops/ml/defs.h"

namespace sardonyx {
namespace {

// ---- ArrayFeatureExtractor ----

Status InferExtractor(InferContext& context) {
  SX_RETURN_IF_ERROR(CheckIsTensor(context, 0));
  SX_RETURN_IF_ERROR(CheckElement(context.element(0),
                                  TypeList<float, double, int64_t, int32_t, std::string>{}, "X"));
  SX_RETURN_IF_ERROR(CommonElement(context, TypeList<int64_t>{}, {1}).status());
  const SymbolicShape* data = context.shape(0);
  const SymbolicShape* indices = context.shape(1);
  context.set_output(0, context.element(0), std::nullopt);
  if (data == nullptr) return absl::OkStatus();
  if (data->empty()) return InvalidArgument("X is a scalar, but must have features");
  SymbolicShape result = *data;
  result.back() = Dim();
  if (const auto known = indices == nullptr ? std::nullopt : ToShape(*indices)) {
    result.back() = known->Elements();
  }
  // The features of a single vector become a row.
  if (result.size() == 1) result.insert(result.begin(), Dim(1));
  SX_RETURN_IF_ERROR(CheckPlausible(context.element(0), result));
  context.set_output(0, context.element(0), std::move(result));
  return absl::OkStatus();
}

Status RunExtractor(KernelContext& context) {
  const Tensor& data = context.input(0);
  const absl::Span<const int64_t> indices = context.input(1).span<int64_t>();
  const int64_t width = data.dim(data.rank() - 1);
  for (int64_t index : indices) {
    if (index < 0 || index >= width) {
      return InvalidArgument("Y has the index ", index, ", but X has ", width, " features");
    }
  }
  Tensor& output = context.output(0);
  if (output.size() == 0) return absl::OkStatus();
  return DispatchSize(data.type(), [&]<typename T>() {
    const double cost = 2.0 * static_cast<double>(indices.size());
    const int64_t rows = data.shape().Elements(0, data.rank() - 1);
    return context.ParallelFor(rows, cost, [&](int64_t begin, int64_t end) {
      T* to = output.data<T>() + begin * static_cast<int64_t>(indices.size());
      for (int64_t row = begin; row < end; ++row) {
        for (int64_t index : indices) *to++ = data.data<T>()[row * width + index];
      }
    });
  });
}

// ---- FeatureVectorizer ----

struct VectorizerAttrs : Attrs {
  Ints widths;  // of the inputs as they stand in the output; empty: their own
};

StatusOr<std::shared_ptr<Attrs>> ParseVectorizer(ParseContext& context) {
  auto attrs = std::make_shared<VectorizerAttrs>();
  attrs->widths = context.IntList("inputdimensions");
  const size_t inputs = context.node().inputs.size();
  if (!attrs->widths.empty() && attrs->widths.size() != inputs) {
    return InvalidArgument("inputdimensions has ", attrs->widths.size(), " elements for ", inputs,
                           " inputs");
  }
  for (int64_t width : attrs->widths) {
    if (width < 0) return InvalidArgument("inputdimensions has ", width);
  }
  return attrs;
}

Status InferVectorizer(InferContext& context) {
  const auto& attrs = context.attrs<VectorizerAttrs>();
  Dim rows, width(0);
  for (int i = 0; i < context.input_count(); ++i) {
    if (!context.has_input(i)) return InvalidArgument("input ", i, " may not be left out");
    SX_ASSIGN_OR_RETURN(const auto batch, InferBatch(context, FeatureTypes{}, i));
    const Dim part = attrs.widths.empty() ? (batch ? batch->features : Dim()) : attrs.widths[i];
    const auto sum = width.known() && part.known() ? CheckedAdd(width.value, part.value)
                                                   : std::optional<int64_t>(-1);
    if (!sum) return LimitExceeded("the widths of the inputs sum up to more than 2^63");
    width = *sum < 0 ? Dim() : Dim(*sum);
    if (!batch) continue;
    SX_ASSIGN_OR_RETURN(rows, MergeDims(rows, batch->rows, "the number of rows"));
  }
  SymbolicShape result = {rows, width};
  SX_RETURN_IF_ERROR(CheckPlausible(DataType::kFloat, result));
  context.set_output(0, DataType::kFloat, std::move(result));
  return absl::OkStatus();
}

/// Copies a batch of features to the columns from `column` on, cut off or filled up with zeros.
template <typename T>
Status PutFeatures(const KernelContext& context, const Tensor& from, int64_t column, int64_t width,
                   Tensor& to) {
  const auto batch = BatchOf(from);
  const int64_t kept = std::min(width, batch.features);
  return context.ParallelFor(batch.rows, static_cast<double>(width) + 1,
                             [&](int64_t begin, int64_t end) {
                               for (int64_t row = begin; row < end; ++row) {
                                 const T* features = from.data<T>() + row * batch.features;
                                 float* place = to.data<float>() + row * to.dim(1) + column;
                                 for (int64_t i = 0; i < kept; ++i)
                                   place[i] = static_cast<float>(features[i]);
                                 std::fill(place + kept, place + width, 0.0f);
                               }
                             });
}

Status RunVectorizer(KernelContext& context) {
  const auto& attrs = context.attrs<VectorizerAttrs>();
  Tensor& output = context.output(0);
  if (output.size() == 0) return absl::OkStatus();
  int64_t column = 0;
  for (int i = 0; i < context.input_count(); ++i) {
    const Tensor& part = context.input(i);
    const int64_t width = attrs.widths.empty() ? BatchOf(part).features : attrs.widths[i];
    SX_RETURN_IF_ERROR(Dispatch(part.type(), FeatureTypes{}, [&]<typename T>() {
      return PutFeatures<T>(context, part, column, width, output);
    }));
    column += width;
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<OpDef> FeatureOps() {
  return {{.domain = kMlDomain,
           .name = "ArrayFeatureExtractor",
           .versions = {1},
           .min_inputs = 2,
           .max_inputs = 2,
           .infer = InferExtractor,
           .kernels = {SimpleKernel<RunExtractor>("arrayfeatureextractor.reference")}},
          {.domain = kMlDomain,
           .name = "FeatureVectorizer",
           .versions = {1},
           .min_inputs = 1,
           .max_inputs = kVariadic,
           .parse = ParseVectorizer,
           .infer = InferVectorizer,
           .kernels = {SimpleKernel<RunVectorizer>("featurevectorizer.reference")}}};
}

}  // namespace sardonyx
